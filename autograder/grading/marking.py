"""From a run to a graded notebook: outputs in their places, a verdict and a mark in each test cell.

nbgrader takes a test cell's mark from its outputs. So each one ends with exactly one `execute_result`, the `repr` of a
float from 0 to the points, after display text that says how it came about; never an error or stderr.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task

from autograder.answers.frames import OTHERWISE
from autograder.assignment.jobs import Assignment
from autograder.grading.answer_key import AnswerKey
from autograder.grading.content import versions
from autograder.grading.notes import most_important, notes_on
from autograder.grading.problems import problems_of
from autograder.grading.undefined import left_stubs, why_undefined
from autograder.judging.judge import Verdict, judge
from autograder.judging.verdict_text import verdict_text
from autograder.misconceptions.variants import Misconception
from autograder.options import Options
from autograder.records.execution import CellResult, Execution
from autograder.records.graded import Graded
from autograder.sanitise import sanitise
from autograder.submissions.record import with_note
from gradus.notebook.frame import label_of

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
    if execution is None:
        for cell in _tests(notebook):
            why = "Not graded: there was no notebook to run."
            cell["outputs"] = _verdict_outputs(why, 0.0)
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
            cell["outputs"] = [_only_shown(output) for output in cell["outputs"]]
            cell["outputs"] += _verdict_outputs(text, verdict.score)
            verdicts[name] = {"matched": verdict.matched, "asked": verdict.asked, "text": text}
        if any(verdict["matched"] < verdict["asked"] for verdict in verdicts.values()):
            record["problems"] += most_important(note for _, note in notes_of(notebook, execution))
    sanitise(notebook.cells, trusted=_texts(assignment.released))
    record.update(fingerprint=content, executed=True, seed=seed, versions=versions(), misconceptions=misconceptions)
    notebook = from_dict(with_note(notebook))
    marks = {label_of(cell): _mark_of(cell) for cell in notebook.cells if is_grade(cell)}
    return Graded(
        key=content,
        seed=seed,
        versions=versions(),
        problems=list(record["problems"]),
        marks=marks,
        unanswered={
            label_of(cell): _is_unanswered(cell) for cell in notebook.cells if is_solution(cell) or is_task(cell)
        },
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


def notes_of(notebook: NotebookNode, execution: Execution) -> list[tuple[int, str]]:
    """What the grader has to say about single cells, by the index of the cell."""
    results = {result.index: result for result in execution.cells}
    return [
        (index, note)
        for index, cell in enumerate(notebook.cells)
        if index in results and (results[index].passed_over or results[index].broken)
        for note in notes_on(cell, results[index])
    ]


def show(notebook: NotebookNode, execution: Execution) -> None:
    """Put the outputs of a run into its notebook."""
    by_index = {result.index: result for result in execution.cells}
    for index, cell in enumerate(notebook.cells):
        if cell["cell_type"] != "code":
            continue
        result = by_index.get(index, CellResult(index))
        cell["outputs"] = list(result.outputs)
        cell["execution_count"] = result.execution_count
        if result.state == "not run":
            cell["outputs"].append(_error("NotRun", "this cell was not run: the time for the notebook was over"))
    for index, note in notes_of(notebook, execution):
        text = f"The grader: {note}.\n"
        notebook.cells[index]["outputs"].append({"output_type": "stream", "name": "stdout", "text": text})


def _tests(notebook: NotebookNode) -> list[Any]:
    return [
        cell
        for cell in notebook.cells
        if cell["cell_type"] == "code" and is_grade(cell) and not cell["metadata"]["nbgrader"].get("solution")
    ]


def _texts(released: NotebookNode) -> set[str]:
    return {cell["source"] for cell in released.cells if cell["cell_type"] != "code"}


def _verdict_outputs(text: str, score: float) -> list[dict[str, Any]]:
    return [
        {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}},
        {
            "output_type": "execute_result",
            "data": {"text/plain": repr(float(score))},
            "metadata": {},
            "execution_count": None,
        },
    ]


def _only_shown(output: dict[str, Any]) -> dict[str, Any]:
    """An output that nbgrader takes neither for a mark nor for a failure."""
    match output["output_type"]:
        case "stream":
            return {**output, "name": "stdout"}
        case "execute_result":
            return {"output_type": "display_data", "data": output["data"], "metadata": output["metadata"]}
        case "error":
            text = "\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
            return {"output_type": "stream", "name": "stdout", "text": text + "\n"}
        case _:
            return output


def _error(name: str, why: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": why, "traceback": [f"{name}: {why}"]}


def _mark_of(cell: NotebookNode) -> float | None:
    score, _ = determine_grade(cell)
    return None if score is None else float(score)


def _is_unanswered(cell: NotebookNode) -> bool:
    return not is_task(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
