"""What was handed in: every folder that is meant as a submission, and why some cannot be one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.course import Course
from gradus.errors import GradusError

TIMESTAMP = "timestamp.txt"
_TIMESTAMP_BYTES = 100
_GOOD_NAME = re.compile(r"[^\W_][\w.@+ -]{0,99}")


@dataclass(frozen=True)
class Submission:
    """A student's folder for a problem set.

    `obstacle` says, in a sentence for the student, why there is no notebook to give to nbgrader; "" when there is one.
    `recordable`: whether nbgrader's gradebook can hold this student's name.
    """

    student: str
    obstacle: str = ""
    recordable: bool = True


def find_submissions(course: Course, problem_set: str) -> list[Submission]:
    """All submissions for a problem set, by student.

    Raises:
        GradusError: there is none; the message says where they belong.
    """
    entries = sorted(course.submitted.iterdir()) if course.submitted.is_dir() else []
    found = [
        _submission(entry, problem_set)
        for entry in entries
        if not entry.name.startswith(".") and ((entry / problem_set).is_symlink() or (entry / problem_set).exists())
    ]
    if not found:
        raise GradusError(
            f"no submissions for {problem_set}; put each notebook at "
            f"{course.submitted_notebook('<student>', problem_set)}."
        )
    return found


def submitted_at(course: Course, problem_set: str, student: str) -> tuple[datetime | None, bytes]:
    """When a submission was handed in (UTC), from nbgrader's `timestamp.txt` beside it, and that file's content.

    None and nothing when there is no such plain file, or no time in it.
    """
    from nbgrader.utils import parse_utc

    path = course.submitted_notebook(student, problem_set).with_name(TIMESTAMP)
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _TIMESTAMP_BYTES:
            return None, b""
        content = path.read_bytes()
        return parse_utc(content.decode("utf-8").strip() or None), content
    except (OSError, ValueError, OverflowError):
        return None, b""


def _submission(folder: Path, problem_set: str) -> Submission:
    student = folder.name
    printable = student.encode("utf-8", "replace").decode("utf-8")
    if not _GOOD_NAME.fullmatch(student):
        what = f"the folder name {printable!r} is no student id; use letters, digits and . _ @ + - only"
        return Submission(printable, what, recordable=False)
    where = folder / problem_set
    if folder.is_symlink() or where.is_symlink():
        return Submission(student, "the folder was handed in as a link; hand in the notebook itself")
    if not where.is_dir():
        return Submission(student, f"{problem_set} is a file, not a folder with {problem_set}.ipynb in it")
    notebook = where / f"{problem_set}.ipynb"
    if notebook.exists() or notebook.is_symlink():
        return Submission(student)
    others = sorted(path.name for path in where.glob("*.ipynb"))
    instead = f"; found instead: {', '.join(others[:3])}" if others else ""
    return Submission(student, f"no {notebook.name} was handed in{instead}")
