"""Run `gradus grade` in this process and hold what it printed, exited with and wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

import autograder.cli
from autograder.cli import register
from autograder.course import Course


def grade(course: Course, problem_set: str, *options: str) -> Result:
    return command("grade", problem_set, "--course", str(course.root), *options)


def command(*arguments: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, list(arguments))


@dataclass
class Graded:
    """A course after one run: what the command printed, exited with and wrote as JSON."""

    course: Course
    output: str
    exit_code: int
    report: dict[str, Any]

    def submission(self, student: str) -> dict[str, Any]:
        (found,) = [one for one in self.report["submissions"] if one["student"] == student]
        return found

    def marked(self) -> dict[str, Any]:
        """The report without what differs from run to run: how long it took."""
        submissions = [{**one, "seconds": None} for one in self.report["submissions"]]
        return {**self.report, "submissions": submissions}

    def coded(self, student: str) -> dict[str, float]:
        given = self.submission(student)["marks"]
        return {question: mark for question, mark in given.items() if question.startswith("test_")}


@contextmanager
def graded_in_place(course: Course, problem_set: str) -> Iterator[Course]:
    """A course that was graded, and that every command of this process works on while this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autograder.cli, "_course", lambda _: course)
        assert graded(course, problem_set, "--seed", "3", "--no-feedback").exit_code == 0
        yield course


def graded(course: Course, problem_set: str, *options: str) -> Graded:
    file = course.root / "marks.json"
    result = grade(course, problem_set, "--json", str(file), *options)
    assert file.is_file(), result.output
    return Graded(course, result.output, result.exit_code, json.loads(file.read_text()))
