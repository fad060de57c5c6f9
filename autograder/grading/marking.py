"""From a run to a graded submission: what each question earned, and what its student reads."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.utils import compute_checksum

from autograder.answers.frames import OTHERWISE
from autograder.assignment.jobs import Assignment
from autograder.bounded.pieces import Pieces
from autograder.grading.answer_key import AnswerKey
from autograder.grading.blinding import blinding_in
from autograder.grading.content import versions
from autograder.grading.notes import most_important, notes_of, place_of_cell
from autograder.grading.outputs import show, show_mark
from autograder.grading.problems import problems_of
from autograder.grading.standing import cost_and_name, in_a_sentence
from autograder.grading.undefined import left_stubs, why_undefined
from autograder.judging.behaviour import behaviour
from autograder.judging.explain import in_words
from autograder.judging.judge import Verdict, judge
from autograder.judging.standing import standing_in
from autograder.judging.verdict_text import end_of_test, said_of_wrong, verdict_text
from autograder.misconceptions.fitting import fitting
from autograder.misconceptions.variants import Misconception
from autograder.options import Options
from autograder.records.execution import Execution, QuestionResult
from autograder.records.graded import Graded
from autograder.sanitise import as_code, sanitise
from autograder.submissions.record import with_note
from gradus.notebook.cells import is_by_hand, is_task, is_written, kind_of, label_of

Diagnose = Callable[[str, list[bytes]], Misconception | None]  # of a question's frames
MOST_BYTES = 40_000_000  # of a graded notebook; it is kept as a result, for formgrader and in the page, once in each
_LEFT_OUT = "[What this cell showed is left out: all cells together showed more than is kept of a notebook.]\n"
_NOT_SHOWN = "[What this cell showed took too long to be made safe, or failed to be, and is left out.]\n"


def mark(
    notebook: NotebookNode,
    execution: Execution | None,
    key: AnswerKey | None,
    assignment: Assignment,
    options: Options,
    content: str,
    seed: int,
    diagnose: Diagnose | None = None,
    pieces: Pieces | None = None,
) -> Graded:
    """The graded notebook, from the rebuilt submission and its run.

    Args:
        notebook: the submission in the released frame; changed in place.
        execution: its run; None when there was nothing to run, which earns nothing.
        key: what the solution answered; needed when there was a run.
        content: the hash of everything that the marks depend on.
        diagnose: finds the misconception in wrong answers.
        pieces: bounds each question and each cell; what is too much earns nothing, or is not shown.
    """
    pieces = pieces or Pieces()
    record = notebook.metadata["gradus"]
    verdicts: dict[str, dict[str, Any]] = {}
    misconceptions: dict[str, str] = {}
    behaviours: dict[str, dict[str, Any]] = {}
    marks: dict[str, float | None] = {}
    standing: dict[str, Any] = {}
    if execution is None:
        for cell in _tests(notebook):
            why = "Not graded: there was no notebook to run."
            cell["outputs"] = []
            show_mark(cell, why, 0.0)
            marks[label_of(cell)] = 0.0
            verdicts[label_of(cell)] = {"matched": 0, "asked": 0, "has_rule": False, "missing": [], "text": why}
        _clean(notebook, assignment, pieces)
    else:
        assert key is not None
        show(notebook, execution)
        _clean(notebook, assignment, pieces)
        answered = {question.name: question for question in execution.questions}
        cost = cost_and_name(notebook, execution)
        for cell in _tests(notebook):
            name = label_of(cell)
            asked, points = answered[name], assignment.points[name]
            if OTHERWISE in asked.frames:  # all was asked once, and how the second time ended costs nothing
                asked.state = "done"
            judged = functools.partial(_judged, key.expected[name], asked, points, diagnose)
            verdict, found = pieces.do(f"question {name}", judged, functools.partial(_lost, judged, asked))
            looked_for = functools.partial(_causes, name, verdict, assignment, notebook, execution)
            causes: list[str] = pieces.do(("causes", name), looked_for, list)
            text = verdict_text(verdict, asked, options.limits, _hint(found, notebook, assignment), causes)
            if found:
                misconceptions[name] = found.name
            behaves = functools.partial(_behaviour, verdict, key.expected[name], asked, options)
            if verdict.matched < verdict.asked and (did := pieces.do(("behaviour", name), behaves, dict[str, Any])):
                behaviours[name] = did
            stands = functools.partial(standing_in, key.expected[name], asked.frames)
            # Where nothing was trained within a budget there is nothing to compare.
            if "cpu_seconds" in cost and (its := pieces.do(("standing", name), stands, dict[str, Any])):
                standing |= {**cost, **its}
                text = "\n".join(filter(None, [text, in_a_sentence({**cost, **its})]))
            if options.show_hidden:
                test = next(question.test for question in assignment.questions if question.name == name)
                text += f"\n\nThe hidden tests:\n\n{test}"
            show_mark(cell, text, verdict.score)
            marks[name] = float(verdict.score)
            verdicts[name] = {
                "matched": verdict.matched,
                "asked": verdict.asked,
                "has_rule": verdict.has_rule,
                "missing": [*verdict.parts, *verdict.edges],
                "text": text,
            }
        record["problems"] += [*problems_of(notebook, execution, options.limits), *blinding_in(notebook)]
        if any(verdict["matched"] < verdict["asked"] for verdict in verdicts.values()):
            record["problems"] += most_important(note for _, note in notes_of(notebook, execution))
    record.update(fingerprint=content, executed=True, seed=seed, versions=versions(), misconceptions=misconceptions)
    notebook = from_dict(with_note(notebook))
    unanswered = {label_of(cell): _is_unanswered(cell) for cell in notebook.cells if is_by_hand(cell)}
    marks |= {
        label_of(cell): 0.0 if unanswered[label_of(cell)] else None for cell in notebook.cells if is_written(cell)
    }
    return Graded(
        key=content,
        seed=seed,
        versions=versions(),
        problems=list(record["problems"]),
        marks=marks,
        unanswered=unanswered,
        verdicts=verdicts,
        misconceptions=misconceptions,
        notebook=notebook,
        seconds=dict(execution.seconds) if execution else {},
        standing=standing,
        behaviours=behaviours,
    )


def _judged(
    expected: list[bytes], asked: QuestionResult, points: float, diagnose: Diagnose | None
) -> tuple[Verdict, Misconception | None]:
    verdict = judge(expected, asked.frames, points)
    if verdict.matched == verdict.asked:
        return verdict, None
    found = diagnose(asked.name, asked.frames) if diagnose is not None else None
    return in_words(verdict, expected, asked.frames), found


def _behaviour(verdict: Verdict, expected: list[bytes], asked: QuestionResult, options: Options) -> dict[str, Any]:
    """How a question was answered wrongly, so that the same can be found in others."""
    ended = end_of_test(verdict, asked, options.limits)
    says = [*said_of_wrong(verdict.answers), *([ended] if ended else [])]
    return behaviour(verdict, expected, asked.frames, says, asked.state).as_dict()


def _lost(
    judged: Callable[[], tuple[Verdict, Misconception | None]], asked: QuestionResult
) -> tuple[Verdict, Misconception | None]:
    """The verdict on a question whose answers cannot be compared: as if none had come."""
    asked.frames, asked.state = [], "not judged"
    return judged()[0], None


def _hint(found: Misconception | None, notebook: NotebookNode, assignment: Assignment) -> str | None:
    """What to say of a misconception to a student who wrote this notebook; None when nothing of it fits."""
    if found is None:
        return None
    code = [cell["source"] for cell in notebook.cells if cell["cell_type"] == "code"]
    return fitting(found.hint, *code, *(cell["source"] for cell in assignment.released.cells)) or None


def _clean(notebook: NotebookNode, assignment: Assignment, pieces: Pieces) -> None:
    """Take out of each cell what could act on a reader, and all of it where that cannot be done."""
    trusted = _texts(assignment.released)
    withheld: list[str] = []

    def without(cell: NotebookNode) -> NotebookNode:
        withheld.append(f"{place_of_cell(cell)} holds or shows what takes too long to be drawn: it was left out there")
        return _withheld(cell, trusted)

    notebook.cells = [
        pieces.do(("cell", index), functools.partial(_cleaned, cell, trusted), functools.partial(without, cell))
        for index, cell in enumerate(notebook.cells)
    ]
    notebook.metadata["gradus"]["problems"] += [*most_important(withheld), *_fit(notebook, trusted)]


def _fit(notebook: NotebookNode, trusted: set[str]) -> list[str]:
    """Leave out what cells show, the most first, until what is left of the notebook may be kept; and say so."""
    sizes = {index: _size(cell) for index, cell in enumerate(notebook.cells)}
    total = sum(sizes.values())
    if total <= MOST_BYTES:
        return []
    left = total
    for index in sorted(sizes, key=lambda index: -sizes[index]):
        if left > MOST_BYTES:
            notebook.cells[index] = _withheld(notebook.cells[index], trusted, _LEFT_OUT)
            left -= sizes[index] - _size(notebook.cells[index])
    return [
        f"what its cells hold and show came to {total / 1e6:.0f} MB, more than the {MOST_BYTES / 1e6:.0f} MB that are "
        "kept of a notebook: the largest outputs and pictures were left out; no mark depends on them"
    ]


def _size(cell: NotebookNode) -> int:
    """Bytes that a cell takes in a file, or a few more."""
    texts = [cell["source"], *(picture for kinds in cell.get("attachments", {}).values() for picture in kinds.values())]
    for output in cell.get("outputs", ()):
        texts += [output.get("text", ""), *output.get("data", {}).values(), *output.get("traceback", ())]
    return sum(len(text) * (1 if text.isascii() else 4) for text in texts)


def _cleaned(cell: NotebookNode, trusted: set[str]) -> NotebookNode:
    sanitise([cell], trusted)
    return cell


def _withheld(cell: NotebookNode, trusted: set[str], why: str = _NOT_SHOWN) -> NotebookNode:
    if cell["cell_type"] == "code":
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": why}]
        return cell
    cell.pop("attachments", None)
    if cell["source"] not in trusted:
        cell["source"] = as_code(cell["source"])
    return cell


def _causes(
    name: str, verdict: Verdict, assignment: Assignment, notebook: NotebookNode, execution: Execution
) -> list[str]:
    if verdict.matched == verdict.asked:
        return []
    results = {result.index: result for result in execution.cells}
    causes = []
    if verdict.stopped == "NameError":
        causes += why_undefined(name, assignment, notebook.cells, results)
    elif any("NameError" in answer.says for answer in verdict.answers):
        causes += why_undefined(name, assignment, notebook.cells, results, anywhere=True)
    if any("NotImplementedError" in answer.says for answer in verdict.answers):
        causes += left_stubs(name, assignment, notebook.cells)
    return causes


def _tests(notebook: NotebookNode) -> list[Any]:
    return [cell for cell in notebook.cells if kind_of(cell) == "test"]


def _texts(released: NotebookNode) -> set[str]:
    return {cell["source"] for cell in released.cells if cell["cell_type"] != "code"}


def _is_unanswered(cell: NotebookNode) -> bool:
    return not is_task(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
