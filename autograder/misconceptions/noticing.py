"""Which questions may notice what stands in an answer cell: those whose hidden tests come to use it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.assignment.asked import hidden_source
from autograder.assignment.names import bound_names, free_names, plain_python
from autograder.assignment.regions import HIDDEN, without
from gradus.notebook.cells import kind_of, label_of
from gradus.notebook.form import Notebook, source_of


class Noticing:
    """What the hidden tests of a source notebook use: the names in them, and those in whatever defines these."""

    def __init__(self, notebook: Notebook) -> None:
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        needed: dict[str, set[str]] = {}
        for cell in cells:
            for name, names in _definitions(without(source_of(cell), HIDDEN, "")):
                needed.setdefault(name, set()).update(names)
        self._order = [label_of(cell) for cell in cells]
        self._defined = {label_of(cell): bound_names(source_of(cell)) for cell in cells if kind_of(cell) == "answer"}
        self._used = {label_of(cell): _used(hidden_source(cell), needed) for cell in cells if kind_of(cell) == "test"}

    def tests(self, question: str, source: str) -> list[str]:
        """The test cells, by grade_id, that may notice `source` in the answer cell of `question`: none before it."""
        changed = self._defined[question] | bound_names(source)
        behind = self._order[self._order.index(question) :]
        return [test for test in behind if test in self._used and self._used[test] & changed]


def _definitions(source: str) -> Iterator[tuple[str, set[str]]]:
    """Each name that a cell binds at its top level, with the names that the statement needs for it."""
    for statement in ast.parse(plain_python(source)).body:
        text = ast.unparse(statement)
        names = free_names(text)
        for name in bound_names(text):
            yield name, names


def _used(hidden: str, needed: dict[str, set[str]]) -> set[str]:
    named = {node.id for node in ast.walk(ast.parse(hidden)) if isinstance(node, ast.Name)}
    reached, to_do = set(), list(free_names(hidden))
    while to_do:
        name = to_do.pop()
        if name not in reached:
            reached.add(name)
            to_do += needed.get(name, ())
    return reached | named
