"""How one mark came about, from the file that was handed in to what the gradebook says: for an appeal.

Nothing is run and nothing written: what is told is what the last run kept. Where the file, the problem set, a limit or
the grader has changed since, that is said.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from autograder.course import Course
from autograder.gradebook.gradebook import Class, opened, questions
from autograder.gradebook.settings import course_zone, late_penalties, nbgrader_options
from autograder.grading.content import versions
from autograder.grading.session import Session
from autograder.records.graded import Graded
from autograder.records.report import GradedCell
from autograder.submissions.attempts import HandedIn, submitted_folder
from autograder.submissions.folders import find_submissions, require_student
from autograder.submissions.intake import UnreadableError
from autograder.submissions.timestamps import Timestamp, timestamp_in
from gradus.errors import GradusError
from gradus.printable import on_one_line, printable

_EARLIER = (
    "was graded before the file, the problem set, a limit or the grader changed: what is recorded comes from then"
)


@dataclass(frozen=True)
class Question:
    """How a question came by its mark: `given` is the grader's, `recorded` the gradebook's; None waits for a person.

    Of a result that was not kept `given` is None, too. `held` is what a changed test gives, where the higher mark from
    before was kept.
    """

    name: str
    points: float
    by_hand: bool
    given: float | None
    recorded: float | None
    matched: int = 0
    asked: int = 0
    missing: tuple[str, ...] = ()
    misconception: str = ""
    comment: str = ""
    held: float | None = None

    @property
    def by_whom(self) -> str:
        """Who has given the mark that counts."""
        if self.recorded is None:
            return "waits for a person"
        if self.given is None and not self.by_hand:
            return "the grader, or a person"
        return "the grader" if self.given == self.recorded else "a person"


@dataclass(frozen=True)
class Account:
    """All of it, as plain values; `current` says whether what is recorded is of the file as it lies there now."""

    student: str
    problem_set: str
    file: str
    size: int
    sha256: str
    notes: tuple[str, ...]
    submitted: str
    doubts: tuple[str, ...]
    current: bool
    seed: int
    versions: dict[str, str]
    result: str
    problems: tuple[str, ...]
    questions: list[Question] = field(default_factory=list)
    late_penalty: float = 0.0

    @property
    def raw_score(self) -> float:
        return sum(question.recorded or 0.0 for question in self.questions)

    @property
    def score(self) -> float:
        return max(0.0, self.raw_score - self.late_penalty)


def account(course: Course, problem_set: str, student: str) -> Account:
    """How a student's mark came about.

    Raises:
        GradusError: there is no such problem set or student, or nothing was graded yet.
    """
    course.require(problem_set)
    require_student(student, find_submissions(course, problem_set), problem_set)
    if not (course.results / problem_set / "run.json").is_file():
        raise GradusError(f"{problem_set} was not graded in {course.root} yet: run `gradus grade {problem_set}`.")
    with Session.open(course, problem_set) as session:
        found = session.handed_in(student)
        key = session.content_key(found)
        graded = session.find(key)
        seed = session.seed
    config = nbgrader_options(course)
    stamp = timestamp_in(submitted_folder(course, problem_set, student), course_zone(config))
    with opened(course) as gradebook:
        marks = Class(gradebook, problem_set, late_penalties(course, config))
        if student not in marks.marks():
            raise GradusError(f"{student!r} has no mark for {problem_set} yet: run `gradus grade {problem_set}`.")
        recorded, comments = marks.marks_of(student), marks.comments(student)
        penalty, due = marks.late_penalty(student), marks.due(student)
    remembered = _remembered(course, problem_set, student)
    content = found.content if isinstance(found.content, bytes) else b""
    return Account(
        student=student,
        problem_set=problem_set,
        file=_file(course, problem_set, student, found),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest() if content else "",
        notes=found.notes,
        submitted=_when(stamp),
        doubts=tuple(stamp.doubts(due)),
        current=graded is not None or remembered.get("fingerprint") == key,
        seed=seed if graded is None else graded.seed,
        versions=versions() if graded is None else graded.versions,
        result=f"{course.results.name}/{problem_set}/graded/{key}.json" if graded is not None else "",
        problems=tuple(graded.problems if graded is not None else map(str, remembered.get("problems", ()))),
        questions=[_question(one, graded, recorded, comments) for one in questions(course, problem_set)],
        late_penalty=penalty,
    )


def _file(course: Course, problem_set: str, student: str, found: HandedIn) -> str:
    if isinstance(found.content, UnreadableError):
        return f"none that can be read: {found.content}"
    return str(submitted_folder(course, problem_set, student).relative_to(course.root) / found.name)


def _when(stamp: Timestamp) -> str:
    return f"{stamp.when:%Y-%m-%d %H:%M:%S} UTC, as timestamp.txt says" if stamp.when else "not known"


def _remembered(course: Course, problem_set: str, student: str) -> dict[str, Any]:
    """What the graded notebook says of its grading; {} where there is none."""
    try:
        notebook: dict[str, Any] = json.loads(course.autograded_notebook(student, problem_set).read_bytes())
        record = notebook["metadata"]["gradus"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return record if isinstance(record, dict) else {}


def _question(
    cell: GradedCell, graded: Graded | None, recorded: dict[str, float | None], comments: dict[str, str | None]
) -> Question:
    verdict = graded.verdicts.get(cell.name, {}) if graded is not None else {}
    return Question(
        name=cell.name,
        points=cell.points,
        by_hand=cell.by_hand,
        given=graded.marks.get(cell.name) if graded is not None else None,
        recorded=recorded.get(cell.name),
        matched=verdict.get("matched", 0),
        asked=verdict.get("asked", 0),
        missing=tuple(verdict.get("missing", ())),
        misconception=graded.misconceptions.get(cell.name, "") if graded is not None else "",
        comment=(comments.get(cell.name) or "") if cell.by_hand else "",
        held=graded.held.get(cell.name) if graded is not None else None,
    )


def in_lines(told: Account) -> list[str]:
    """The account for a terminal."""
    lines = [f"{on_one_line(told.student)}, {told.problem_set}", f"File: {on_one_line(told.file)}"]
    if told.sha256:
        lines.append(f"      {told.size:,} bytes, SHA-256 {told.sha256}")
    lines += [f"      {printable(note)}" for note in told.notes]
    lines += [f"Handed in: {told.submitted}", *(f"      {printable(doubt)}" for doubt in told.doubts)]
    used = ", ".join(f"{name} {version}" for name, version in told.versions.items())
    if told.current:
        kept = f"Kept in {told.result}." if told.result else "Not kept: others may have slowed it, so it is run again."
        lines.append(f"Graded with seed {told.seed}; {used}. {kept}")
    else:
        lines.append(f"It {_EARLIER}. `gradus grade {told.problem_set}` grades it again.")
    lines += [f"Stated: {printable(problem)}" for problem in told.problems]
    for one in told.questions:
        lines += _of(one, told.current)
    late = f", less {told.late_penalty:g} for being late" if told.late_penalty else ""
    lines.append(f"Together {told.raw_score:g} of {sum(one.points for one in told.questions):g}{late}: {told.score:g}")
    return lines


def _of(one: Question, current: bool) -> list[str]:
    lines = [f"{one.name}: waits for a person, of {one.points:g}"]
    if one.recorded is not None:
        whose = f", from {one.by_whom}" if current else ""
        lines = [f"{one.name}: {one.recorded:g} of {one.points:g}{whose}"]
    if one.asked:
        missing = f"; not right: {', '.join(one.missing)}" if one.missing else ""
        lines.append(f"      {one.matched} of {one.asked} answers right{missing}")
    if one.misconception:
        lines.append(f"      known mistake: {one.misconception}")
    if current and one.given is not None and one.by_whom == "a person":
        lines.append(f"      the grader gave {one.given:g}")
    if one.held is not None:
        lines.append(f"      the mark from before the test was changed was kept; it gives {one.held:g} now")
    if one.comment:
        lines.append(f"      comment: {printable(one.comment)}")
    return lines
