"""Import statements in the order that isort and ruff ask for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby


def sorted_imports(lines: Iterable[str]) -> str:
    """Import statements of one name each, in order: Python's own, others, then relative ones, an empty line between."""
    names: dict[str, set[str]] = {}
    whole = []
    for line in lines:
        if line.startswith("import "):
            whole.append(line)
        else:
            source, _, name = line.partition(" import ")
            names.setdefault(source, set()).add(name)
    whole += [f"{source} import {', '.join(sorted(found, key=as_isort))}" for source, found in names.items()]
    groups = groupby(sorted(whole, key=_place), key=lambda line: _place(line)[0])
    return "\n\n".join("\n".join(group) for _, group in groups)


def as_isort(name: str) -> tuple[bool, str]:
    """What names of one source are sorted by: CONSTANTS come first."""
    return not name.isupper(), name


def _place(line: str) -> tuple[int, bool, str]:
    """The group of an import statement, and its place there: `import` before `from`."""
    module = line.split()[1]
    standard = module.partition(".")[0] in sys.stdlib_module_names
    group = 0 if module == "__future__" else 3 if module.startswith(".") else 1 if standard else 2
    return group, line.startswith("from"), line
