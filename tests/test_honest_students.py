"""Forty right notebooks, each as another student would write and hand it in, lose no mark; nor with other seeds.

GRADUS_HONEST_SEEDS says with how many seeds each is graded, and GRADUS_THOROUGH that networks train in full.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from honest_students import Student, notebook_of, students

from autograder.assignment.jobs import Assignment, job_of, load_assignment
from autograder.course import Course
from autograder.engine.pool import Sandbox
from autograder.engine.sandbox import preload_for, unavailable
from autograder.grading.answer_key import AnswerKey, run_reference
from autograder.grading.marking import mark
from autograder.options import Options
from autograder.records.execution import Limits
from autograder.records.graded import Graded
from autograder.submissions.intake import framed
from gradus.notebook.cells import budget_of, label_of
from gradus.notebook.form import Notebook, read, source_of

pytestmark = [
    pytest.mark.slow("thirty notebooks in a sandbox"),
    pytest.mark.skipif(unavailable() is not None and not os.environ.get("CI"), reason=unavailable() or ""),
]
COURSE = Course(Path("course"))
SEEDS = [secrets.randbelow(2**53) for _ in range(int(os.environ.get("GRADUS_HONEST_SEEDS", "1")))]
STUDENTS = students()
THOROUGH = bool(os.environ.get("GRADUS_THOROUGH"))  # else nobody trains for a minute


@functools.cache
def assignment(name: str) -> Assignment:
    return load_assignment(COURSE, name)


@functools.cache
def handed_in(student: Student) -> Notebook:
    return notebook_of(student, read(COURSE.released_notebook(student.problem_set)))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sources = [source_of(cell) for student in STUDENTS for cell in handed_in(student)["cells"]]
    opened = Sandbox(Limits(), preload=tuple(preload_for(sources)))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def key_of(sandbox: Sandbox) -> functools._lru_cache_wrapper[AnswerKey]:
    return functools.cache(lambda name, seed: AnswerKey(seed, run_reference(assignment(name), seed, sandbox.run)))


def graded(student: Student, seed: int, sandbox: Sandbox, key: AnswerKey) -> Graded:
    asked = assignment(student.problem_set)
    data = json.dumps(handed_in(student), ensure_ascii=False).encode()
    notebook = framed(data, f"{student.problem_set}.ipynb", asked.released)
    if not THOROUGH:
        train_shortly(notebook)
    execution = sandbox.run(job_of(notebook.cells, asked, seed))
    return mark(notebook, execution, key, asked, Options(), "", seed)


def train_shortly(notebook: Any) -> None:
    """What takes a minute takes seconds: everything is asked as it is, but for how good the network becomes."""
    for cell in notebook.cells:
        if budget_of(cell) is not None:
            assert "TRAINING_SECONDS" in cell.source
            cell.source = cell.source.replace("TRAINING_SECONDS", "2.0")


@pytest.mark.parametrize("number", range(len(SEEDS)))  # not the seeds: each process of a run draws its own
@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: f"{student.problem_set}-{student.name}")
def test_a_right_notebook_loses_no_mark(
    student: Student, number: int, sandbox: Sandbox, key_of: functools._lru_cache_wrapper[AnswerKey]
) -> None:
    seed = SEEDS[number]
    result = graded(student, seed, sandbox, key_of(student.problem_set, seed))
    points = assignment(student.problem_set).points
    lost = {name: result.verdicts[name]["text"] for name in points if result.marks[name] != points[name]}
    if not THOROUGH and lost.pop("test_score", None):
        assert result.standing["accuracy"] > 0.7
        assert result.standing["parameters"] > 1_000
        assert 1.5 < result.standing["cpu_seconds"] < 30
    assert lost == {}, result.problems
    written = {name: value for name, value in result.marks.items() if name not in points}
    assert set(written.values()) == {None}, written  # waits for a person
    assert not any(result.unanswered[name] for name in written)


def test_there_are_five_of_each_problem_set_and_no_two_handed_in_the_same_way() -> None:
    assert Counter(student.problem_set for student in STUDENTS) == dict.fromkeys(COURSE.problem_sets(), 5)
    assert len({student.form for student in STUDENTS}) >= 15
    for name in COURSE.problem_sets():
        of_set = [student for student in STUDENTS if student.problem_set == name]
        assert len({student.form for student in of_set}) == 5
        labels = {label_of(cell) for cell in assignment(name).released.cells}
        for student in of_set:
            assert {piece.label for piece in student.pieces} <= labels
