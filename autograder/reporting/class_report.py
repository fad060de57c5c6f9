"""The report on a class, as plain values: from what the last run kept and what the gradebook says. Nothing is run."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autograder.assignment.jobs import Assignment, load_assignment
from autograder.course import Course
from autograder.gradebook.gradebook import all_marks, questions
from autograder.grading.kept_class import KeptClass, KeptSubmission, kept_class
from autograder.grouping.anonymous import handed_out_to_all
from autograder.grouping.command import group_as_dict, sentences
from autograder.grouping.groups import Group, groups_of
from autograder.misconceptions.jobs import test_of
from autograder.reporting.examples import Sources, examples
from autograder.reporting.lookalikes import Pair, lookalikes
from autograder.reporting.statistics import QuestionFigures, distribution, figures_of
from gradus.notebook.form import source_of

_SLOW = 3.0  # times what is usual in the class
_SLOW_SECONDS = 5.0  # and more than this
_MOST_TRIED = 3  # answers of a group that are looked at for an example
_NOT_GRADED = "not graded"
_LEFT_OUT = "what is stated is left out with the names"


@dataclass(frozen=True)
class ShownGroup:
    """A group, and an answer of it without its author; "" where none can be shown."""

    group: Group
    example: str


@dataclass(frozen=True)
class ClassReport:
    """How a class did. Students go by their names, or by numbers where names are left out.

    `shares` has what of all points each earned so far. `broken` has the problems that were stated of a submission, and
    `slow` the seconds of those that took far longer than is usual.
    """

    problem_set: str
    anonymous: bool
    students: int
    max_score: float
    shares: list[float]
    questions: list[QuestionFigures]
    groups: list[ShownGroup]
    broken: list[tuple[str, list[str]]]
    slow: list[tuple[str, float]]
    usual_seconds: float
    lookalikes: list[Pair]
    notes: list[str]

    @property
    def distribution(self) -> list[int]:
        """How many have each tenth of the points."""
        return distribution(self.shares)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "problem_set": self.problem_set,
            "anonymous": self.anonymous,
            "students": self.students,
            "max_score": self.max_score,
            "distribution": self.distribution,
            "questions": [asdict(question) for question in self.questions],
            "groups": [{**group_as_dict(shown.group), "example": shown.example} for shown in self.groups],
            "broken": [{"student": student, "problems": problems} for student, problems in self.broken],
            "slow": [{"student": student, "seconds": seconds} for student, seconds in self.slow],
            "lookalikes": [asdict(pair) for pair in self.lookalikes],
            "notes": self.notes,
        }


def class_report(course: Course, problem_set: str, without_names: bool = False) -> ClassReport:
    """The report on one problem set.

    Args:
        without_names: give students numbers, in an order that says nothing, and leave out what may name them.

    Raises:
        GradusError: there is no such problem set, or nothing was graded yet.
    """
    kept = kept_class(course, problem_set)
    assignment = load_assignment(course, problem_set)
    called = _numbers(kept) if without_names else {one.student: one.student for one in kept.submissions}
    recorded = all_marks(course, problem_set)
    marks = {called[one.student]: recorded.get(one.student, one.graded.marks) for one in kept.submissions}
    cells = questions(course, problem_set)
    most = sum(cell.points for cell in cells)
    found = groups_of({called[one.student]: one.graded for one in kept.submissions}, assignment.points)
    usual, slow = _slow(kept, called)
    return ClassReport(
        problem_set=problem_set,
        anonymous=without_names,
        students=len(kept.submissions),
        max_score=most,
        shares=[sum(mark or 0.0 for mark in of.values()) / most if most else 0.0 for of in marks.values()],
        questions=figures_of(cells, marks),
        groups=_shown(found.groups, kept, called, assignment),
        broken=_broken(kept, called, without_names),
        slow=slow,
        usual_seconds=usual,
        lookalikes=_alike(kept, called, assignment),
        notes=sentences(kept, found),
    )


def _numbers(kept: KeptClass) -> dict[str, str]:
    """A number for each student, in the order of a hash: that of the alphabet would say who is who."""

    def place(one: KeptSubmission) -> str:
        return hashlib.sha256(f"{one.graded.seed} {one.student}".encode("utf-8", "surrogatepass")).hexdigest()

    return {one.student: f"student {number}" for number, one in enumerate(sorted(kept.submissions, key=place), 1)}


def _shown(groups: list[Group], kept: KeptClass, called: Mapping[str, str], assignment: Assignment) -> list[ShownGroup]:
    tests = test_of(assignment.source)
    code = {called[one.student]: one.code for one in kept.submissions}
    of = []
    for group in groups:
        answers = [
            (question, source)
            for question, test in tests.items()
            if test == group.question
            for student in group.students[:_MOST_TRIED]
            if (source := code[student].get(question, ""))
        ]
        if not group.is_unanswered:
            of.append(Sources(group.name, tuple(answers)))
    found = examples(of, handed_out_to_all(assignment.source, assignment.released)) if of else {}
    return [ShownGroup(group, found.get(group.name, "")) for group in groups]


def _broken(kept: KeptClass, called: Mapping[str, str], without_names: bool) -> list[tuple[str, list[str]]]:
    """What was stated of submissions; it may name files, and so people."""
    said: Callable[[list[str]], list[str]] = (lambda problems: [_LEFT_OUT]) if without_names else list
    stated = [(called[one.student], said(one.graded.problems)) for one in kept.submissions if one.graded.problems]
    refused = [(_NOT_GRADED if without_names else student, said([why])) for student, why in kept.obstacles.items()]
    return sorted(stated) + sorted(refused)


def _slow(kept: KeptClass, called: Mapping[str, str]) -> tuple[float, list[tuple[str, float]]]:
    """The seconds that are usual, and those who took far longer, the slowest first."""
    seconds = {called[one.student]: float(one.graded.seconds.get("total", 0.0)) for one in kept.submissions}
    usual = statistics.median(seconds.values())
    slow = {student: took for student, took in seconds.items() if took > max(_SLOW * usual, _SLOW_SECONDS)}
    return usual, sorted(slow.items(), key=lambda one: (-one[1], one[0]))


def _alike(kept: KeptClass, called: Mapping[str, str], assignment: Assignment) -> list[Pair]:
    answers = test_of(assignment.source)
    code = {
        called[one.student]: {question: source for question, source in one.code.items() if question in answers}
        for one in kept.submissions
    }
    handed_out = [source_of(cell) for cell in assignment.released.cells if cell["cell_type"] == "code"]
    return lookalikes(code, handed_out)
