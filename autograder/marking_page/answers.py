"""The written answers of a class as a page may have them: in an order for reading, and without a name."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbformat import from_dict
from nbformat.v4.rwbase import rejoin_lines

from autograder.assignment.regions import GUIDE, SOLUTION, RegionError, regions
from autograder.course import Course
from autograder.gradebook.by_hand import Entry, Given, RefusedError, entries, give
from autograder.marking_page.alike import families, normalised
from gradus.errors import GradusError
from gradus.notebook.cells import has_points, is_by_hand, is_task, label_of, points_of
from gradus.notebook.form import Notebook, read

_HIDDEN = "[name]"


@dataclass(frozen=True)
class Asked:
    """A question that a person marks: its name, its points, what it asks, and the guide for whoever marks."""

    name: str
    most: float
    prompt: str
    guide: str


@dataclass
class Answer:
    """An answer in the page. `group` is shared by equal ones, `family` by nearly equal ones."""

    entry: Entry
    cells: list[dict[str, Any]]
    group: str
    family: str
    given: Given

    @property
    def waits(self) -> bool:
        """Whether nobody, and not the grader either, has given it anything."""
        return self.given.points is None and self.entry.automatic is None

    def as_dict(self) -> dict[str, Any]:
        """What the browser gets of it, besides its key and its text."""
        return {
            "question": self.entry.question, "group": self.group, "family": self.family, "empty": self.entry.empty,
            "automatic": self.entry.automatic, **as_dict(self.given),
        }  # fmt: skip


def as_dict(given: Given) -> dict[str, Any]:
    return {"points": given.points, "comment": given.comment, "waits": given.waits}


def asked_by_hand(course: Course, problem_set: str, questions: Iterable[str] = ()) -> list[Asked]:
    """The questions that a person marks, of these names or all of them, in the order of the notebook.

    Raises:
        GradusError: there is no such problem set or question, or none that a person marks.
    """
    course.require(problem_set)
    cells = _cells_in(course.source_notebook(problem_set))
    found = [
        Asked(label_of(cell), points_of(cell), _prompt(cells, number), _guide(cell))
        for number, cell in enumerate(cells)
        if has_points(cell) and is_by_hand(cell)
    ]
    names = [asked.name for asked in found]
    for question in questions:
        if question not in names:
            there = ", ".join(names) or "none"
            raise GradusError(f"{problem_set} has no question {question!r} that a person marks (there: {there}).")
    if not found:
        raise GradusError(f"{problem_set} has no question that a person marks.")
    return [asked for asked in found if asked.name in questions] if questions else found


def _cells_in(path: Path) -> list[Notebook]:
    """The cells of a notebook, with texts that are whole and not lists of lines."""
    cells: list[Notebook] = rejoin_lines(from_dict(read(path)))["cells"]
    return cells


def _prompt(cells: list[Notebook], number: int) -> str:
    """What a question asks: the text in front of its answer, or of a task, its own."""
    if is_task(cells[number]):
        return str(cells[number]["source"]).partition("=== BEGIN MARK SCHEME")[0]
    before = cells[number - 1] if number else {}
    return str(before["source"]) if before.get("cell_type") == "markdown" and not has_points(before) else ""


def _guide(cell: Notebook) -> str:
    try:
        parts = [part for kind in (SOLUTION, GUIDE) for part in regions(cell["source"], kind)]
    except RegionError as error:
        return f"The guide cannot be read: {error}"
    return "\n\n".join(parts) if parts else str(cell["source"])


class Answers:
    """All answers to some questions, by keys that say nothing of whose they are.

    Args:
        again: those too that have a mark already.
    """

    def __init__(self, course: Course, problem_set: str, asked: list[Asked], again: bool = False) -> None:
        self._course, self.problem_set, self.asked, self.unread = course, problem_set, asked, 0
        notebooks: dict[str, list[Notebook] | None] = {}
        texts: dict[str, tuple[Entry, list[dict[str, Any]]]] = {}
        self.left_out = 0  # that were marked, and graded again since
        for entry in entries(course, problem_set, [one.name for one in asked]):
            shown = again or entry.given.points is None
            self.left_out += not shown and entry.given.waits
            if shown:
                if entry.student not in notebooks:
                    notebooks[entry.student] = self._cells(entry.student)
                cells = _answer(notebooks[entry.student] or [], entry.question)
                self.unread += not cells
                if cells:
                    texts[secrets.token_urlsafe(12)] = entry, [_masked(cell, entry.masked) for cell in cells]
        self.by_key = self._in_order(texts)

    def _cells(self, student: str) -> list[Notebook] | None:
        try:
            return _cells_in(self._course.autograded_notebook(student, self.problem_set))
        except GradusError:
            return None

    def _in_order(self, texts: dict[str, tuple[Entry, list[dict[str, Any]]]]) -> dict[str, Answer]:
        """Question by question; the empty ones last, and equal ones in an order that tells nothing."""
        keys = list(texts)
        random.SystemRandom().shuffle(keys)
        ordered: dict[str, Answer] = {}
        for asked in self.asked:
            own = [key for key in keys if texts[key][0].question == asked.name]
            said = {key: _compared(texts[key][1]) for key in own}
            is_empty = {key: texts[key][0].empty or not normalised(said[key]) for key in own}
            written = {key: said[key] for key in own if not is_empty[key]}
            for family in [*families(written), [[key for key in own if is_empty[key]]]]:
                name = secrets.token_urlsafe(6)
                for group in family:
                    shared = secrets.token_urlsafe(6)
                    for key in group:
                        entry, cells = texts[key]
                        entry = replace(entry, empty=is_empty[key])
                        ordered[key] = Answer(entry, cells, shared, name, entry.given)
        return ordered

    def give(self, wanted: dict[str, tuple[Given, Given]]) -> dict[str, Given]:
        """Give marks: by key, what the page shows there now, and what is to be. What then stands there, by key.

        Raises:
            RefusedError: a key is none of this page, or a mark cannot be given.
            GradusError: the gradebook cannot be written now.
        """
        if unknown := wanted.keys() - self.by_key.keys():
            raise RefusedError(f"{len(unknown)} answers are not of this page: load it again.")
        after = give(self._course, {key: (self.by_key[key].entry, *change) for key, change in wanted.items()})
        for key, given in after.items():
            self.by_key[key].given = given
        return after

    def summary(self) -> list[str]:
        """How far the marking is, and what comes next, in sentences."""
        said = []
        for asked in self.asked:
            own = [answer for answer in self.by_key.values() if answer.entry.question == asked.name]
            marked, waiting = (
                sum(map(test, own)) for test in (lambda a: a.given.points is not None, lambda a: a.waits)
            )
            said.append(f"{asked.name}: {marked} marked here, {waiting} to be marked.")
        if self.left_out:
            said.append(f"{self.left_out} that have a mark were graded again since: --all shows them too.")
        if self.unread:
            said.append(f"{self.unread} have no autograded notebook: `gradus grade {self.problem_set}` writes it.")
        said.append(f"Run `gradus grade {self.problem_set}`, so that table and feedback pages have these marks.")
        return said


def _answer(cells: list[Notebook], question: str) -> list[dict[str, Any]]:
    """The answer's cell; for a task, all cells from there to the next one that has a name in the release."""
    at = next((number for number, cell in enumerate(cells) if label_of(cell) == question), None)
    if at is None:
        return []
    if not is_task(cells[at]):
        return [cells[at]]
    ends = (number for number in range(at + 1, len(cells)) if label_of(cells[number]))
    return cells[at + 1 : next(ends, len(cells))] or [{**cells[at], "source": ""}]


def _compared(cells: list[dict[str, Any]]) -> str:
    """All by which answers are told apart; pictures by their content."""
    return "\n".join(f"{cell['source']} {cell.get('attachments') or ''}" for cell in cells)


def _masked(cell: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """The cell with its author's names hidden in its text."""
    masked: Callable[[str], str] = str
    if words:
        names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
        masked = lambda text: names.sub(_HIDDEN, text)  # noqa: E731
    return {**cell, "source": masked(cell["source"])}
