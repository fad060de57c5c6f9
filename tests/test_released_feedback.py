"""Feedback through nbgrader's exchange, of pages that `gradus grade` wrote; one submission stops nobody's release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.utils import notebook_hash
from traitlets.config import Config
from written_class import written_class

from autograder.course import Course
from autograder.gradebook.settings import set_options
from autograder.nbgrader_bridge.released_feedback import SECRET
from autograder.submissions.timestamps import TIMESTAMP, timestamp_in

WHEN = "2026-10-01 12:00:00 UTC"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A class of which everybody has a page, and handed in through the exchange."""
    from nbgrader.api import Gradebook

    made = written_class(tmp_path, dict.fromkeys(("good", "bad"), "Because."))
    for student in ("good", "bad"):
        submitted = made.submitted_notebook(student, tiny.NAME).parent
        page = made.feedback_page(student, tiny.NAME)
        for folder in (submitted, page.parent):
            folder.mkdir(parents=True)
        page.write_text(f"page of {student}")
        (submitted / SECRET).write_text(f"secret of {student}")
        (submitted / TIMESTAMP).write_text(WHEN)
        with Gradebook(made.gradebook_url) as gradebook:
            gradebook.update_or_create_submission(tiny.NAME, student, timestamp=timestamp_in(submitted).when)
    return made


def released(course: Course) -> set[str]:
    """Release all pages of the class, and return the students whose secret finds theirs in the exchange."""
    exchange = course.root.parent / "exchange"
    exchange.mkdir(exist_ok=True)
    options = set_options(Config(), course)
    options.CourseDirectory.update(course_id="gradus", assignment_id=tiny.NAME)
    options.Exchange.root = str(exchange)
    where = CourseDirectory(config=options)
    ExchangeFactory(config=options).ReleaseFeedback(coursedir=where, authenticator=None, config=options).start()
    names = {
        notebook_hash(secret=f"secret of {student}", notebook_id=tiny.NAME): student for student in ("good", "bad")
    }
    pages = list((exchange / "gradus" / "feedback").iterdir())
    assert all(page.read_text() == f"page of {names[page.stem]}" for page in pages)
    return {names[page.stem] for page in pages}


def test_pages_that_gradus_wrote_are_released(course: Course) -> None:
    assert released(course) == {"good", "bad"}


def remove(secret: Path) -> None:
    secret.unlink()


def link(secret: Path) -> None:
    secret.unlink()
    secret.symlink_to("/dev/zero")


def pipe(secret: Path) -> None:
    secret.unlink()
    os.mkfifo(secret)


def noise(secret: Path) -> None:
    secret.write_bytes(b"\xff\xfe")


def empty(secret: Path) -> None:
    secret.write_bytes(b"")


def hand_in_again(secret: Path) -> None:
    secret.with_name(TIMESTAMP).write_text("2026-10-02 12:00:00 UTC")


@pytest.mark.parametrize("spoil", [remove, link, pipe, noise, empty, hand_in_again], ids=lambda spoil: spoil.__name__)
def test_a_spoilt_submission_stops_nobody_elses_page(course: Course, spoil: object) -> None:
    assert callable(spoil)
    spoil(course.submitted_notebook("bad", tiny.NAME).with_name(SECRET))
    assert released(course) == {"good"}
