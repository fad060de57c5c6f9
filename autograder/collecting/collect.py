"""`gradus collect`: downloads of a learning platform into the course folder, and a word on every file."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.collecting.placing import place
from autograder.collecting.platforms import Handed, Nobodys, Who, handed_in, platform_of
from autograder.collecting.roster import Roster
from autograder.collecting.sources import Refused, files_in
from autograder.course import Course
from autograder.submissions.students import is_name, student_of
from autograder.submissions.written_times import WrittenTimeError, read_time
from gradus.errors import GradusError
from gradus.printable import on_one_line

NEW, AS_BEFORE, REPLACED, NOT_NEWEST, LEFT = "new", "as before", "replaced", "not the newest", "left"


@dataclass(frozen=True)
class Fate:
    """What became of one file. `student` is "" where it is nobody's; `why` says what cannot be seen from the state."""

    file: str
    state: str
    student: str = ""
    why: str = ""


@dataclass
class Collected:
    """What became of every file, in the order in which they were found, and what an instructor should look at."""

    problem_set: str
    fates: list[Fate] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)  # students whom the platform calls late without saying when
    missing: list[str] = field(default_factory=list)  # of the roster

    @property
    def students(self) -> list[str]:
        return sorted({fate.student for fate in self.fates if fate.state in (NEW, AS_BEFORE, REPLACED)})

    @property
    def left(self) -> list[Fate]:
        return [fate for fate in self.fates if fate.state == LEFT]


@dataclass
class _Attempt:
    """Files that one student has handed in together; `order` is how late this source was named."""

    files: list[Handed]
    order: int
    when: str

    @property
    def rank(self) -> tuple[int, str, str]:
        """The newest last. A time that a platform states orders attempts of one download only, as it writes them."""
        return self.order, self.when, self.files[0].attempt


def collect(
    course: Course, problem_set: str, sources: list[Path], roster: Roster | None = None, *, pretend: bool = False
) -> Collected:
    """Put what is in `sources` into `submitted/`, and say of each file what became of it.

    Of several attempts of one student in one download the newest counts; of several downloads, the one named last.

    Raises:
        GradusError: the problem set does not exist, a source cannot be read, or the course folder not be written.
    """
    course.require(problem_set)
    report = Collected(problem_set)
    attempts: dict[str, list[_Attempt]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="gradus-collect-") as folder:
        for order, source in enumerate(sources):
            copies = Path(folder, str(order))
            copies.mkdir()
            for student, attempt in _attempts_in(source, copies, order, problem_set, roster, report):
                attempts[student].append(attempt)
        for student in sorted(attempts):
            _place(course, student, problem_set, attempts[student], report, pretend)
    if roster is not None:
        handed = set(attempts)
        report.missing = [student.id for student in roster.students if student.id not in handed]
    return report


def _attempts_in(
    source: Path, copies: Path, order: int, problem_set: str, roster: Roster | None, report: Collected
) -> Iterator[tuple[str, _Attempt]]:
    found = []
    for file in files_in(source, copies):
        if isinstance(file, Refused):
            report.fates.append(Fate(_shown(source, file.parts), LEFT, why=file.reason))
        else:
            found.append(file)
    platform = platform_of(found)
    report.platforms.append(platform)
    told = handed_in(found, problem_set, platform)
    ids = _ids({one.who for one in told if isinstance(one, Handed)}, roster)
    together: dict[tuple[str, str], list[Handed]] = defaultdict(list)
    for one in told:
        shown = _shown(source, one.found.parts)
        if isinstance(one, Nobodys):
            report.fates.append(Fate(shown, LEFT, why=one.reason))
        elif isinstance(student := ids[one.who], Exception):
            report.fates.append(Fate(shown, LEFT, why=f"{on_one_line(str(one.who))!r} {student}"))
        else:
            together[student, one.attempt].append(one)
    for (student, _), files in together.items():
        yield student, _Attempt(files, order, files[0].when)


def _ids(whos: Iterable[Who], roster: Roster | None) -> dict[Who, str | GradusError]:
    """The id under which each is recorded, or why there is none.

    Without a roster it is what the platform calls them; two whom Canvas calls the same are told apart by its number.
    """
    ids: dict[Who, str | GradusError] = {}
    if roster is not None:
        for who in whos:
            try:
                ids[who] = roster.find(who) or GradusError("is not in the roster; add a line for them")
            except GradusError as several:
                ids[who] = several
        return ids
    called: dict[str, list[Who]] = defaultdict(list)
    for who in whos:
        called[student_of(who.sid or who.email.split("@")[0] or who.name).strip()].append(who)
    for name, same in called.items():
        for who in same:
            own = name if len(same) == 1 or not who.user else f"{name}-{who.user}"
            ids[who] = own if is_name(own) else GradusError("cannot be the name of a student's folder; give a roster")
    return ids


def _place(
    course: Course, student: str, problem_set: str, attempts: list[_Attempt], report: Collected, pretend: bool
) -> None:
    *older, newest = sorted(attempts, key=lambda attempt: attempt.rank)
    for attempt in older:
        report.fates += [Fate(_of(one), NOT_NEWEST, student) for one in attempt.files]
    when, doubt = _time(newest.when)
    try:
        placed = place(course, student, problem_set, newest.files, when, pretend=pretend)
    except GradusError as error:
        if error.__cause__ is not None:  # the disk: whatever comes next would fail as well
            raise
        report.fates += [Fate(_of(one), LEFT, student, str(error)) for one in newest.files]
        return
    why = doubt
    if placed.earlier is not None:
        why = "; ".join(filter(None, [doubt, f"what lay there is in {placed.earlier.relative_to(course.root)} now"]))
    report.fates += [Fate(_of(one), placed.state, student, why) for one in newest.files]
    if any(one.late for one in newest.files) and not when:
        report.late.append(student)


def _time(said: str) -> tuple[str, str]:
    """The time for `timestamp.txt`, or "" and why there is none."""
    if not said:
        return "", ""
    try:
        return f"{read_time(said).when:%Y-%m-%d %H:%M:%S} UTC", ""
    except WrittenTimeError as why:
        return "", f"its time, {on_one_line(said)[:60]!r}, {why}"


def _of(one: Handed) -> str:
    return on_one_line("/".join(one.found.parts))


def _shown(source: Path, parts: tuple[str, ...]) -> str:
    return on_one_line("/".join(parts) or source.name)
