"""Put a student's cells into the frame of the released notebook.

The student's cells stay in the student's order, added ones included. Cells that nbgrader knows get the label, type
and flags of the release again. Locked cells (tests, and what tests need) get the released text again; one that is
missing or out of place is put back. So a submission earns what its answers earn, whatever happened around them.
"""

from __future__ import annotations

import copy

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.submissions.handed_out import NOT_KNOWN, HandedOut
from autograder.submissions.places import put_back
from autograder.submissions.recognise import Recognised, recognise
from autograder.submissions.record import with_note
from autograder.submissions.release_index import ReleaseIndex, SubmittedCell, index_of
from autograder.submissions.sources import bare, same_text
from autograder.submissions.written import FoundAnswer, find_written, is_answered
from gradus.notebook.cells import is_answer, is_graded, is_written, label_of


def rebuild(
    submitted: list[SubmittedCell],
    released: NotebookNode,
    name: str,
    notes: tuple[str, ...] = (),
    handed_out: HandedOut = NOT_KNOWN,
) -> NotebookNode:
    """The submission in the frame of `released`. `metadata["gradus"]` says what had to be mended.

    Args:
        name: of the problem set, for sentences.
        notes: sentences on the file, which come first.
        handed_out: what this student was given, which need not be today's release: nobody is told that a cell was
            changed, or is missing, which was mended or added since.
    """
    release = index_of(released)
    known = recognise(submitted, release)
    found = find_written(submitted, release, known, handed_out)
    problems = [*known.problems, *(answer.problem for answer in found.values())]
    cells, answers = _in_their_order(submitted, release, known, found, handed_out, problems)
    put_back_ones = put_back(cells, release, answers, handed_out)
    if known.by_text and known.claims:
        problems.insert(
            0,
            f"the cells of {name} had lost their labels, as another program than Jupyter leaves them: they were known "
            "by their text and by what they define",
        )
    elif not known.claims and not known.merged:
        problems = [
            f"no cell of {name} was recognised (another notebook, or an editor removed the labels of the cells): "
            "the tests were put at its end and run",
            *(answer.problem for answer in found.values()),
        ]
        put_back_ones = []
    notebook = new_notebook(cells=cells, metadata=copy.deepcopy(released.metadata))
    notebook.metadata["gradus"] = {"readable": True, "problems": [*notes, *problems, *put_back_ones]}
    return with_note(notebook)


def is_recognised(submitted: list[SubmittedCell], released: NotebookNode) -> bool:
    """Whether a notebook has a cell of the released one."""
    known = recognise(submitted, index_of(released))
    return bool(known.claims or known.merged)


def is_worked_on(submitted: list[SubmittedCell], released: NotebookNode, handed_out: HandedOut = NOT_KNOWN) -> bool:
    """Whether there is an answer in a notebook, of whatever worth; `handed_out` as for `rebuild`."""
    release = index_of(released)
    known = recognise(submitted, release)
    answered = {index: label for index, label in known.claims.items() if label in release.stubs}
    return bool(
        known.elsewhere
        or known.merged
        or any(bare(submitted[index].source) not in ("", release.stubs[label]) for index, label in answered.items())
        or any(is_answered(label, known, submitted, release, handed_out) for label in release.written)
        or find_written(submitted, release, known, handed_out)
    )


def blank(released: NotebookNode, problems: list[str], unread: bool = False) -> NotebookNode:
    """The released notebook, to be given no marks because of `problems`.

    Args:
        unread: there is something that a person may be able to read: written answers wait for that.
    """
    notebook = copy.deepcopy(released)
    for cell in notebook.cells if unread else ():
        if is_written(cell):
            mark = "# " if cell.cell_type == "code" else ""
            cell.source = f"{mark}The grader could not read what was handed in: look at the file itself."
    notebook.metadata["gradus"] = {"readable": False, "problems": problems}
    return with_note(notebook)


def _in_their_order(
    submitted: list[SubmittedCell],
    release: ReleaseIndex,
    known: Recognised,
    found: dict[str, FoundAnswer],
    handed_out: HandedOut,
    problems: list[str],
) -> tuple[list[NotebookNode], dict[str, NotebookNode]]:
    """The cells of the new notebook, and the cell of each answer that has another label; appends to `problems`."""
    frame, cells, holds = release.frame, list[NotebookNode](), dict[str, NotebookNode]()
    moved = {index for answer in found.values() for index in answer.moved}
    homeless: dict[int, list[FoundAnswer]] = {}
    for label, answer in found.items():
        if label not in known.claims.values():
            homeless.setdefault(answer.index, []).append(answer)
    elsewhere = {
        index: [label for label, at in known.elsewhere.items() if at == index] for index in known.elsewhere.values()
    }
    for index, cell in enumerate(submitted):
        for number, label in enumerate(known.stubs_before.get(index, ())):
            cells.append(_plain(SubmittedCell("code", frame[label].source), f"handed-out-{index}-{number}"))
        if index in known.merged:
            cells.append(_framed(frame[known.merged[index]], cell.source))
        cells += [_with_found(frame[answer.label], answer) for answer in homeless.get(index, ())]
        if index in known.set_aside or index in moved:
            continue
        if index not in known.claims:
            cells.append(_plain(cell, f"submitted-{index}"))
            continue
        label = known.claims[index]
        if label in found:
            cells.append(_with_found(frame[label], found[label]))
            continue
        problems += _differences(cell, frame[label], handed_out)
        cells.append(_framed(frame[label], _source(cell, frame[label], handed_out), cell))
        holds |= dict.fromkeys(elsewhere.get(index, ()), cells[-1])
    return cells, holds


def _source(cell: SubmittedCell, known: NotebookNode, handed_out: HandedOut) -> str:
    """What goes into a released cell: an answer is the student's, but for white space around what was handed out."""
    if is_written(known):
        untouched = same_text(cell.source, known.source) or handed_out.has(label_of(known), cell.source)
        return known.source if untouched else cell.source
    return cell.source if is_answer(known) else known.source


def _with_found(known: NotebookNode, answer: FoundAnswer) -> NotebookNode:
    cell = copy.deepcopy(known)
    cell.source = answer.source
    if answer.attachments and cell.cell_type == "markdown":
        cell["attachments"] = answer.attachments
    return cell


def _differences(cell: SubmittedCell, known: NotebookNode, handed_out: HandedOut) -> list[str]:
    label = label_of(known)
    if cell.kind != known.cell_type:
        return [f"cell `{label}` had become a {cell.kind} cell: it was made a {known.cell_type} cell again"]
    if not is_answer(known) and known.cell_type == "code" and not same_text(cell.source, known.source):
        if handed_out.has(label, cell.source):
            return []
        sort = "test cell" if is_graded(known) else "cell"
        return [f"{sort} `{label}` had been changed: the released one was run"]
    return []


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
