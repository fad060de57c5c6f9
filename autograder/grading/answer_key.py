"""The answer key: what the solution answers, run by the same engine with the same seed, once per grading run."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.assignment.jobs import Assignment, reference_job
from autograder.grading.content import reference_key
from autograder.grading.results import Results
from autograder.judging.judge import JudgeError, read_expected
from autograder.options import Options
from autograder.records.execution import CellResult, Execution, Job
from gradus.errors import GradusError
from gradus.notebook.cells import label_of, place_of

Engine = Callable[[Job], Execution]


@dataclass(frozen=True)
class AnswerKey:
    """The expected frames of each question, by name, and the seed that they belong to."""

    seed: int
    expected: Mapping[str, list[bytes]]


def answer_key(assignment: Assignment, options: Options, seed: int, results: Results, engine: Engine) -> AnswerKey:
    """The key for a seed: kept from before, or from a run of the solution.

    Raises:
        GradusError: the solution does not run, or answers nothing that could be compared; the message names the cell.
    """
    key = reference_key(assignment, options, seed)
    kept = _kept(results.find("reference", key))
    if kept is not None and set(kept) == {question.name for question in assignment.questions}:
        return AnswerKey(seed, kept)
    expected = run_reference(assignment, seed, engine)
    text = {name: [base64.b64encode(frame).decode() for frame in frames] for name, frames in expected.items()}
    results.keep("reference", key, {"seed": seed, "frames": text})
    return AnswerKey(seed, expected)


def _kept(found: dict[str, Any] | None) -> dict[str, list[bytes]] | None:
    """The frames of each question in a file; None when they are not there, or not to be used: they are asked again."""
    try:
        frames = {
            name: [base64.b64decode(frame, validate=True) for frame in frames]
            for name, frames in (found or {})["frames"].items()
        }
        for expected in frames.values():
            read_expected(expected)
    except (LookupError, TypeError, ValueError, AttributeError, JudgeError):
        return None
    return frames


def run_reference(assignment: Assignment, seed: int, engine: Engine) -> dict[str, list[bytes]]:
    """Run the solution notebook.

    Raises:
        GradusError: as above.
    """
    execution = engine(reference_job(assignment, seed))
    for result in execution.cells:
        if result.state != "ok":
            where = f"{assignment.source_path}, {place_of(result.index, assignment.source['cells'][result.index])}"
            raise GradusError(f"{where}: the solution does not run ({_why(result)}); mend it.")
    place = {label_of(cell): place_of(n, cell) for n, cell in enumerate(assignment.source["cells"])}
    for question in execution.questions:
        where = f"{assignment.source_path}, {place[question.name]}"
        if question.state != "done":
            raise GradusError(f"{where}: the solution's hidden test did not end ({question.state}); mend it.")
        try:
            read_expected(question.frames)
        except JudgeError as error:
            raise GradusError(f"{where}: {error}; mend the solution or its hidden test.") from None
    return {question.name: question.frames for question in execution.questions}


def _why(result: CellResult) -> str:
    errors = [output for output in result.outputs if output["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}"[:300] if errors else result.state
