"""What a grading run finds about one submission, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Graded:
    """One graded submission: what is kept on disk, and what the gradebook, the report and feedback are made from.

    `marks` has every graded cell; None waits for a person. `unanswered` says of each cell for answers whether it is
    as it was released. `verdicts` has, for each question, matched, asked and the
    text that the student reads. `misconceptions` names the known mistake that a question's answers show.
    """

    key: str
    seed: int
    versions: dict[str, str]
    problems: list[str]
    marks: dict[str, float | None]
    unanswered: dict[str, bool]
    verdicts: dict[str, dict[str, Any]]
    misconceptions: dict[str, str]
    notebook: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}
