"""The marks of a class as `gradus grade --json` has written them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.errors import GradusError


@dataclass(frozen=True)
class Mark:
    """One student's: `score` is what counts, late days taken off, and None while something waits for a person."""

    student: str
    score: float | None
    raw_score: float
    late_penalty: float
    submitted: str
    questions: dict[str, float | None]
    problems: tuple[str, ...]
    verdicts: dict[str, str]


@dataclass(frozen=True)
class ClassMarks:
    """A problem set's: the points of each question, in order, and a mark a student."""

    problem_set: str
    points: dict[str, float]
    marks: list[Mark]

    @property
    def max_score(self) -> float:
        return sum(self.points.values())

    @property
    def waiting(self) -> list[str]:
        """The students of whom something is still to be marked by hand."""
        return [mark.student for mark in self.marks if mark.score is None]

    @classmethod
    def of(cls, content: dict[str, Any]) -> ClassMarks:
        """What `Report.as_dict` gives. Anything else raises ValueError, KeyError, TypeError or RecursionError."""
        points = {str(question["name"]): float(question["points"]) for question in content["questions"]}
        return cls(str(content["assignment"]), points, [_mark(one) for one in content["submissions"]])

    @classmethod
    def read(cls, path: Path) -> ClassMarks:
        """What `gradus grade PS --json FILE` wrote.

        Raises:
            GradusError: it cannot be read, or is something else.
        """
        try:
            return cls.of(json.loads(path.read_bytes()))
        except OSError as error:
            raise GradusError(
                f"{path} cannot be read ({error.strerror}): write it with `gradus grade --json`."
            ) from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise GradusError(f"{path} is not what `gradus grade PS --json FILE` writes.") from None


def _mark(one: dict[str, Any]) -> Mark:
    questions = {name: None if mark is None else float(mark) for name, mark in one["marks"].items()}
    score = float(one["score"])
    if not math.isfinite(score):
        raise ValueError(score)
    return Mark(
        str(one["student"]),
        None if None in questions.values() else score,
        float(one["raw_score"]),
        float(one["late_penalty"]),
        str(one["submitted"]),
        questions,
        tuple(map(str, one["problems"])),
        {name: str(verdict["text"]) for name, verdict in one["verdicts"].items()},
    )


def plain_number(value: float) -> str:
    """A mark without superfluous digits, with a point whatever the machine's language is."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
