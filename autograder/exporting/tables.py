"""A platform's list of students, as it was exported, with the marks of one problem set filled in.

What a platform reads back must have its own columns and its own numbers of students, so its own list is what is filled
in. A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.collecting.platforms import Who
from autograder.collecting.roster import Roster, Student, text_of
from autograder.exporting.marks import ClassMarks, Mark, plain_number
from gradus.errors import GradusError

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Platform:
    """Which columns of a platform's list say who a line is of; `kept` are those that it wants back with the marks.

    `marks` is the column that gets them, where it has a fixed name.
    """

    name: str
    user: tuple[str, ...] = ()
    sid: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    full_name: tuple[str, ...] = ()
    marks: str = ""
    kept: tuple[str, ...] = ()


CANVAS = Platform(
    "Canvas",
    user=("id",),
    sid=("sis login id", "sis user id"),
    full_name=("student",),
    kept=("student", "id", "sis user id", "sis login id", "section"),
)
MOODLE = Platform(
    "Moodle",
    sid=("id number", "username"),
    email=("email address",),
    full_name=("full name",),
    marks="grade",
)
GRADESCOPE = Platform(
    "Gradescope", sid=("sid",), email=("email",), full_name=("name", "first name", "last name"), marks="total score"
)


@dataclass
class Filled:
    """A list with marks: its text, and who of either side is not in the other."""

    text: str
    unknown: list[str] = field(default_factory=list)  # lines whose student has no mark
    unlisted: list[str] = field(default_factory=list)  # students with a mark who are in no line
    waiting: list[str] = field(default_factory=list)  # whose mark is not whole, left empty


def fill(marks: ClassMarks, listed: Path, platform: Platform, roster: Roster | None, column: str = "") -> Filled:
    """The platform's list in the file `listed`, with the marks of each student.

    Args:
        roster: who the students are, where a list does not have the ids that the course has.
        column: the column that gets the marks; needed where its name does not have the problem set's in it.

    Raises:
        GradusError: it is not such a list, or the column cannot be told.
    """
    text = text_of(listed.read_bytes())
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if not rows:
        raise GradusError(f"{listed} is empty; export {platform.name}'s list of marks, and give that.")
    titles = [re.sub(r"\s+", " ", title.strip().casefold()) for title in rows[0]]
    target = _target(listed, rows[0], titles, platform, column, marks.problem_set)
    known = roster or Roster([Student(mark.student) for mark in marks.marks])
    by_id = {mark.student: mark for mark in marks.marks}
    filled, met = Filled(""), set()
    for row in rows[1:]:
        who = _who(row, titles, platform)
        if who is None:
            continue
        row += [""] * (target + 1 - len(row))
        mark = by_id.get(_found(known, who) or "")
        if mark is None:
            filled.unknown.append(str(who))
            continue
        met.add(mark.student)
        if mark.score is None:
            filled.waiting.append(mark.student)
        row[target] = "" if mark.score is None else plain_number(mark.score)
    filled.unlisted = [student for student in by_id if student not in met]
    places = [place for place, title in enumerate(titles) if not platform.kept or title in platform.kept]
    places += [target] if target not in places else []
    filled.text = written([[row[place] if place < len(row) else "" for place in places] for row in rows], separator)
    return filled


def _target(
    listed: Path, header: Sequence[str], titles: list[str], platform: Platform, column: str, problem_set: str
) -> int:
    if column:
        fits = [place for place, title in enumerate(header) if title.strip() == column.strip()]
    elif platform.marks:
        fits = [place for place, title in enumerate(titles) if title == platform.marks]
    else:
        name = re.compile(rf"(?<![^\W_]){re.escape(problem_set)}(?![^\W_])", re.IGNORECASE)
        fits = [place for place, title in enumerate(header) if name.search(title)]
    if len(fits) != 1:
        there = ", ".join(repr(title) for title in header)
        which = "no column" if not fits else f"{len(fits)} columns"
        raise GradusError(f"{listed}: {which} for the marks of {problem_set}; name one with --column, of {there}.")
    return fits[0]


def _who(row: list[str], titles: list[str], platform: Platform) -> Who | None:
    """Whose line it is; None for a line of nobody, such as Canvas's of the points that can be had."""

    def said(names: tuple[str, ...]) -> str:
        cells = (row[titles.index(name)].strip() for name in names if name in titles and titles.index(name) < len(row))
        return next(filter(None, cells), "")

    names = (said((name,)) for name in platform.full_name)
    full = " ".join(dict.fromkeys(filter(None, names)))
    who = Who(full, said(platform.user), said(platform.email), said(platform.sid))
    return who if who.user or who.sid or who.email or (who.name and not platform.user) else None


def _found(roster: Roster, who: Who) -> str | None:
    try:
        return roster.find(who)
    except GradusError:  # several of that name: none is taken for another
        return None


def as_table(marks: ClassMarks) -> str:
    """All marks as CSV: a line a student, a column a question; empty where something waits for a person."""
    header = ["student", "score", "max_score", "raw_score", "late_penalty", "submitted", *marks.points, "problems"]
    return written([header, *(_row(mark, marks) for mark in marks.marks)], ",")


def _row(mark: Mark, marks: ClassMarks) -> list[str]:
    numbers = [mark.score, marks.max_score, mark.raw_score, mark.late_penalty]
    questions = [mark.questions.get(name) for name in marks.points]
    shown = ["" if number is None else plain_number(number) for number in [*numbers, *questions]]
    return [mark.student, *shown[:4], mark.submitted, *shown[4:], " ".join(mark.problems)]


def written(rows: list[list[str]], separator: str) -> str:
    """Rows as CSV in which no text is a formula."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([map(safe, row) for row in rows])
    return text.getvalue()


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs: `=HYPERLINK(…)` is a text here."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
