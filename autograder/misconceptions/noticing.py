"""Which questions may notice what stands in an answer cell: those whose hidden tests come to use it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.problem_sets.answer_lint import hidden_source
from autograder.problem_sets.cells import kind_of
from autograder.problem_sets.names import bound_names, free_names, plain_python
from autograder.problem_sets.regions import HIDDEN, without
from gradus.frames import label_of
from gradus.notebooks import Notebook, source_of


def noticing(notebook: Notebook, question: str, source: str) -> dict[str, None]:
    """The test cells behind an answer cell, in order, that use what `source` would define there, by grade_id.

    A hidden test uses the names in it, and those in whatever defines these, anywhere in the notebook.

    Args:
        notebook: a source notebook.
        question: the grade_id of the answer cell.
        source: what would stand in it.
    """
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    used_by: dict[str, set[str]] = {}
    for cell in cells:
        for defined, used in _definitions(without(source_of(cell), HIDDEN, "")):
            used_by.setdefault(defined, set()).update(used)
    labels = [label_of(cell) for cell in cells]
    place = labels.index(question)
    changed = bound_names(source_of(cells[place])) | bound_names(source)
    found: dict[str, None] = {}
    for cell in cells[place + 1 :]:
        if kind_of(cell) == "test":
            hidden = hidden_source(cell)
            named = {node.id for node in ast.walk(ast.parse(hidden)) if isinstance(node, ast.Name)}
            if _reached(free_names(hidden) | (named & changed), used_by) & changed:
                found[label_of(cell)] = None
    return found


def _definitions(source: str) -> Iterator[tuple[str, set[str]]]:
    """Each name that a cell binds at its top level, with the names that the statement needs for it."""
    for statement in ast.parse(plain_python(source)).body:
        text = ast.unparse(statement)
        needed = free_names(text)
        for name in bound_names(text):
            yield name, needed


def _reached(names: set[str], used_by: dict[str, set[str]]) -> set[str]:
    reached, to_do = set(), list(names)
    while to_do:
        name = to_do.pop()
        if name not in reached:
            reached.add(name)
            to_do += used_by.get(name, ())
    return reached
