"""A class whose written answers wait for a person, as the grader leaves it; nothing is run for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import tiny_problem_set as tiny
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.gradebook.gradebook import Class, opened, register
from autograder.marking_page.answers import Answers, asked_by_hand
from autograder.marking_page.server import Draw, MarkingServer
from gradus.notebook.form import write

QUESTION = "why"


def written_class(folder: Path, texts: Mapping[str, str]) -> Course:
    """The course `tiny`, graded, with these texts by student as answers to its written question."""
    course, released = tiny.released_course(folder)
    register(course, tiny.NAME)
    with opened(course) as gradebook:
        marks = Class(gradebook, tiny.NAME)
        for student, text in texts.items():
            empty = not text.strip()
            given = {"test_double": 1.0, "test_halve": 2.0, QUESTION: 0.0 if empty else None}
            marks.record(student, given, {QUESTION: empty}, None)
            write(course.autograded_notebook(student, tiny.NAME), tiny.answered(released, **{QUESTION: text}))
        marks.commit()
    return course


def given_to(course: Course, student: str) -> tuple[float | None, bool, str | None]:
    """What stands in the gradebook for a student: points by hand, whether it waits, the comment by hand."""
    with Gradebook(course.gradebook_url) as gradebook:
        grade = gradebook.find_grade(QUESTION, tiny.NAME, tiny.NAME, student)
        comment = gradebook.find_comment(QUESTION, tiny.NAME, tiny.NAME, student)
        return grade.manual_score, grade.needs_manual_grade, comment.manual_comment


def give(course: Course, student: str, points: float) -> None:
    """What formgrader does when somebody types points."""
    with Gradebook(course.gradebook_url) as gradebook:
        grade = gradebook.find_grade(QUESTION, tiny.NAME, tiny.NAME, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


@contextmanager
def served(course: Course, draw: Draw, again: bool = False) -> Iterator[MarkingServer]:
    """The page of a class, served."""
    answers = Answers(course, tiny.NAME, asked_by_hand(course, tiny.NAME), again)
    with MarkingServer(answers, draw) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
