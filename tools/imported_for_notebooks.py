"""Import pandas and matplotlib as a notebook would, in the process from which the kernels of chapters are forked.

Both look, when they are imported, whether they are in one: pandas asks `get_ipython`, and shows tables accordingly;
matplotlib reads from the environment, where a kernel writes it, where figures go. d2l is not imported: its import
ties figures to the shell that is there.
"""

from __future__ import annotations

import builtins
import os
from types import SimpleNamespace
from unittest.mock import patch

with (
    patch.object(builtins, "get_ipython", lambda: SimpleNamespace(kernel=True), create=True),
    patch.dict(os.environ, {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}),
):
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
