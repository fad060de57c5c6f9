"""The outcome of a grading run: plain values, which `gradus grade --json` writes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class GradedCell:
    """One graded cell: nbgrader's name of it, its points, and whether a person marks it."""

    name: str
    points: float
    by_hand: bool


@dataclass(frozen=True)
class Result:
    """One submission's outcome.

    `state` is "graded", or "problem": graded too, with `problems` stated in words. `marks` has each question; None is
    to be marked by hand. `raw_score` is their sum so far, `late_penalty` what of it is lost for being late, and `score`
    what is left, as in nbgrader's export. `submitted` is when it was handed in, ISO 8601 in UTC, "" when not known.
    `feedback` is the page's path, "" without one. `verdicts` has matched, asked, has_rule, missing and text for each
    question;
    `misconceptions` the known mistake that its answers show; `seconds` how long each phase took, when it was run in
    this course; `standing` accuracy, error_bar, images, cpu_seconds, parameters and name on the leaderboard, of a set
    that has one.
    """

    student: str
    state: str
    score: float
    marks: dict[str, float | None]
    problems: list[str]
    feedback: str
    raw_score: float = 0.0
    late_penalty: float = 0.0
    submitted: str = ""
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    misconceptions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    standing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A class's outcome; `failures` are sentences on what the run itself could not do, one for each submission hit,
    `skipped` sentences on what lies in `submitted/` and is no submission, `notes` sentences on the run as a whole.

    `gradus grade --seed` with `seed` gives the same marks again, as long as `versions` are these.
    """

    assignment: str
    questions: list[GradedCell]
    results: list[Result]
    failures: list[str]
    seed: int
    versions: dict[str, str]
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
            "notes": self.notes,
        }
