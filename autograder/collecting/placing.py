"""Files of one student into `submitted/<student>/<problem set>/`: whole, and never over what lies there already."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.collecting.platforms import Handed
from autograder.course import Course
from autograder.files.writing import write_whole
from autograder.submissions.students import folders_of
from autograder.submissions.timestamps import TIMESTAMP
from gradus.errors import GradusError

EARLIER = "earlier"
_MOST_FILES = 100  # of one student
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


@dataclass(frozen=True)
class Placed:
    """What became of a student's files.

    `state` is "new", "as before" or "replaced"; `earlier` is where those lie that were replaced.
    """

    folder: Path
    state: str
    earlier: Path | None = None


def place(course: Course, student: str, problem_set: str, files: list[Handed], when: str, *, pretend: bool) -> Placed:
    """Put the files of one attempt where the grader looks for them.

    What lies there and differs is moved to `earlier/` in the course folder, so that nothing is lost. A time of handing
    in that is known goes into `timestamp.txt`; one that lies there stays when none is.

    Args:
        when: as the platform writes it, or "".
        pretend: say what would become of them, and write nothing.

    Raises:
        GradusError: they are too many, or a link lies in the way; nothing was written.
    """
    if len(files) > _MOST_FILES:
        raise GradusError(f"are more than {_MOST_FILES} files, which is no hand-in")
    folder = folders_of(course.submitted, student)[0] / problem_set
    for part in (course.submitted, folder.parent, folder):
        if part.is_symlink() or (part.exists() and not part.is_dir()):
            raise GradusError(f"would go to {part}, which is no folder; move it away")
    wanted = {name: one.found.content for name, one in named(files, problem_set).items()}
    if when:
        wanted[TIMESTAMP] = f"{when}\n".encode()
    there = _content(folder)
    same = {name: content for name, content in there.items() if name != TIMESTAMP or when} == wanted
    if same:
        return Placed(folder, "as before")
    earlier = None
    if there:
        earlier = _free(course.root / EARLIER / student / problem_set)
        if not pretend:
            earlier.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, earlier)
    if not pretend:
        for name, content in wanted.items():
            write_whole(folder / name, content)
    return Placed(folder, "replaced" if there else "new", earlier)


def named(files: list[Handed], problem_set: str) -> dict[str, Handed]:
    """Each file by the name that it gets: a notebook that is the only one is called as the problem set is."""
    notebooks = [one for one in files if one.file.lower().endswith(".ipynb")]
    names: dict[str, Handed] = {}
    for one in sorted(files, key=lambda one: one.file):
        alone = len(notebooks) == 1 and one is notebooks[0]
        name = f"{problem_set}.ipynb" if alone else _fit(PurePosixPath(one.file).name)
        stem, dot, ending = name.rpartition(".")
        number = 1
        while name.casefold() in {taken.casefold() for taken in names}:
            number += 1
            name = f"{stem} ({number}){dot}{ending}" if dot else f"{ending} ({number})"
        names[name] = one
    return names


def _fit(name: str) -> str:
    """A file's name that every system can write: what it cannot is an underscore, and no name is hidden or endless."""
    fit = _UNFIT.sub("_", unicodedata.normalize("NFC", name)).strip(" .") or "file"
    if fit == TIMESTAMP:
        return f"their {fit}"
    stem, dot, ending = fit.rpartition(".")
    return f"{stem[:80]}{dot}{ending[:20]}" if dot else fit[:100]


def _content(folder: Path) -> dict[str, bytes]:
    """The plain files that lie in a folder."""
    if not folder.is_dir():
        return {}
    return {
        entry.name: Path(entry).read_bytes() for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)
    }


def _free(folder: Path) -> Path:
    number = 1
    while os.path.lexists(folder / str(number)):
        number += 1
    return folder / str(number)
