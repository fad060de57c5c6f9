"""What was handed in: every folder that is meant as a submission, why some cannot be one, and what lies elsewhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from gradus.errors import GradusError

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
    meant = [entry for entry in entries if not entry.name.startswith(".") and _is_there(entry / problem_set)]
    if not meant:
        where = course.submitted_notebook("<student>", problem_set)
        nothing = f"no submissions for {problem_set}; put each notebook at {where}."
        raise GradusError("\n".join([nothing, *find_skipped(course, problem_set)]))
    return [_submission(entry, problem_set) for entry in meant]


def find_skipped(course: Course, problem_set: str) -> list[str]:
    """What lies in `submitted/` and looks like work for a problem set, but where nobody grades it.

    nbgrader passes over these as well: a folder whose name begins with a dot, and a notebook that is not in
    `<student>/<problem set>/`. A student who has handed in nothing for this problem set is not among them.

    Returns:
        Sentences for the instructor: which, why, and what to do.
    """
    entries = sorted(course.submitted.iterdir()) if course.submitted.is_dir() else []
    said = []
    for entry in entries:
        try:
            why = _why_skipped(entry, problem_set)
        except OSError as error:
            why = f"it cannot be read ({error.strerror}); mend its permissions"
        said.append((entry.name, why))
    return [f"{_printable(name)} was not graded: {why}." for name, why in said if why]


def _why_skipped(entry: Path, problem_set: str) -> str:
    belongs = f"submitted/<student>/{problem_set}/{problem_set}.ipynb"
    if entry.name.startswith("."):
        hidden = "its name begins with a dot, which hides a folder from nbgrader too; rename it to the student's id"
        return hidden if _is_there(entry / problem_set) else ""
    if not entry.is_dir():
        return f"a notebook belongs at {belongs}; move it there" if _is_notebook(entry, problem_set) else ""
    if entry.is_symlink() or _is_there(entry / problem_set):
        return ""  # nothing to see, or a submission
    for inside in sorted(entry.iterdir()):
        if _is_notebook(inside, problem_set):
            return f"{_printable(inside.name)} lies beside where it belongs, which is {belongs}; move it there"
        if inside.name.strip().lower() == problem_set.lower() and inside.is_dir():
            return f"its folder {_printable(inside.name)!r} is not {problem_set!r} letter by letter; rename it"
    return ""


def _is_notebook(path: Path, problem_set: str) -> bool:
    """Whether its name says that it is for this problem set: `ada_PS1 (2).ipynb` is for ps1, `ps10.ipynb` is not."""
    says_so = re.compile(rf"(?<![^\W_]){re.escape(problem_set)}(?![^\W_])", re.IGNORECASE)
    return path.suffix.lower() == ".ipynb" and says_so.search(path.stem) is not None


def _is_there(path: Path) -> bool:
    """Whether there is something, a broken link included; False for what may not be looked at."""
    return os.path.lexists(path)


def _printable(name: str) -> str:
    """The name as text, without what is not Unicode."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _submission(folder: Path, problem_set: str) -> Submission:
    student = folder.name
    if not _GOOD_NAME.fullmatch(student):
        what = f"the folder name {_printable(student)!r} is no student id; use letters, digits and . _ @ + - only"
        return Submission(_printable(student), what, recordable=False)
    where = folder / problem_set
    if folder.is_symlink() or where.is_symlink():
        return Submission(student, "the folder was handed in as a link; hand in the notebook itself")
    if not where.is_dir():
        return Submission(student, f"{problem_set} is a file, not a folder with {problem_set}.ipynb in it")
    name = f"{problem_set}.ipynb"
    try:
        found = sorted(path.name for path in where.iterdir() if path.suffix == ".ipynb")
    except OSError as error:
        if os.path.lexists(where / name):  # a folder that may be entered, but not listed
            return Submission(student)
        return Submission(student, f"the folder {problem_set} could not be read ({error.strerror})")
    if name in found:
        return Submission(student)
    instead = f"; found instead: {', '.join(found[:3])}" if found else ""
    return Submission(student, f"no {name} was handed in{instead}")
