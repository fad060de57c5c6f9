"""What a notebook answered, kept by what was run: after a change of one hidden test, that question alone is asked.

A run is kept under a hash of everything that its cells depend on, with the frames of each question beside what was
asked. A question that asks the same is not asked again, whatever its points and its tolerances are now. For one that
asks something else, the cells up to its own are run once more: a child that is held there has seen no later one.
"""

from __future__ import annotations

import ast
import base64
import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from autograder.grading.content import versions_and_data
from autograder.grading.results import Results
from autograder.options import Options
from autograder.records.execution import CellResult, Execution, Job, PassedOver, Problem, Question, QuestionResult

Ran = Literal["nothing", "a part", "everything"]

_COMPARED = {"rtol", "atol", "kind", "group", "edge", "parts"}  # of `answer`: read from the solution's frames alone


def run_key(job: Job, options: Options) -> str:
    """A hash of what decides how the cells of a job run: all but its questions."""
    settings = {
        "cells": [dataclasses.astuple(dataclasses.replace(cell, question=None)) for cell in job.cells],
        "seeds": [job.seed, job.ambient],
        "limits": dataclasses.asdict(options.limits),
        "sandbox": options.sandbox,
        **versions_and_data(),
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


@functools.lru_cache(maxsize=512)
def asks(question: Question) -> str:
    """A hash of what decides the answers to a question, given the state it is asked of.

    Comments do not, nor do the settings of `answer` that say how answers are compared and what they earn together.
    """
    return hashlib.sha256(
        json.dumps([_essence(question.test), question.drawn_as, question.prelude]).encode()
    ).hexdigest()


def _essence(test: str) -> str:
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return test
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "answer":
            node.keywords = [each for each in node.keywords if each.arg not in _COMPARED or not _is_literal(each.value)]
    return ast.dump(tree)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def run(
    job: Job,
    options: Options,
    results: Results,
    engine: Callable[[Job], Execution],
    only: Collection[str] | None = None,
) -> tuple[Execution, str, Ran]:
    """The run of a job, with as little of it run as gives the same; under which key it is kept; and how much was run.

    Args:
        only: questions whose answers are wanted; of the others there may be those to an earlier test, or none, and
            nothing is kept.

    What did not go smoothly, before or now (a limit, an end, a doubt), is run as a whole, for there one part of a run
    decides what becomes of another.
    """
    key = run_key(job, options)
    kept = read_run(results.find("runs", key))
    ran: Ran = "everything"
    execution: Execution | None = None
    if kept is not None and _is_smooth(kept[0]):
        missing = [question for question in job.questions if kept[1].get(question.name) != asks(question)]
        missing = [question for question in missing if only is None or question.name in only]
        ran = "a part" if missing else "nothing"
        execution = _asked(job, missing, kept[0], engine) if missing else _of_the_job(job, kept[0], {})
    if execution is None:
        execution, ran = engine(job), "everything"
    if not execution.doubts and ran != "nothing" and only is None:
        results.keep("runs", key, _written(execution, job))
    return execution, key, ran


def _asked(job: Job, missing: list[Question], kept: Execution, engine: Callable[[Job], Execution]) -> Execution | None:
    """The kept run with the answers to what was missing; None where asking for that alone did not go smoothly."""
    names = {question.name for question in missing}
    places = [number for number, cell in enumerate(job.cells) if cell.question in names]
    cells = tuple(
        cell if cell.question in names else dataclasses.replace(cell, question=None)
        for cell in job.cells[: max(places, default=-1) + 1]
    )
    new = engine(dataclasses.replace(job, cells=cells, questions=tuple(missing)))
    if new.doubts or not _is_smooth(new):
        return None
    return _of_the_job(job, kept, {question.name: question for question in new.questions}, new.seconds)


def _of_the_job(
    job: Job, kept: Execution, new: Mapping[str, QuestionResult], seconds: dict[str, float] | None = None
) -> Execution:
    before = {question.name: question for question in kept.questions}
    known = {**before, **new}
    questions = [known.get(question.name) or QuestionResult(question.name) for question in job.questions]
    return dataclasses.replace(kept, questions=questions, seconds=seconds or {})


def _is_smooth(execution: Execution) -> bool:
    return not execution.problems and all(question.state == "done" for question in execution.questions)


def _written(execution: Execution, job: Job) -> dict[str, Any]:
    asked = {question.name: asks(question) for question in job.questions}
    plain = dataclasses.asdict(execution) | {"doubts": [], "asked": asked}
    for question in plain["questions"]:
        question["frames"] = [base64.b64encode(frame).decode() for frame in question["frames"]]
    return plain


def read_run(kept: dict[str, Any] | None) -> tuple[Execution, dict[str, str]] | None:
    """The run in a file, and what was asked in it; None when it is not what we wrote: then all is run again."""
    try:
        found = dict(kept or {})
        asked: dict[str, str] = dict(found.pop("asked"))
        cells = [_cell(cell) for cell in found["cells"]]
        questions = [
            QuestionResult(
                **{**question, "frames": [base64.b64decode(frame, validate=True) for frame in question["frames"]]}
            )
            for question in found["questions"]
        ]
        problems = [Problem(**problem) for problem in found["problems"]]
        changed = {"cells": cells, "questions": questions, "problems": problems, "doubts": set()}
        return Execution(**{**found, **changed}), asked
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _cell(cell: dict[str, Any]) -> CellResult:
    passed = [PassedOver(**each) for each in cell["passed_over"]]
    broken = cell["broken"] and (cell["broken"][0], cell["broken"][1])
    return CellResult(**{**cell, "passed_over": passed, "broken": broken})
