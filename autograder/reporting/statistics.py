"""How a class did, in the numbers of test theory: distribution, difficulty, discrimination."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.records.report import GradedCell

FEWEST = 20  # students, for a correlation: of fewer, it is an accident
BINS = 10


@dataclass(frozen=True)
class QuestionFigures:
    """One question in a class.

    `marked` counts the students who have a mark for it, `waiting` those who wait for a person. `difficulty` is the mean
    share of its points that is earned, in [0, 1]: low is hard. `discrimination` is the correlation of that share with
    the points of all other questions (the item-rest correlation; with all or nothing, the point-biserial one), in
    [-1, 1]. None: with too few students, or where everybody has the same. `nobody` and `everybody` say that all are
    marked, and nobody earned anything, or everybody everything.
    """

    name: str
    points: float
    by_hand: bool
    marked: int
    waiting: int
    difficulty: float | None
    discrimination: float | None
    nobody: bool
    everybody: bool


def figures_of(
    questions: Sequence[GradedCell], marks: Mapping[str, Mapping[str, float | None]]
) -> list[QuestionFigures]:
    """The figures of each question, from the marks of each student; None waits for a person."""
    found = []
    for question in questions:
        given = {student: mark for student, of in marks.items() if (mark := of.get(question.name)) is not None}
        shares = [mark / question.points if question.points else 0.0 for mark in given.values()]
        rest = [sum(mark or 0.0 for name, mark in marks[student].items() if name != question.name) for student in given]
        is_whole = bool(shares) and question.points > 0 and len(given) == len(marks)
        found.append(
            QuestionFigures(
                name=question.name,
                points=question.points,
                by_hand=question.by_hand,
                marked=len(given),
                waiting=len(marks) - len(given),
                difficulty=sum(shares) / len(shares) if shares else None,
                discrimination=correlation(shares, rest),
                nobody=is_whole and not any(shares),
                everybody=is_whole and min(shares) >= 1,
            )
        )
    return found


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's; None with fewer than `FEWEST`, or where one of both does not vary."""
    if len(one) < FEWEST or np.ptp(one) < 1e-12 or np.ptp(other) < 1e-12:
        return None
    found = float(np.corrcoef(one, other)[0, 1])
    return found if math.isfinite(found) else None


def distribution(shares: Sequence[float]) -> list[int]:
    """How many of the class have 0 to 10 %, 10 to 20 % … of the points; all of them are in the last."""
    counts = [0] * BINS
    for share in shares:
        counts[min(max(int(share * BINS + 1e-9), 0), BINS - 1)] += 1
    return counts
