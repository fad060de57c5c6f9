"""Who is in the class: a CSV, of nbgrader's columns or of a learning platform's, and who of them a file is from."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from autograder.collecting.platforms import Who
from autograder.submissions.students import is_name, student_of
from gradus.errors import GradusError

_MOST_BYTES = 20_000_000
# What the columns are called, here and elsewhere; of several that are there the first counts.
_COLUMNS = {
    "id": ("id", "username", "sis login id", "login id", "sid", "student id", "id number", "sis user id"),
    "lms_user_id": ("lms_user_id", "canvas user id", "user id"),
    "name": ("name", "full name", "student", "student name"),
    "first_name": ("first_name", "first name", "given name"),
    "last_name": ("last_name", "last name", "surname", "family name"),
    "email": ("email", "email address", "e-mail"),
}
# Canvas calls its own number `ID`, and what everybody knows a student by `SIS Login ID`.
_CANVAS = {"id": ("sis login id", "sis user id"), "lms_user_id": ("id",), "name": ("student",)}


@dataclass(frozen=True)
class Student:
    """One line of the roster; only `id` is never empty."""

    id: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    def spelled(self) -> set[str]:
        """The name, without accents and spaces, in each order of its words that platforms write."""
        orders = [self.name, f"{self.first_name} {self.last_name}", f"{self.last_name} {self.first_name}"]
        if "," in self.name:
            last, first = self.name.split(",", 1)
            orders.append(f"{first} {last}")
        return {plain(name) for name in orders if plain(name)}


def plain(name: str) -> str:
    """A name as platforms shorten it: lower case, letters and digits only, without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


class Roster:
    """The class, by every word that a platform may know a student by."""

    def __init__(self, students: list[Student]) -> None:
        self.students = students
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._spelled: dict[str, set[str]] = defaultdict(set)
        self._numbers: dict[str, str] = {}
        for student in students:
            for word in (student.id, student.email):
                if word:
                    self._exact[word.casefold()].add(student.id)
            for name in student.spelled():
                self._spelled[name].add(student.id)
            if student.lms_user_id:
                self._numbers[student.lms_user_id] = student.id

    @classmethod
    def read(cls, path: Path) -> Roster:
        """The roster in a CSV file.

        Raises:
            GradusError: it cannot be read, names nobody, or names one student twice.
        """
        try:
            content = path.read_bytes()[: _MOST_BYTES + 1]
        except OSError as error:
            raise GradusError(f"{path} cannot be read ({error.strerror}).") from None
        if len(content) > _MOST_BYTES:
            raise GradusError(f"{path} is too large for a roster.")
        return cls(_students(path, text_of(content)))

    def find(self, who: Who) -> str | None:
        """The id of the student, or None when nobody is meant.

        Raises:
            GradusError: several are; the message says who, and can follow the name.
        """
        if who.user in self._numbers:
            return self._numbers[who.user]
        for word in (who.sid, who.email, who.name):
            if found := self._exact.get(word.casefold()):
                return _only(found)
        found = self._spelled.get(plain(who.name))
        return _only(found) if found else None


def _only(found: set[str]) -> str:
    if len(found) > 1:
        raise GradusError(f"is the name of several in the roster: {', '.join(sorted(found))}")
    return next(iter(found))


def text_of(content: bytes) -> str:
    """A table as spreadsheets save it, in whichever of their encodings."""
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeError:
            continue
    return content.decode("utf-8", "replace")


def _students(path: Path, text: str) -> list[Student]:
    first = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    try:
        header, *lines = rows
    except (ValueError, csv.Error):
        raise GradusError(f"{path} is no roster: its first line must name columns, one of them `id`.") from None
    places = _places([re.sub(r"\s+", " ", title.strip().casefold()) for title in header])
    if "id" not in places:
        raise GradusError(f"{path} is no roster: no column is called `id`, or as a platform calls it.")
    students: dict[str, Student] = {}
    for number, line in enumerate(lines, start=2):
        values = {key: line[place].strip() for key, place in places.items() if place < len(line)}
        values["id"] = student_of(values.get("id", ""))
        if not values["id"]:
            continue  # Canvas's line of points, and empty ones
        if not is_name(values["id"]):
            raise GradusError(f"{path}, line {number}: {values['id']!r} cannot be a student's id.")
        if values["id"] in students:
            raise GradusError(f"{path}, line {number}: {values['id']!r} is there twice.")
        students[values["id"]] = Student(**values)
    if not students:
        raise GradusError(f"{path} names nobody.")
    return list(students.values())


def _places(titles: list[str]) -> dict[str, int]:
    columns = _COLUMNS | _CANVAS if "sis login id" in titles and "student" in titles else _COLUMNS
    found = {key: [titles.index(word) for word in words if word in titles] for key, words in columns.items()}
    return {key: places[0] for key, places in found.items() if places}
