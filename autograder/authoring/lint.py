"""Is a problem set fit to be released? Each finding names the notebook, the cell and the cure.

- A test uses only names that its student can know: from a prompt (in backticks), the stub, a cell that everyone runs
  (imports), Python itself, or the test.
- Nothing of a solution or of a hidden test is in the released notebook.
- The points that a prompt, or the table of the title, says are those that count. (`points_lint.py`)
- A budget that a text promises in bold, **600 processor seconds**, is a cell's, and no student can change that cell.
- Labels are unique; hidden tests stand only in test cells, each of which has points and a hidden part in plain Python.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from autograder.assignment.names import bound_names, called_wrongly, free_names, names_in_backticks, signatures
from autograder.assignment.regions import GUIDE, HIDDEN, SOLUTION, RegionError, regions, suspicious_markers, without
from autograder.authoring.points_lint import points_findings
from gradus.notebook.cells import budget_of, has_points, is_answer, is_locked, is_task, kind_of, label_of, place_of
from gradus.notebook.form import Notebook, source_of

_BUDGET = re.compile(r"\*\*([\d,]+) processor seconds\*\*")
MIN_SECRET = 16  # characters without white space: a shorter line, such as `return loss`, gives nothing away


def lint(source: Notebook, released: Notebook, name: str) -> list[str]:
    """All findings, in the order of the cells; empty when there is nothing to mend.

    Args:
        source: the instructor's notebook.
        released: the student notebook made from it.
        name: what to call the notebook in a finding.
    """
    return refusals(source, released, name) or said_wrongly(source, name)


def said_wrongly(source: Notebook, name: str) -> list[str]:
    """The findings with which a problem set can be released and marked: its students read another number of points."""
    return [f"{name}, {where}: {what}" for where, what in (*points_findings(source), *budget_findings(source))]


def budget_findings(source: Notebook) -> Iterator[tuple[str, str]]:
    """Cells with a budget that students could change, or whose text says another number of processor seconds."""
    said = [
        (place_of(index, cell), float(number.replace(",", "")))
        for index, cell in enumerate(source["cells"])
        if cell["cell_type"] == "markdown" and not is_answer(cell)
        for number in _BUDGET.findall(source_of(cell))
    ]
    budgets = []
    for index, cell in enumerate(source["cells"]):
        if "gradus_budget" not in cell["metadata"]:
            continue
        place, seconds = place_of(index, cell), budget_of(cell)
        if seconds is None:
            yield place, 'its budget cannot be read; write "gradus_budget": {"cpu_seconds": 600} into its metadata.'
            continue
        budgets.append(seconds)
        if not (label_of(cell) and is_locked(cell)) or kind_of(cell) != "code":
            yield place, "it has a budget, and students may change it; make it a read-only cell that is not graded."
        if seconds not in [number for _, number in said]:
            yield (
                place,
                f"its budget is {seconds:g} processor seconds, which no text says; write **{seconds:g} processor "
                "seconds** into the prompt.",
            )
    for place, number in said:
        if number not in budgets:
            yield place, f"it promises {number:g} processor seconds, and no cell has such a budget; let them agree."


def refusals(source: Notebook, released: Notebook, name: str) -> list[str]:
    """The findings with which a problem set is not released; arguments as for `lint`."""
    findings = [f"{name}, {where}: {what}" for where, what in _structure(source)]
    if findings:  # what follows relies on regions that are well formed
        return findings
    findings += [f"{name}, {where}: {what}" for where, what in _names(source)]
    findings += [f"{name}, {where}: {what}" for where, what in _leaks(source, released)]
    return findings


def _structure(source: Notebook) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for index, cell in enumerate(source["cells"]):
        place, metadata = place_of(index, cell), cell["metadata"].get("nbgrader", {})
        label = metadata.get("grade_id")
        if label in seen and label is not None:
            yield place, f"the grade_id {label!r} is {seen[label]}'s already; give each cell its own."
        seen.setdefault(label, place)
        try:
            yield from ((place, finding) for finding in _regions_of(cell, metadata))
        except RegionError as error:
            yield place, str(error)


def _regions_of(cell: Notebook, metadata: dict[str, Any]) -> Iterator[str]:
    text, kind = source_of(cell), kind_of(cell)
    hidden, solution, guide = regions(text, HIDDEN), regions(text, SOLUTION), regions(text, GUIDE)
    for line in suspicious_markers(text):
        yield f"the line {line!r} is nearly a marker of nbgrader but is none; write it exactly or nothing is hidden."
    if hidden and kind != "test":
        yield "hidden tests outside a test cell; make this an 'Autograder tests' cell or move them into one."
    if solution and kind not in ("answer", "written"):
        yield "a solution region outside an answer cell; make this a 'solution' cell."
    if guide and not is_task(cell):
        yield "a marking guide outside a task cell; make this a 'manually graded task'."
    if has_points(cell) and not metadata.get("points"):
        yield "it has no points; set them in the cell's nbgrader metadata."
    if kind != "test":
        return
    if not any(region.strip() for region in hidden):
        yield "it has no hidden test; add one between ### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS."
    for region in hidden:
        try:
            ast.parse(textwrap.dedent(region))
        except SyntaxError as error:
            yield f"its hidden test is not plain Python (line {error.lineno}: {error.msg}); use no magics, no shell."


def _names(source: Notebook) -> Iterator[tuple[str, str]]:
    """Names, and keyword arguments, that a test uses and its reader cannot know."""
    known: set[str] = set()
    stubs: dict[str, ast.arguments] = {}
    for index, cell in enumerate(source["cells"]):
        kind, text, place = kind_of(cell), source_of(cell), place_of(index, cell)
        try:
            if kind == "text":
                known |= names_in_backticks(without(text, GUIDE, ""))
            elif kind == "written":
                known |= names_in_backticks(without(text, SOLUTION, "")) if regions(text, SOLUTION) else set()
            elif kind == "code":
                known |= bound_names(text)
            elif kind == "answer":
                stub = without(text, SOLUTION, "raise NotImplementedError")
                known |= {name for name in bound_names(stub) if not name.startswith("_")}
                stubs |= signatures(stub)
            else:
                for name in sorted(free_names(text) - known):
                    yield (
                        place,
                        f"the test uses {name!r}, which no prompt before it names in backticks, no stub defines and no "
                        "cell imports; name it in the prompt, or define it in the test.",
                    )
                for finding in called_wrongly(text, stubs):
                    yield place, finding
        except SyntaxError as error:
            yield place, f"Python cannot read it (line {error.lineno}: {error.msg}); mend it."


def _leaks(source: Notebook, released: Notebook) -> Iterator[tuple[str, str]]:
    secret = secrets(source)
    for index, cell in enumerate(released["cells"]):
        for leak in leaks(source_of(cell), secret):
            yield place_of(index, cell), f"students would read {leak!r}, of a solution or hidden test; take it out."


def secrets(source: Notebook) -> list[str]:
    """The lines of a source notebook that no student may see before the solutions are given out.

    The lines of solutions and marking guides, and the asserts of hidden tests, as they stand. Short lines and comments
    are left out, for they are found everywhere.
    """
    found = []
    for cell in source["cells"]:
        text, kind = source_of(cell), kind_of(cell)
        for region in regions(text, HIDDEN):
            found += [line for line in region.splitlines() if line.strip().startswith(("assert ", "answer("))]
        whole = [text] if kind in ("answer", "written") else []
        for region in [*(regions(text, SOLUTION) or whole), *regions(text, GUIDE)]:
            found += region.splitlines()
    stripped = (line.strip() for line in found)
    return sorted({line for line in stripped if len(_packed(line)) >= MIN_SECRET and not line.startswith("#")})


def leaks(text: str, secret: list[str]) -> list[str]:
    """Those of the `secret` lines that occur in `text`, white space aside."""
    packed = _packed(text)
    return [line for line in secret if _packed(line) in packed]


def _packed(text: str) -> str:
    return re.sub(r"\s+", "", text)
