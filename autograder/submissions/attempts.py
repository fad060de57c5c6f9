"""Which of the files in a student's folder is the submission, and what is said of the others.

A notebook is known by what is in it: the frame that it carries, or its cells. Its name only decides between several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import Course
from autograder.submissions.handed_out import frame_in
from autograder.submissions.intake import UnreadableError, other_set, parsed, read_bytes
from autograder.submissions.rebuild import is_recognised, is_worked_on
from autograder.submissions.students import folders_of, is_junk
from autograder.submissions.timestamps import TIMESTAMP
from gradus.printable import on_one_line

_MOST_FILES = 20
_MOST_FOLDERS = 100
_MOST_BYTES = 64_000_000
_NOTEBOOK = re.compile(r"(.*?)\.(?:ipynb|json)(?:\.\w{1,9})?\s*", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"[-_ ]*v?\(?(\d{1,2})\)?")  # how Canvas, browsers and people count: ps4-1, ps4 (1), ps4_v2


@dataclass(frozen=True)
class HandedIn:
    """What a student has handed in: the content of one file or why there is none, and sentences on which file it is."""

    name: str
    content: bytes | UnreadableError
    notes: tuple[str, ...] = ()

    def as_content(self) -> bytes:
        """What stands for a submission in the hash of its content."""
        content = self.content
        if isinstance(content, UnreadableError):
            content = b"unreadable: " + str(content).encode("utf-8", "replace")
        return b"\0".join([content, *(note.encode("utf-8", "replace") for note in self.notes)])


@dataclass(frozen=True)
class _Attempt:
    """A notebook in the folder. `number` is the one in its name; `worked` whether it differs from what was released."""

    path: Path
    name: str
    content: bytes | UnreadableError
    exact: bool
    ours: bool = False
    other_set: str = ""
    worked: bool = False
    number: int = 0
    changed: int = 0  # when, in nanoseconds

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        return self.worked, self.number, self.changed, self.exact


def handed_in(course: Course, problem_set: str, student: str, released: NotebookNode) -> HandedIn:
    """What a student has handed in; nothing that lies in the folder makes this fail.

    The notebook of its own name alone is taken without a look at it. Otherwise each notebook is read: the ones of this
    problem set count, of these one that was worked on, of these the newest.
    """
    found = handed_in_unread(course, problem_set, student)
    paths, _ = _paths(course, problem_set, student)
    return found or _chosen(list(_attempts(paths, course, problem_set, released)), problem_set)


def handed_in_unread(course: Course, problem_set: str, student: str) -> HandedIn | None:
    """The same, where no notebook has to be read to say so; None where one has to be."""
    usual = f"{problem_set}.ipynb"
    paths, reasons = _paths(course, problem_set, student)
    if len(paths) == 1 and _is_usual(paths[0], course, problem_set):
        return HandedIn(usual, _content(paths[0], course.submitted))
    if paths:
        return None
    if not reasons:
        try:
            reasons = [_nothing(course, problem_set, student)]
        except OSError as error:
            reasons = [UnreadableError(f"the folder {problem_set} could not be read ({error.strerror})", unread=True)]
    return HandedIn(usual, reasons[0])


def _paths(course: Course, problem_set: str, student: str) -> tuple[list[Path], list[UnreadableError]]:
    """The files that may be the submission, and why some folder could not be looked into."""
    paths: list[Path] = []
    reasons = []
    for folder in folders_of(course.submitted, student):
        try:
            paths += _notebooks(folder, problem_set)
        except UnreadableError as reason:
            reasons.append(reason)
    return paths, reasons


def submitted_folder(course: Course, problem_set: str, student: str) -> Path:
    """The folder in which a student's submission lies, whatever the Unicode form of its name."""
    folders = [folder / problem_set for folder in folders_of(course.submitted, student)]
    stamped = [folder for folder in folders if os.path.lexists(folder / TIMESTAMP)]
    return (stamped or [folder for folder in folders if folder.is_dir()] or folders)[0]


def is_notebook_name(name: str) -> bool:
    return _NOTEBOOK.fullmatch(name) is not None and not is_junk(name)


def _is_usual(path: Path, course: Course, problem_set: str) -> bool:
    """Whether it has the name and the place that were asked for."""
    return path.relative_to(course.submitted).parts[1:] == (problem_set, f"{problem_set}.ipynb")


def _notebooks(folder: Path, problem_set: str) -> list[Path]:
    """What may be a submission in a student's folder and one folder below, the usual one first.

    Raises:
        UnreadableError: the folder is not one, or may not be looked into.
    """
    where, usual = folder / problem_set, folder / problem_set / f"{problem_set}.ipynb"
    if not os.path.lexists(where):
        return []
    if folder.is_symlink() or where.is_symlink():
        raise UnreadableError("the folder was handed in as a link; hand in the notebook itself")
    if not where.is_dir():
        raise UnreadableError(f"{problem_set} is a file, not a folder with {problem_set}.ipynb in it", unread=True)
    found = [usual] if os.path.lexists(usual) else []
    try:
        below = [where, *(Path(entry) for entry in os.scandir(where) if _is_folder(entry))]
    except OSError as error:
        if found:  # a folder that may be entered, but not listed
            return found
        raise UnreadableError(f"the folder {problem_set} could not be read ({error.strerror})", unread=True) from None
    for place in below[:_MOST_FILES]:
        found += [path for path in _files(place) if is_notebook_name(path.name) and path != usual]
    return found[:_MOST_FILES]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not is_junk(entry.name)


