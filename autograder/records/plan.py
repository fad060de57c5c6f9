"""What a regrade would change, as plain values, which `gradus regrade --json` writes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Way = Literal["rises", "falls", "new", "person"]


@dataclass(frozen=True)
class Change:
    """What has become different since the last run, in a sentence, and the question that it is about; "" for all."""

    question: str
    text: str


@dataclass(frozen=True)
class Move:
    """A mark that moves.

    `before` is the one that the grader has given, None where it gave none; `after` is the one that it gives now. `way`
    is "rises", "falls", "new" for who was not graded before, or "person" where a mark that was given by hand stands in
    the gradebook and stays there. `verdict_before` and `verdict_after` are the words that the student reads, "" where
    they are not known; `why` says it in short.
    """

    student: str
    question: str
    before: float | None
    after: float
    way: Way
    why: str
    verdict_before: str = ""
    verdict_after: str = ""
    by_hand: float | None = None


@dataclass(frozen=True)
class Plan:
    """All of it.

    `totals` has what each student who is in `moves` has in the gradebook and would have, late days not taken off.
    `ran` counts submissions of which nothing, a part or everything was run. `failures` says of students why there is no
    final result, so that what is recorded stays; `notes` are sentences on the whole.
    """

    assignment: str
    submissions: int
    changes: list[Change]
    moves: list[Move]
    totals: dict[str, tuple[float, float]]
    max_score: tuple[float, float]
    ran: dict[str, int]
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def students(self, *ways: Way) -> list[str]:
        """Who has such a move."""
        return list(dict.fromkeys(move.student for move in self.moves if move.way in ways))

    @property
    def summary(self) -> dict[str, int]:
        """How many students have no move, one that rises, one that falls, and so on; some are in two of these."""
        failed = len(self.failures)
        return {
            "unchanged": self.submissions - len({move.student for move in self.moves}) - failed,
            "rise": len(self.students("rises")),
            "fall": len(self.students("falls")),
            "new": len(self.students("new")),
            "needs_a_person": len(self.students("person")) + failed,
        }

    def as_dict(self) -> dict[str, Any]:
        """What `gradus regrade --json` writes."""
        return {
            "assignment": self.assignment,
            "submissions": self.submissions,
            "max_score": {"before": self.max_score[0], "after": self.max_score[1]},
            "changes": [asdict(change) for change in self.changes],
            "moves": [asdict(move) for move in self.moves],
            "totals": {student: {"before": b, "after": a} for student, (b, a) in self.totals.items()},
            "summary": self.summary,
            "ran": self.ran,
            "failures": self.failures,
            "notes": self.notes,
        }
