"""Whatever editor, copying or reordering did to a notebook, it earns what its answers earn, in every problem set."""

from __future__ import annotations

import copy
import functools
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from editors import CHANGES, answers_of
from in_process import SEED, Streams, run_job

from autograder.assignment.jobs import Assignment, job_of, load_assignment, reference_job
from autograder.assignment.source import read_source, stand_in
from autograder.course import Course
from autograder.judging.judge import judge
from autograder.records.execution import Job
from autograder.submissions.intake import framed
from gradus.notebook.cells import budget_of, label_of
from gradus.notebook.form import Notebook, read, source_of

pytestmark = pytest.mark.slow("every editor, every problem set")

COURSE = Course(Path("course"))
PROBLEM_SETS = COURSE.problem_sets()
# Answers that stand behind the cell that trains: that notebook trains nothing, for its student either.
BEHIND_TRAINING = {
    "answers at the end",
    "answers at the end and no labels",
    "all answers in one cell",
    "all answers in a cell of their own",
    "first answer moved to the end",
}
ESSAY = "The loss has a slope everywhere, and the accuracy has none: ⟨ψ⟩ जानना."


@functools.cache
def assignment(name: str) -> Assignment:
    return load_assignment(COURSE, name)


@functools.cache
def expected(name: str) -> Streams:
    return run_job(reference_job(assignment(name), SEED))


@functools.cache
def answered_streams(job: Job) -> Streams:
    """What a job answers; most changes leave the code that runs as it was, which is run once then."""
    return run_job(job)


@functools.cache
def released(name: str) -> Notebook:
    return read(COURSE.released_notebook(name))


@functools.cache
def right(name: str) -> Notebook:
    """The student notebook with the solution's answers, and something written."""
    notebook, solved = copy.deepcopy(released(name)), {}
    for cell in assignment(name).source["cells"]:
        if label_of(cell):
            lines = source_of(cell).splitlines()
            solved[label_of(cell)] = "\n".join(line for line in lines if not line.strip().startswith("### "))
    answers = {label_of(cell) for cell in answers_of(notebook)}
    for cell in notebook["cells"]:
        if label_of(cell) in answers:
            cell["source"] = solved[label_of(cell)]
        elif is_essay(cell):
            cell["source"] = ESSAY
    return notebook


def is_essay(cell: Notebook) -> bool:
    known = cell["metadata"].get("nbgrader", {})
    return bool(known.get("grade") and known.get("solution"))


@functools.cache
def rebuilt(name: str, how: str, is_right: bool = True) -> Notebook:
    """What the grader makes of a notebook to which something was done: one with right answers, or an empty one."""
    changed = CHANGES[how](right(name) if is_right else released(name), released(name))
    return framed(json.dumps(changed).encode(), f"{name}.ipynb", assignment(name).released)


def earned(name: str, rebuilt: Notebook) -> dict[str, float]:
    """The marks of every automatically marked question."""
    received = answered_streams(_renumbered(_trained(job_of(rebuilt.cells, assignment(name), SEED), name)))
    points = assignment(name).points
    return {test: judge(expected(name)[test], received[test], points[test]).score for test in points}


def _trained(job: Job, name: str) -> Job:
    """The job with what the solution's own training left, instead of a minute of training in each form."""
    source = read_source(COURSE.source_notebook(name))
    kept = [stand_in(source, cell) for cell in source["cells"] if budget_of(cell) is not None]
    assert all(kept)
    sources = iter(kept)
    within = (replace(cell, source=next(sources), budget=None) if cell.budget else cell for cell in job.cells)
    return replace(job, cells=tuple(within))


def _renumbered(job: Job) -> Job:
    """The job with its code cells counted from 0, so that two with the same code are one."""
    return replace(job, cells=tuple(replace(cell, index=number) for number, cell in enumerate(job.cells)))


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_right_answers_earn_all_marks_whatever_was_done_to_the_notebook(name: str, how: str) -> None:
    marks, full = earned(name, rebuilt(name, how)), dict(assignment(name).points)
    if how in BEHIND_TRAINING and any(budget_of(cell) for cell in assignment(name).source["cells"]):
        del marks["test_score"], full["test_score"]
    assert marks == full


def essay_of(rebuilt: Notebook) -> str:
    """The written answer as the person who marks will see it."""
    nbformat.validate(rebuilt)
    (essay,) = [cell.source for cell in rebuilt.cells if is_essay(cell)]
    return essay


@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_what_was_written_waits_for_a_person_whatever_was_done_to_the_notebook(name: str) -> None:
    lost = [how for how in CHANGES if ESSAY not in essay_of(rebuilt(name, how))]
    assert lost == []


@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_where_nothing_was_written_nothing_is_made_up_whatever_was_done_to_the_notebook(name: str) -> None:
    made_up = {how: found for how in CHANGES if (found := essay_of(rebuilt(name, how, is_right=False)))}
    assert set(made_up.values()) == {"YOUR ANSWER HERE"}, made_up
