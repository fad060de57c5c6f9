"""Whose file it is, by the names that Canvas, Moodle, Gradescope, Blackboard and nbgrader's exchange give.

A platform is recognised by the names of a whole download, since a single name may look like another's. What none of
them has named is taken as `<student>/<file>`, or as `<student>.ipynb`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from autograder.collecting.sources import Found
from autograder.submissions.downloads import BLACKBOARD, CANVAS, MOODLE
from gradus.printable import on_one_line

GRADESCOPE_TABLE = "submission_metadata.yml"
_MOST_TABLE = 20_000_000  # bytes
_EXCHANGE = re.compile(r"(?P<name>.+)\+(?P<set>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+[^+]*)?")


@dataclass(frozen=True)
class Who:
    """A student as a platform tells of them: any of these may be empty."""

    name: str
    user: str = ""  # the platform's own number
    email: str = ""
    sid: str = ""  # what the university calls them

    def __str__(self) -> str:
        return on_one_line(self.name or self.email or self.sid or self.user)


@dataclass(frozen=True)
class Handed:
    """A file that somebody handed in.

    `file` is its name without what the platform has put before it; `when` the time as the platform writes it, or "";
    `attempt` tells the attempts of one student apart, and `late` is the platform's own word, where it has one.
    """

    who: Who
    file: str
    found: Found
    platform: str
    when: str = ""
    attempt: str = ""
    late: bool = False


@dataclass(frozen=True)
class Nobodys:
    """A file of which nobody can say whose it is, or which is no hand-in; the reason can follow its name."""

    found: Found
    reason: str


def platform_of(files: Iterable[Found]) -> str:
    """Which platform has named the files of a download; "" for none that is known."""
    files = list(files)
    if any(file.parts[-1] == GRADESCOPE_TABLE for file in files):
        return "Gradescope"
    tests = {
        "Moodle": lambda file: any(MOODLE.fullmatch(part) for part in file.parts),
        "nbgrader": lambda file: any(_EXCHANGE.fullmatch(part) for part in file.parts[:-1]),
        "Blackboard": lambda file: BLACKBOARD.fullmatch(file.parts[-1]) is not None,
        "Canvas": lambda file: any(CANVAS.fullmatch(part) for part in file.parts),
    }
    for platform, is_named in tests.items():
        if any(map(is_named, files)):
            return platform
    return ""


def handed_in(files: list[Found], problem_set: str, platform: str) -> list[Handed | Nobodys]:
    """Whose each file of one download is, which `platform` has named."""
    if platform == "Gradescope":
        return _gradescope(files)
    reader = {"Moodle": _moodle, "nbgrader": _exchange, "Blackboard": _blackboard, "Canvas": _canvas}.get(platform)
    if reader is None:
        return [_plain(file, problem_set) for file in files]
    return [reader(file) or Nobodys(file, f"is not named as {platform} names what is handed in") for file in files]


def _part(pattern: re.Pattern[str], parts: tuple[str, ...]) -> tuple[int, re.Match[str]] | None:
    """The first folder or file whose name a pattern fits, and its place."""
    for place, part in enumerate(parts):
        if fits := pattern.fullmatch(part):
            return place, fits
    return None


def _below(file: Found, place: int, first: str | None) -> str:
    """What a student called a file: the rest of its way below the part that the platform named."""
    return "/".join(part for part in (first, *file.parts[place + 1 :]) if part)


def _canvas(file: Found) -> Handed | None:
    if not (at := _part(CANVAS, file.parts)):
        return None
    place, fits = at
    # A zip that a student handed in was unpacked into a folder of its name, which is no part of the files' names.
    name = _below(file, place, fits["file"] if place == len(file.parts) - 1 else None)
    who = Who(fits["name"], user=fits["user"])
    return Handed(who, name, file, "Canvas", attempt=fits["user"], late=bool(fits["late"]))


def _moodle(file: Found) -> Handed | Nobodys | None:
    if not (at := _part(MOODLE, file.parts)):
        return None
    place, fits = at
    if fits["kind"] == "onlinetext":
        return Nobodys(file, "is a text typed into Moodle, not a notebook")
    name = _below(file, place, fits["file"])
    return Handed(Who(fits["name"]), name, file, "Moodle", attempt=fits["user"]) if name else None


def _blackboard(file: Found) -> Handed | Nobodys | None:
    if not (at := _part(BLACKBOARD, file.parts)):
        return None
    place, fits = at
    if not fits["file"]:
        return Nobodys(file, "is Blackboard's own note on a submission")
    when = f"{fits['day']} {fits['h']}:{fits['m']}:{fits['s']}"
    # The time is the school's, without a zone, so it orders the attempts and is no time of handing in.
    return Handed(Who(fits["name"], sid=fits["name"]), _below(file, place, fits["file"]), file, "Blackboard", "", when)


def _exchange(file: Found) -> Handed | None:
    if not (at := _part(_EXCHANGE, file.parts[:-1])):
        return None
    place, fits = at
    who = Who(fits["name"], sid=fits["name"])
    return Handed(who, _below(file, place, None), file, "nbgrader", fits["when"], attempt=fits["when"])


def _plain(file: Found, problem_set: str) -> Handed | Nobodys:
    """`<student>/<file>`, `<student>/<set>/<file>` as in `submitted/`, or a file that is called as a student."""
    folders, name = file.parts[:-1], file.parts[-1]
    if folders and folders[-1] == problem_set and len(folders) > 1:
        folders = folders[:-1]
    if folders:
        return Handed(Who(folders[-1], sid=folders[-1]), name, file, "")
    stem, dot, ending = name.rpartition(".")
    student = re.sub(rf"(?i)(?<![^\W_]){re.escape(problem_set)}(?![^\W_])", "", stem if dot else name).strip(" _-.")
    if not student or ending.lower() != "ipynb":
        return Nobodys(file, "does not say whose it is; give it a folder of the student's name")
    return Handed(Who(student, sid=student), f"{problem_set}.ipynb", file, "")


def _gradescope(files: list[Found]) -> list[Handed | Nobodys]:
    """The table of an export names the students of each folder, its newest version alone being there."""
    table = next(file for file in files if file.parts[-1] == GRADESCOPE_TABLE)
    students = _students_of(table)
    told: list[Handed | Nobodys] = []
    for file in files:
        if file is table:
            continue
        place = next((place for place, part in enumerate(file.parts) if part in students), None)
        if place is None:
            told.append(Nobodys(file, f"is in no folder that {GRADESCOPE_TABLE} names"))
            continue
        folder, name = file.parts[place], _below(file, place, None)
        for who, when in students[folder]:
            told.append(Handed(who, name, file, "Gradescope", when, attempt=folder))
    return told


def _students_of(table: Found) -> dict[str, list[tuple[Who, str]]]:
    """Who has handed in each folder of an export and when; {} for a table that cannot be read."""
    if len(table.content) > _MOST_TABLE:
        return {}
    try:
        entries = yaml.load(table.content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    students: dict[str, list[tuple[Who, str]]] = {}
    for folder, entry in entries.items():
        if not isinstance(entry, dict) or not isinstance(entry.get(":submitters"), list):
            continue
        people = [one for one in entry[":submitters"] if isinstance(one, dict)]
        whos = [Who(*(str(person.get(f":{key}") or "") for key in ("name", "id", "email", "sid"))) for person in people]
        students[str(folder)] = [(who, _moment(entry.get(":created_at"))) for who in whos]
    return students


def _moment(said: object) -> str:
    """A time of the table; YAML has read most of them, as UTC without a zone."""
    return f"{said:%Y-%m-%d %H:%M:%S} UTC" if hasattr(said, "strftime") else str(said or "")
