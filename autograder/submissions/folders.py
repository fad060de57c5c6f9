"""What was handed in: every student that is meant to have a submission, and what lies elsewhere."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from autograder.course import Course
from autograder.submissions.attempts import is_notebook_name
from autograder.submissions.downloads import told_by_name
from autograder.submissions.intake import UnreadableError, parsed, read_bytes
from autograder.submissions.students import is_junk, is_name, student_of
from gradus.errors import GradusError
from gradus.printable import on_one_line

_MOST_FILES = 100  # in a folder that holds no submission, which are looked at for one
_MOST_BYTES = 8_000_000  # of each
_MOST_FOLDERS = 3  # below one another: an export's, a student's, an attempt's
Look = Callable[[Path], list[tuple[str, str]]]
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


@dataclass(frozen=True)
class Submission:
    """A student's folder for a problem set.

    `obstacle` says, in a sentence, why nbgrader's gradebook cannot hold this student's name; "" when it can.
    """

    student: str
    obstacle: str = ""


def find_submissions(course: Course, problem_set: str) -> list[Submission]:
    """All submissions for a problem set, by student.

    Raises:
        GradusError: there is none; the message says where they belong.
    """
    entries = sorted(course.submitted.iterdir()) if course.submitted.is_dir() else []
    meant = [entry.name for entry in entries if not is_junk(entry.name) and _is_there(entry / problem_set)]
    if not meant:
        where = course.submitted_notebook("<student>", problem_set)
        nothing = f"no submissions for {problem_set}; put each notebook at {where}."
        raise GradusError("\n".join([nothing, *find_skipped(course, problem_set)]))
    return [_submission(student) for student in dict.fromkeys(student_of(name) for name in meant)]


def require_student(student: str, submissions: Collection[Submission], problem_set: str) -> None:
    """Raise a GradusError that names others who are like it unless a student is among those who handed in."""
    students = [submission.student for submission in submissions]
    if student not in students:
        near = get_close_matches(student, students, n=3) or sorted(students)[:5]
        raise GradusError(f"{student!r} has handed in nothing for {problem_set}; there are {', '.join(near)}.")


def find_skipped(course: Course, problem_set: str, look: Look | None = None) -> list[str]:
    """What lies in `submitted/` and looks like work for a problem set, but where nobody grades it.

    nbgrader passes over these as well: a folder whose name begins with a dot, and a notebook that is not in
    `<student>/<problem set>/`. A student who has handed in nothing for this problem set is not among them.

    Args:
        look: looks into an entry of `submitted/` for what was passed over; by default `why_skipped`, in this process.

    Returns:
        Sentences for the instructor: which, why, and what to do.
    """
    entries = sorted(course.submitted.iterdir()) if course.submitted.is_dir() else []
    look = look or functools.partial(why_skipped, problem_set=problem_set)
    found = [said for entry in entries if not _is_submission(entry, problem_set) for said in look(entry)]
    said = [f"{on_one_line(name)} was not graded: {why}." for name, why in found]
    return said + _in_two_forms(entries, problem_set)


def holds_others(course: Course, problem_set: str) -> bool:
    """Whether something lies in `submitted/` besides submissions for a problem set: `find_skipped` looks into it."""
    entries = course.submitted.iterdir() if course.submitted.is_dir() else ()
    return any(not (_is_submission(entry, problem_set) or _is_from_a_system(entry.name)) for entry in entries)


def why_skipped(entry: Path, problem_set: str) -> list[tuple[str, str]]:
    """What was passed over in one entry of `submitted/`, and why. Notebooks in it may be read."""
    try:
        return _why_skipped(entry, problem_set)
    except OSError as error:
        return [(entry.name, f"it cannot be read ({error.strerror}); mend its permissions")]


def why_not_looked_into(entry: Path) -> list[tuple[str, str]]:
    """What is said of an entry in which looking took more time or memory than there is for it."""
    return [(entry.name, "looking for notebooks in it took too long; see for yourself what it holds")]


def _is_submission(entry: Path, problem_set: str) -> bool:
    return not is_junk(entry.name) and not entry.is_symlink() and _is_there(entry / problem_set)


def _why_skipped(entry: Path, problem_set: str) -> list[tuple[str, str]]:
    belongs = f"submitted/<student>/{problem_set}/{problem_set}.ipynb"
    if is_junk(entry.name):
        hidden = "its name begins with a dot, which hides a folder from nbgrader too; rename it to the student's id"
        meant = entry.name.startswith(".") and _is_there(entry / problem_set) and not _is_from_a_system(entry.name)
        return [(entry.name, hidden)] if meant else []
    if not entry.is_dir():
        if entry.name.lower().endswith(_ARCHIVES):
            return [(entry.name, f"an archive is not opened; unpack it, and put each notebook at {belongs}")]
        if not _is_notebook(entry, problem_set):
            return []
        return [
            (entry.name, told_by_name(entry.name, problem_set) or f"a notebook belongs at {belongs}; move it there")
        ]
    if entry.is_symlink() or _is_there(entry / problem_set):
        return []  # nothing to see, or a submission
    strange = ""
    for inside in sorted(islice(entry.iterdir(), _MOST_FILES)):
        if is_junk(inside.name):
            if inside.name.lower() == f".{problem_set.lower()}" and inside.is_dir():
                return [
                    (
                        entry.name,
                        f"its folder {on_one_line(inside.name)!r} begins with a dot, which hides it; rename it",
                    )
                ]
            continue
        if not inside.is_dir() and not strange and _says(inside.name, problem_set):
            strange = on_one_line(inside.name)
        if not inside.is_dir() and _is_notebook(inside, problem_set):
            name = on_one_line(inside.name)
            told = told_by_name(entry.name, problem_set)
            return [(entry.name, told or f"{name} lies beside where it belongs, which is {belongs}; move it there")]
        if inside.name.strip().lower() == problem_set.lower() and inside.is_dir():
            return [
                (
                    entry.name,
                    f"its folder {on_one_line(inside.name)!r} is not {problem_set!r} letter by letter; rename it",
                )
            ]
    deeper = _deeper(entry, problem_set, belongs)
    if strange and not deeper:
        what = "an archive, which is not opened" if strange.lower().endswith(_ARCHIVES) else "no notebook"
        return [(entry.name, f"{strange} is {what}; put the notebook itself at {belongs}")]
    return deeper


def _deeper(entry: Path, problem_set: str, belongs: str) -> list[tuple[str, str]]:
    """A folder of folders: the two kinds in the wrong order, or what a learning platform exports for a class.

    A notebook that is called as its folder is where it belongs, for another problem set: it is not even read.
    """
    files = islice(_files_below(entry, _MOST_FOLDERS), _MOST_FILES)
    others = (file for file in files if file.stem != file.parent.name or file.stem == problem_set)
    found = [file for file in others if _is_notebook(file, problem_set)]
    if not found:
        return []
    several = f"{len(found)} notebooks" if len(found) > 1 else "a notebook"
    first = on_one_line(str(found[0].relative_to(entry)))
    if entry.name.strip().lower() == problem_set.lower():
        where = f"it holds students, as {first}, in the place of a student; each notebook belongs at {belongs}"
    else:
        where = f"it holds {several} in folders of its own, as {first}; each belongs at {belongs}"
    return [(entry.name, f"{where}; move them there" if len(found) > 1 else f"{where}; move it there")]


def _files_below(folder: Path, deep: int) -> Iterator[Path]:
    """Files in a folder and its folders, no links followed and nothing that a system has left."""
    for inside in sorted(islice(folder.iterdir(), _MOST_FILES)):
        if is_junk(inside.name) or inside.is_symlink():
            continue
        if not inside.is_dir():
            yield inside
        elif deep > 1:
            yield from _files_below(inside, deep - 1)


def _in_two_forms(entries: list[Path], problem_set: str) -> list[str]:
    """Of students with two folders for this problem set, whose names look the same."""
    forms: dict[str, list[Path]] = {}
    for entry in entries:
        if not is_junk(entry.name) and _is_there(entry / problem_set):
            forms.setdefault(student_of(entry.name), []).append(entry)
    return [
        f"{on_one_line(student)} has {len(folders)} folders, whose names look the same and are written in different "
        "Unicode forms: they are one student's, and the newest notebook in them was graded."
        for student, folders in forms.items()
        if len(folders) > 1
    ]


def _is_from_a_system(name: str) -> bool:
    return name.startswith("._") or name in (".ipynb_checkpoints", ".DS_Store", ".git", ".Trash", ".Trashes")


def _is_notebook(path: Path, problem_set: str) -> bool:
    """Whether it is for this problem set.

    By its name: `ada_PS1 (2).ipynb` is for ps1, `ps10.ipynb` is not. Others by the frame that they carry; one without,
    when a learning platform has named it.
    """
    if not is_notebook_name(path.name):
        return False
    if ".ipynb" in path.name.lower() and _says(path.name, problem_set):
        return True
    try:
        if path.lstat().st_size > _MOST_BYTES:
            return False
        carries = parsed(read_bytes(path, path.parent), path.name).carries
    except (UnreadableError, OSError):
        carries = ""
    return carries == problem_set or (not carries and bool(told_by_name(path.name, problem_set)))


def _says(name: str, problem_set: str) -> bool:
    """Whether a file's name has that of the problem set in it, as a word."""
    return re.search(rf"(?<![^\W_]){re.escape(problem_set)}(?![^\W_])", name, re.IGNORECASE) is not None


def _is_there(path: Path) -> bool:
    """Whether there is something, a broken link included; False for what may not be looked at."""
    return os.path.lexists(path)


def _submission(student: str) -> Submission:
    if is_name(student):
        return Submission(student)
    what = "is no student id; use letters and digits of any script, spaces, and . _ @ + - ' , ( ) & only"
    writable = student.encode("utf-8", "replace").decode("utf-8")
    return Submission(writable, f"the folder name {on_one_line(student)!r} {what}")
