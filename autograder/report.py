"""The outcome of a grading run: plain values, as JSON and as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from autograder.gradebook import Question


@dataclass(frozen=True)
class Result:
    """One submission's outcome.

    `state` is "graded", or "problem": graded too, with `problems` stated in words for the student. `marks` has each
    question; None is to be marked by hand. `score` is their sum so far. `feedback` is the page's path, "" without one.
    """

    student: str
    state: str
    score: float
    marks: dict[str, float | None]
    problems: list[str]
    feedback: str


@dataclass(frozen=True)
class Report:
    """A class's outcome; `failures` are sentences on what the run itself could not do, one for each submission hit."""

    assignment: str
    questions: list[Question]
    results: list[Result]
    failures: list[str]

    @property
    def max_score(self) -> float:
        return sum(question.points for question in self.questions)

    def as_dict(self) -> dict[str, Any]:
        """What `gradus grade --json` writes: assignment, max_score, questions (name, points, by_hand), submissions."""
        return {
            "assignment": self.assignment,
            "max_score": self.max_score,
            "questions": [asdict(question) for question in self.questions],
            "submissions": [asdict(result) for result in self.results],
        }


def show(report: Report, console: Console) -> None:
    """Print the table of marks, then every stated problem by student, then a line that sums up."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for number, question in enumerate(report.questions, 1):
        table.add_column(f"{number}\n/{question.points:g}", justify="right", no_wrap=True)
    table.add_column(f"total\n/{report.max_score:g}", justify="right", no_wrap=True)
    for result in report.results:
        marks = [_mark(result.marks[question.name], question) for question in report.questions]
        table.add_row(Text(result.student), *marks, f"{result.score:g}{'*' if result.problems else ' '}")
    whole = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    console.print(table, width=max(whole, console.width), crop=False)  # a cut number would be a wrong number

    console.print(Columns([Text(f"{n} {question.name}") for n, question in enumerate(report.questions, 1)]))
    if any(question.by_hand for question in report.questions):
        console.print("hand: waits to be marked by hand, in formgrader", highlight=False)
    console.print()
    for result in report.results:
        for problem in result.problems:
            console.print(Text(f"* {result.student}: {problem}"), soft_wrap=True)
    stated = sum(bool(result.problems) for result in report.results)
    console.print(f"{report.assignment}: {len(report.results)} graded, {stated} of them with a stated problem.")


def _mark(mark: float | None, question: Question) -> str:
    if mark is None:
        return "hand" if question.by_hand else "-"
    return f"{mark:g}"
