"""What a grading run finds about one submission, as a plain value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Graded:
    """One graded submission: what is kept on disk, and what the gradebook, the report and feedback are made from.

    `marks` has every graded cell; None waits for a person. `unanswered` says of each cell for answers whether it is
    as it was released. `verdicts` has, for each question, matched, asked, `has_rule`
    (whether only edges of the rule are wrong), `missing` (which ideas are not right) and the text that the student
    reads. `misconceptions` names the known mistake that a question's answers show. `standing` says how its network does
    on held-out images, where a question asks for that. `run` is the key under which its run is kept, "" without one.
    `held` has what a changed test gives to questions for which the higher mark from before was kept.
    `behaviours` says how each question that is not right was answered, in numbers that can be compared; results of
    earlier versions have none.
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
    standing: dict[str, Any] = field(default_factory=dict)
    run: str = ""
    held: dict[str, float] = field(default_factory=dict)
    behaviours: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def graded_from(kept: Mapping[str, Any], key: str) -> Graded | None:
    """What `Graded.as_dict` gave, read back from a file; None when it is something else, or another one's.

    A disk may have damaged it, or a person changed it: it is then graded again.
    """
    try:
        graded = Graded(**kept)
    except TypeError:
        return None
    return graded if graded.key == key and _is_whole(graded) else None


def _is_whole(graded: Graded) -> bool:
    notebook = graded.notebook
    return (
        isinstance(notebook, dict)
        and isinstance(notebook.get("metadata"), dict)
        and isinstance(notebook.get("cells"), list)
        and all(map(_is_cell, notebook["cells"]))
        and type(graded.seed) is int
        and _is_mapping_to(graded.versions, str)
        and isinstance(graded.problems, list)
        and all(isinstance(problem, str) for problem in graded.problems)
        and isinstance(graded.marks, dict)
        and all(mark is None or (type(mark) in (int, float) and math.isfinite(mark)) for mark in graded.marks.values())
        and _is_mapping_to(graded.unanswered, bool)
        and _is_mapping_to(graded.verdicts, dict)
        and _is_mapping_to(graded.misconceptions, str)
        and _is_mapping_to(graded.seconds, (int, float))
        and _is_mapping_to(graded.standing, (int, float, str))
        and isinstance(graded.run, str)
        and _is_mapping_to(graded.held, (int, float))
        and _is_mapping_to(graded.behaviours, dict)
    )


def _is_cell(cell: Any) -> bool:
    outputs = cell.get("outputs", []) if isinstance(cell, dict) else None
    return (
        isinstance(outputs, list)
        and isinstance(cell.get("cell_type"), str)
        and isinstance(cell.get("source"), str)
        and isinstance(cell.get("metadata"), dict)
        and isinstance(cell["metadata"].get("nbgrader", {}), dict)
        and all(isinstance(output, dict) and isinstance(output.get("output_type"), str) for output in outputs)
    )


def _is_mapping_to(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, dict) and all(isinstance(entry, kinds) for entry in value.values())
