"""Why a question found nothing to ask: a cell that is no Python, one that failed too early, another name."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.assignment.jobs import Assignment
from autograder.assignment.names import bound_names
from autograder.grading.notes import place_of_cell
from autograder.records.execution import CellResult
from gradus.notebook.cells import kind_of, label_of

_STUB = "NotImplementedError"


def why_undefined(
    question: str, assignment: Assignment, cells: list[Any], results: Mapping[int, CellResult], anywhere: bool = False
) -> list[str]:
    """Sentences on the names that a question asks for and does not find; empty when all are there.

    Args:
        question: the label of a test cell.
        cells: of the submission, in the released frame.
        results: of the cells, by index.
        anywhere: look at what all questions up to this one ask for, which the student's functions may call.
    """
    before = next(index for index, cell in enumerate(cells) if label_of(cell) == question)
    defined = {index: _bound(cell) for index, cell in enumerate(cells) if cell["cell_type"] == "code"}
    sentences = []
    for name in _asked_up_to(question, assignment) if anywhere else _tested(question, assignment):
        homes = [index for index, names in defined.items() if name in names and kind_of(cells[index]) != "test"]
        if any(index < before and results.get(index, CellResult(index)).state == "ok" for index in homes):
            continue
        home = next((n for n, cell in enumerate(cells) if name in _names_of_stub(assignment, label_of(cell))), None)
        where = list(dict.fromkeys([*homes[:1], *([] if home is None else [home])]))
        said = next(filter(None, (_failed(name, cells[n], results.get(n)) for n in where)), None)
        if said is None and homes and min(homes) > before:
            said = f"`{name}` is defined only in {place_of_cell(cells[homes[0]])}, below this test"
        if said is None and not homes:
            others = set().union(*(names for index, names in defined.items() if index < before))
            others -= set().union(*assignment.stubs.values())
            said = _other_name(name, None if home is None else cells[home], sorted(others))
        if said is not None:
            sentences.append(f"{said}.")
    return list(dict.fromkeys(sentences))


def left_stubs(question: str, assignment: Assignment, cells: list[Any]) -> list[str]:
    """Sentences on `raise NotImplementedError` that still stands above or below a student's own code."""
    tested = set(_tested(question, assignment))
    labels = {label for label, names in assignment.stubs.items() if names & tested}
    return [
        f"In {place_of_cell(cell)}, {said}."
        for cell in cells
        if label_of(cell) in labels
        for said in _left_in(cell["source"])
    ]


def _left_in(source: str) -> Iterator[str]:
    try:
        functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for function in functions:
        body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
        for place, node in enumerate(body):
            if not (isinstance(node, ast.Raise) and node.exc is not None and _STUB in ast.dump(node.exc)):
                continue
            what = f"`raise {_STUB}` still stands in `{function.name}` (line {node.lineno})"
            if body[place + 1 :]:
                yield f"{what}, and the code below it is never reached; take that line out"
            elif body[:place]:
                yield f"{what}, below your code: what has not returned before ends there; take that line out"


def _failed(name: str, cell: Any, result: CellResult | None) -> str | None:
    """What became of the cell that should have defined a name, if that is why there is none."""
    if result is None or result.state == "ok":
        return None
    place = place_of_cell(cell)
    if result.broken is not None:
        return f"`{name}` is not there: {place} is no Python (line {result.broken[0]}: {result.broken[1]})"
    if result.state == "raised":
        errors = [output for output in result.outputs if output["output_type"] == "error"]
        why = f"{errors[-1]['ename']}: {errors[-1]['evalue']}"[:200] if errors else "an error"
        return f"`{name}` is not there: {place} ended before it was defined, with {' '.join(why.split())}"
    if result.state == "not run":
        return f"`{name}` is not there: {place} was not run"
    return f"`{name}` is not there: {place} was stopped before it was defined"


def _other_name(name: str, home: Any, others: list[str]) -> str:
    """The sentence for a name that no cell defines, with the one of `others` that was meant, if one looks so."""
    plain = {other.replace("_", "").lower(): other for other in others}
    near = difflib.get_close_matches(name.replace("_", "").lower(), plain, n=1, cutoff=0.75)
    said = f"Nothing in your notebook is called `{name}`"
    if near:
        return f"{said}; is it what you call `{plain[near[0]]}`? It is asked for by the name in the prompt"
    return said if home is None else f"{said}; it belongs into {place_of_cell(home)}, under that name"


def _bound(cell: Any) -> set[str]:
    try:
        return bound_names(cell["source"])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _tested(question: str, assignment: Assignment) -> tuple[str, ...]:
    return next((asked.tested for asked in assignment.asked if asked.name == question), ())


def _asked_up_to(question: str, assignment: Assignment) -> list[str]:
    names: list[str] = []
    for asked in assignment.asked:
        names += asked.tested
        if asked.name == question:
            break
    return list(dict.fromkeys(names))


def _names_of_stub(assignment: Assignment, label: str | None) -> set[str]:
    return assignment.stubs.get(label or "", set())
