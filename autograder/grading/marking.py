"""From a run to a graded submission: what each question earned, and what its student reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.utils import compute_checksum

from autograder.answers.frames import OTHERWISE
from autograder.assignment.jobs import Assignment
from autograder.grading.answer_key import AnswerKey
from autograder.grading.content import versions
from autograder.grading.notes import most_important, notes_of
from autograder.grading.outputs import show, show_mark
from autograder.grading.problems import problems_of
from autograder.grading.undefined import left_stubs, why_undefined
from autograder.judging.judge import Verdict, judge
from autograder.judging.verdict_text import verdict_text
from autograder.misconceptions.variants import Misconception
from autograder.options import Options
from autograder.records.execution import Execution
from autograder.records.graded import Graded
from autograder.sanitise import sanitise
from autograder.submissions.record import with_note
from gradus.notebook.cells import is_by_hand, is_task, is_written, kind_of, label_of

Diagnose = Callable[[str, list[bytes]], Misconception | None]  # of a question's frames


def mark(
    notebook: NotebookNode,
    execution: Execution | None,
    key: AnswerKey | None,
    assignment: Assignment,
    options: Options,
    content: str,
    seed: int,
    diagnose: Diagnose | None = None,
) -> Graded:
    """The graded notebook, from the rebuilt submission and its run.

    Args:
        notebook: the submission in the released frame; changed in place.
        execution: its run; None when there was nothing to run, which earns nothing.
        key: what the solution answered; needed when there was a run.
        content: the hash of everything that the marks depend on.
        diagnose: finds the misconception in wrong answers.
    """
    record = notebook.metadata["gradus"]
    verdicts: dict[str, dict[str, Any]] = {}
    misconceptions: dict[str, str] = {}
    marks: dict[str, float | None] = {}
    if execution is None:
        for cell in _tests(notebook):
            why = "Not graded: there was no notebook to run."
            cell["outputs"] = []
            show_mark(cell, why, 0.0)
            marks[label_of(cell)] = 0.0
            verdicts[label_of(cell)] = {"matched": 0, "asked": 0, "text": why}
    else:
        assert key is not None
        show(notebook, execution)
        for question in execution.questions:
            if OTHERWISE in question.frames:  # all was asked once, and how the second time ended costs nothing
                question.state = "done"
        record["problems"] += problems_of(notebook, execution, options.limits)
        answered = {question.name: question for question in execution.questions}
        for cell in _tests(notebook):
            name = label_of(cell)
            verdict = judge(key.expected[name], answered[name].frames, assignment.points[name])
            found = None
            if diagnose is not None and verdict.matched < verdict.asked:
                found = diagnose(name, answered[name].frames)
            causes = _causes(name, verdict, assignment, notebook, execution)
            text = verdict_text(verdict, answered[name], options.limits, found.hint if found else None, causes)
            if found:
                misconceptions[name] = found.name
            if options.show_hidden:
                test = next(question.test for question in assignment.questions if question.name == name)
                text += f"\n\nThe hidden tests:\n\n{test}"
            show_mark(cell, text, verdict.score)
            marks[name] = float(verdict.score)
            verdicts[name] = {"matched": verdict.matched, "asked": verdict.asked, "text": text}
        if any(verdict["matched"] < verdict["asked"] for verdict in verdicts.values()):
            record["problems"] += most_important(note for _, note in notes_of(notebook, execution))
    sanitise(notebook.cells, trusted=_texts(assignment.released))
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
    )


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
