"""The grader: releases problem sets, grades submissions, records the marks."""

import sys

# jsonschema, which nbformat needs, would build a grammar of internationalised addresses on import: two thirds of the
# time that a command takes to start, for a check that notebooks do not use. It goes without when the package is absent.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
