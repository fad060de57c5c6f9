"""Which cells of a notebook need Python alone, and what the others need besides.

A cell needs what it imports, and what the cells need that bind the names it uses. A name counts as bound where it was
bound last, so that a cell is never said to run on what another one, which does not run, would have made of it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from gradus.names import bound_names, free_names

NOTEBOOK = "IPython"  # what a magic needs, and a name that only a notebook has


def needs_of(cells: Sequence[str]) -> list[set[str]]:
    """For each code cell, in order, the packages besides Python's own library that it cannot do without."""
    behind: dict[str, set[str]] = {}  # by its name, what a value needs
    found = []
    for source in cells:
        try:
            imported = dict(_imported(ast.parse(source)))
            needs = set().union(*imported.values(), *(behind.get(name, {NOTEBOOK}) for name in free_names(source)))
            bound = bound_names(source)
        except SyntaxError:
            imported, needs, bound = {}, {NOTEBOOK}, set()
        behind |= {name: imported.get(name) or needs for name in bound}
        found.append(needs)
    return found


def _imported(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Each name that is imported, with the package that it comes from; an empty set for Python's own library."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Import):
            for each in part.names:
                yield each.asname or each.name.partition(".")[0], _package(each.name)
        elif isinstance(part, ast.ImportFrom):
            for each in part.names:
                yield each.asname or each.name, _package(part.module or "")


def _package(module: str) -> set[str]:
    name = module.partition(".")[0]
    return set() if name in sys.stdlib_module_names else {name}
