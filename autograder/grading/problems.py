"""What went wrong in a run, in sentences for the student; one for each place."""

from __future__ import annotations

from nbformat import NotebookNode

from autograder.grading.notes import place_of_cell
from autograder.judging.judge import Verdict
from autograder.judging.verdict_text import end_of_test
from autograder.records.execution import ENDS, Execution, Limits, Problem, QuestionResult
from gradus.notebook.cells import budget_of, label_of


def problems_of(notebook: NotebookNode, execution: Execution, limits: Limits) -> list[str]:
    """Sentences on the problems of a run, and on the questions that did not come to their end."""
    said = [_sentence(problem, notebook, limits) for problem in execution.problems]
    cells = {problem.cell for problem in execution.problems}
    labels = {label_of(notebook.cells[index]) for index in cells if index is not None}
    for question in execution.questions:
        ending = _ending(question, limits)
        if ending and question.name not in labels:
            said.append(f"`{question.name}`: {ending[0].lower()}{ending[1:]}")
    return said


def _sentence(problem: Problem, notebook: NotebookNode, limits: Limits) -> str:
    place = "" if problem.cell is None else place_of_cell(notebook.cells[problem.cell])
    stopped = f"the notebook was stopped after {limits.visible_seconds:g} seconds"
    match problem.kind:
        case "stopped":
            return f"{place} was stopped after {limits.cell_seconds:g} seconds: is there an endless loop?"
        case "spent":
            budget = budget_of(notebook.cells[problem.cell or 0]) or 0.0
            return (
                f"{place} was stopped when its budget of {budget:g} processor seconds was spent; what it had done by "
                "then was judged, and the other cells were run"
            )
        case "output":
            return f"{place} printed or displayed too much: the rest of the output was left out"
        case "time":
            return stopped
        case "rerun":
            return f"{stopped}: it was run again without the cells of your own that take long"
        case "processes":
            return "the notebook started processes faster than they could be ended"
        case "slowed":
            return (
                "this computer was busy with other work when a limit passed, so this is no final result: have it "
                "graded again"
            )
    return f"{place} {ENDS[problem.kind]}; the others were run without it"


def _ending(question: QuestionResult, limits: Limits) -> str | None:
    if question.state == "done":
        return None
    nothing = Verdict(0.0, 0.0, 0, 0, ())
    ending = end_of_test(nothing, question, limits)
    return ending and ending.rstrip(".")
