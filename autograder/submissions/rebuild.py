"""Put a student's cells into the frame of the released notebook.

The student's cells stay in the student's order, added ones included. Cells that nbgrader knows get the label, type
and flags of the release again. Locked cells (tests, and what tests need) get the released text again; one that is
missing or out of place is put back. So a submission earns what its answers earn, whatever happened around them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.submissions.handed_out import NOT_KNOWN, HandedOut
from autograder.submissions.record import with_note
from gradus.frames import label_of


@dataclass(frozen=True)
class SubmittedCell:
    """All that is taken from one cell. `label` is nbgrader's grade_id, `cell_id` nbformat's id; "" for none."""

    kind: str
    source: str
    label: str = ""
    cell_id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes in this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_graded(cell: NotebookNode) -> bool:
    """Whether the cell carries points."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def rebuild(
    submitted: list[SubmittedCell], released: NotebookNode, name: str, handed_out: HandedOut = NOT_KNOWN
) -> NotebookNode:
    """The submission in the frame of `released`. `metadata["gradus"]` says what had to be mended.

    Args:
        name: of the problem set, for sentences.
        handed_out: what this student was given, which need not be today's release: nobody is told that a cell was
            changed, or is missing, which was mended or added since.
    """
    frame = {label_of(cell): cell for cell in released.cells if label_of(cell)}
    claims, copies = _claims(submitted, released)
    problems = [f"cell `{label}` is there more than once: the last one was graded" for label in copies]

    cells: list[NotebookNode] = []
    for index, cell in enumerate(submitted):
        if index in claims:
            known = frame[claims[index]]
            problems += _differences(cell, known, handed_out)
            cells.append(_framed(known, cell.source if is_answer(known) else known.source, cell))
        else:
            cells.append(_plain(cell, f"submitted-{index}"))

    problems += _put_back(cells, list(frame.values()), handed_out)
    if not claims:
        problems = [
            f"no cell of {name} was recognised (another notebook, or an editor removed the labels of the cells): "
            "the tests were put at its end and run"
        ]
    notebook = new_notebook(cells=cells, metadata=copy.deepcopy(released.metadata))
    notebook.metadata["gradus"] = {"readable": True, "problems": problems}
    return with_note(notebook)


def blank(released: NotebookNode, reason: str) -> NotebookNode:
    """The released notebook, to be given no marks because of `reason`."""
    notebook = copy.deepcopy(released)
    notebook.metadata["gradus"] = {"readable": False, "problems": [reason]}
    return with_note(notebook)


def _claims(submitted: list[SubmittedCell], released: NotebookNode) -> tuple[dict[int, str], list[str]]:
    """Which submitted cell (by index) is which labelled cell of the release, and the answers that occur twice.

    A cell is known by its label, or where an editor has removed that, by its id.
    """
    label_by_id = {cell.get("id"): label_of(cell) for cell in released.cells if label_of(cell)}
    labels = set(label_by_id.values())
    answers = {label_of(cell) for cell in released.cells if is_answer(cell)}
    index_of: dict[str, int] = {}
    copies = []
    for index, cell in enumerate(submitted):
        if cell.label in labels:
            if cell.label in index_of and cell.label in answers:
                copies.append(cell.label)
            index_of[cell.label] = index
    for index, cell in enumerate(submitted):
        label = label_by_id.get(cell.cell_id)
        if label and cell.label not in labels and label not in index_of:
            index_of[label] = index
    return {index: label for label, index in index_of.items()}, list(dict.fromkeys(copies))


def _differences(cell: SubmittedCell, known: NotebookNode, handed_out: HandedOut) -> list[str]:
    label = label_of(known)
    if cell.kind != known.cell_type:
        return [f"cell `{label}` had become a {cell.kind} cell: it was made a {known.cell_type} cell again"]
    if not is_answer(known) and known.cell_type == "code" and _lines(cell.source) != _lines(known.source):
        if handed_out.has(label, cell.source):
            return []
        return [f"{_sort(known)} `{label}` had been changed: the released one was run"]
    return []


def _lines(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]


def _framed(known: NotebookNode, source: str, cell: SubmittedCell | None = None) -> NotebookNode:
    framed = copy.deepcopy(known)
    framed.source = source
    if cell is not None and cell.attachments and framed.cell_type == "markdown":
        framed["attachments"] = cell.attachments
    return framed


def _plain(cell: SubmittedCell, cell_id: str) -> NotebookNode:
    plain = NotebookNode(cell_type=cell.kind, id=cell_id, metadata=NotebookNode(), source=cell.source)
    if cell.kind == "code":
        plain |= NotebookNode(outputs=[], execution_count=None)
    if cell.attachments and cell.kind == "markdown":
        plain["attachments"] = cell.attachments
    return plain


def _sort(known: NotebookNode) -> str:
    return "answer cell" if is_answer(known) else "test cell" if is_graded(known) else "cell"


def _put_back(cells: list[NotebookNode], frame: list[NotebookNode], handed_out: HandedOut) -> list[str]:
    """Insert into `cells` what is missing or out of place of `frame`, in the release's order; say what was done."""
    problems = []
    answers: list[str] = []  # the labels of the answers released before the cell at hand
    tools_last = sorted(enumerate(frame), key=lambda entry: not (is_graded(entry[1]) or is_answer(entry[1])))
    labels, place = [label_of(cell) for cell in frame], _places(cells)
    for number, known in tools_last:  # they go before the tests, once these have their places
        label = labels[number]
        if is_answer(known):
            if label not in place:
                problems += handed_out.on_missing(label, _sort(known), f"answer cell `{label}` was missing")
            if is_graded(known) and label not in place:  # shown empty to whoever marks it by hand
                cells.append(_framed(known, known.source))
                place = _places(cells)
            elif known.cell_type == "code":
                answers.append(label)
            continue
        later = labels[number + 1 :]
        if label not in place:
            restored = _framed(known, known.source)
            sort = _sort(known)
            problems += handed_out.on_missing(label, sort, f"{sort} `{label}` was missing: restored")
        elif _is_misplaced(known, place, answers, later):
            restored = cells.pop(place[label])
            moved = f"{_sort(known)} `{label}` stood in the wrong place: moved back"
            problems += handed_out.on_misplaced(labels, moved)
        else:
            continue
        cells.insert(_place_for(known, _places(cells), answers, later, len(cells)), restored)
        place = _places(cells)
    return problems


def _is_misplaced(known: NotebookNode, place: dict[str, int], answers: list[str], later: list[str]) -> bool:
    """A test before the answers it tests; what tests need, behind a test."""
    here = place[label_of(known)]
    if is_graded(known):
        return any(place.get(answer, -1) > here for answer in answers)
    return any(place.get(label, here) < here for label in later)


def _place_for(known: NotebookNode, place: dict[str, int], answers: list[str], later: list[str], end: int) -> int:
    """Where a cell goes that has no place.

    A test: behind the last of the answers released before it. When one of those is not found, what it asks for may be
    anywhere, so the test goes to the end. What tests need: before every cell released after it.
    """
    if not is_graded(known):
        return min((place[label] for label in later if label in place), default=end)
    return max((place[answer] for answer in answers), default=end - 1) + 1 if set(answers) <= set(place) else end


def _places(cells: list[NotebookNode]) -> dict[str, int]:
    return {label_of(cell): index for index, cell in enumerate(cells) if label_of(cell)}
