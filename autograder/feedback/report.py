"""The outcome of a grading run: plain values, as JSON and as a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from autograder.nbgrader_bridge.gradebook import Question


@dataclass(frozen=True)
class Result:
    """One submission's outcome.

    `state` is "graded", or "problem": graded too, with `problems` stated in words for the student. `marks` has each
    question; None is to be marked by hand. `score` is their sum so far. `feedback` is the page's path, "" without one.
    `verdicts` has matched, asked and text for each question; `misconceptions` the known mistake that its answers show;
    `seconds` how long each phase took, when it was run in this course.
    """

    student: str
    state: str
    score: float
    marks: dict[str, float | None]
    problems: list[str]
    feedback: str
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A class's outcome; `failures` are sentences on what the run itself could not do, one for each submission hit,
    `skipped` sentences on what lies in `submitted/` and is no submission.

    `gradus grade --seed` with `seed` gives the same marks again, as long as `versions` are these.
    """

    assignment: str
    questions: list[Question]
    results: list[Result]
    failures: list[str]
    seed: int
    versions: dict[str, str]
    skipped: list[str] = field(default_factory=list)

    @property
    def max_score(self) -> float:
        return sum(question.points for question in self.questions)

    def as_dict(self) -> dict[str, Any]:
        """What `gradus grade --json` writes; its help has the fields."""
        return {
            "assignment": self.assignment,
            "max_score": self.max_score,
            "seed": self.seed,
            "versions": self.versions,
            "questions": [asdict(question) for question in self.questions],
            "submissions": [asdict(result) for result in self.results],
            "skipped": self.skipped,
        }


def show(report: Report, console: Console) -> None:
    """Print the table of marks, then every stated problem by student, what was skipped, and a line that sums up."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for number, question in enumerate(report.questions, 1):
        table.add_column(f"{number}\n/{question.points:g}", justify="right", no_wrap=True)
    table.add_column(f"total\n/{report.max_score:g}", justify="right", no_wrap=True)
    for result in report.results:
        marks = [_mark(result.marks[question.name], question) for question in report.questions]
        total = f"{_short(result.score)}{'*' if result.problems else ' '}"
        table.add_row(Text(_printable(result.student)), *marks, total)
    whole = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    console.print(table, width=max(whole, console.width), crop=False)  # a cut number would be a wrong number

    console.print(Columns([Text(f"{n} {question.name}") for n, question in enumerate(report.questions, 1)]))
    if any(question.by_hand for question in report.questions):
        console.print("hand: waits to be marked by hand, in formgrader", highlight=False)
    console.print()
    for result in report.results:
        for problem in result.problems:
            console.print(Text(_printable(f"* {result.student}: {problem}")), soft_wrap=True)
    for (asked, name), count in _misconceptions(report.results).most_common():
        console.print(Text(f"{asked}: {count} with the misconception {name.replace('_', ' ')!r}"), soft_wrap=True)
    for sentence in report.skipped:
        console.print(Text(_printable(f"! {sentence}")), soft_wrap=True)
    stated = sum(bool(result.problems) for result in report.results)
    console.print(f"{report.assignment}: {len(report.results)} graded, {stated} of them with a stated problem.")


def _printable(text: str) -> str:
    """Names and sentences quote what students wrote: nothing in them may steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _misconceptions(results: list[Result]) -> Counter[tuple[str, str]]:
    return Counter(item for result in results for item in result.misconceptions.items())


def _mark(mark: float | None, question: Question) -> str:
    if mark is None:
        return "hand" if question.by_hand else "-"
    return _short(mark)


def _short(mark: float) -> str:
    """With two decimals at most."""
    return f"{mark:.2f}".rstrip("0").rstrip(".")