def _files(folder: Path) -> list[Path]:
    """The plain files in a folder that a student may have put there, by name; none where that cannot be seen."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        return [Path(entry) for entry in entries if entry.is_file(follow_symlinks=False) and not is_junk(entry.name)]
    except OSError:
        return []


def _nothing(course: Course, problem_set: str, student: str) -> UnreadableError:
    """That there is no notebook, and what is there instead, which may hold what was written."""
    found, junk = [], []
    folders = folders_of(course.submitted, student)
    for where in (folder / problem_set for folder in folders if (folder / problem_set).is_dir()):
        places = islice((Path(folder) for folder, _, _ in os.walk(where)), _MOST_FOLDERS)  # follows no link
        for place in sorted(places):
            parts = place.relative_to(where).parts
            if not any(is_junk(part) and part != ".ipynb_checkpoints" for part in parts):  # what was saved last by hand
                kept = [path for path in _files(place) if path.name != TIMESTAMP and path.stat().st_size]
                found += ["/".join((*parts, path.name)) if len(parts) > 1 else path.name for path in kept]
        junk += [entry.name for entry in where.iterdir() if entry.name.startswith("._")]
    instead = ""
    if found:
        instead = f"; found instead: {', '.join(map(on_one_line, found[:3]))}"
    elif junk:
        instead = f"; `{on_one_line(junk[0])}` is what a Mac notes about a file, not the file itself"
    return UnreadableError(f"no {problem_set}.ipynb was handed in{instead}", unread=bool(found))


def _attempts(paths: list[Path], course: Course, problem_set: str, released: NotebookNode) -> Iterator[_Attempt]:
    left = _MOST_BYTES
    two_folders = len({path.relative_to(course.submitted).parts[0] for path in paths}) > 1
    for path in paths:
        parts = path.relative_to(course.submitted).parts
        name = on_one_line("/".join(parts if two_folders else parts[2:]))
        exact = _is_usual(path, course, problem_set)
        try:
            status = path.lstat()
            if status.st_size > left:
                raise UnreadableError(f"{name} is too large to be looked at beside the other files", unread=True)
            content = read_bytes(path, course.submitted)
            left -= len(content)
            notebook = parsed(content, name)
        except (UnreadableError, OSError) as reason:
            why = reason if isinstance(reason, UnreadableError) else UnreadableError(f"{name} could not be read")
            yield _Attempt(path, name, why, exact)
            continue
        other = other_set(notebook, released, problem_set)
        ours = not other and (notebook.carries == problem_set or is_recognised(notebook.cells, released))
        worked = ours and is_worked_on(notebook.cells, released, frame_in(content))
        number = _number(path.name, problem_set)
        yield _Attempt(path, name, content, exact, ours, other, worked, number, status.st_mtime_ns)


def _chosen(attempts: list[_Attempt], problem_set: str) -> HandedIn:
    ours: list[_Attempt] = []
    for attempt in sorted((attempt for attempt in attempts if attempt.ours), key=lambda attempt: not attempt.exact):
        if all(attempt.content != other.content for other in ours):  # a second copy changes nothing
            ours.append(attempt)
    of_other_sets = [
        f"`{attempt.name}` is the notebook of {attempt.other_set}, not of {problem_set}"
        for attempt in attempts
        if attempt.other_set and not attempt.exact
    ]
    if not ours:
        usual = next((attempt for attempt in attempts if attempt.exact), None)
        broken = [attempt for attempt in attempts if isinstance(attempt.content, UnreadableError)]
        known = usual or (broken[0] if len(broken) == len(attempts) else None)
        if known:
            return HandedIn(known.name, known.content, tuple(of_other_sets))
        names = ", ".join(attempt.name for attempt in attempts[:3])
        unread = not all(attempt.other_set for attempt in attempts)
        nothing = UnreadableError(f"no {problem_set}.ipynb was handed in; found instead: {names}", unread=unread)
        return HandedIn(f"{problem_set}.ipynb", nothing, tuple(of_other_sets))
    best = max(ours, key=lambda attempt: attempt.rank)
    strange = [one for one in attempts if not one.ours and not one.other_set and isinstance(one.content, bytes)]
    usual = next((attempt for attempt in strange if attempt.exact), None)
    if usual and not best.worked:  # nothing is known in it, but it is more than what was handed out
        return HandedIn(usual.name, usual.content, tuple(of_other_sets))
    names = ", ".join(f"`{attempt.name}`" for attempt in strange[:3])
    not_known = [f"no cell of {problem_set} was recognised in {names}"] if strange and not best.worked else []
    return HandedIn(best.name, best.content, (*_notes(best, ours, problem_set), *of_other_sets, *not_known))


def _notes(best: _Attempt, ours: list[_Attempt], problem_set: str) -> list[str]:
    others = [attempt for attempt in ours if attempt is not best]
    if not others:
        if best.exact:
            return []
        return [f"`{best.name}` was graded, as a notebook of {problem_set}: its name should be {problem_set}.ipynb"]
    if not any(attempt.worked for attempt in others) and best.worked:
        why = "which alone was worked on,"
    elif any(attempt.number for attempt in ours):
        why = "the newest by the number in its name,"
    else:
        why = "the one saved last,"
    left = ", ".join(f"`{attempt.name}`" for attempt in others)
    are = "was" if len(others) == 1 else "were"
    return [f"{len(ours)} notebooks of {problem_set} were handed in: `{best.name}`, {why} was graded; {left} {are} not"]


def _number(name: str, problem_set: str) -> int:
    """The number by which a learning platform, a browser or a student tells a newer file from an older one; else 0."""
    stem = _NOTEBOOK.fullmatch(name)
    _, _, rest = (stem[1] if stem else name).lower().rpartition(problem_set.lower())
    found = _NUMBER.fullmatch(rest)
    return int(found[1]) if found else 0


def _content(path: Path, below: Path) -> bytes | UnreadableError:
    try:
        return read_bytes(path, below)
    except UnreadableError as reason:
        return reason
