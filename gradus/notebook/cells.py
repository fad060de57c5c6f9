"""What a cell is to nbgrader, to the student and to whoever marks; and how to name it."""

from __future__ import annotations

from typing import Any

from gradus.notebook.form import Notebook

MOST_SECONDS = 86_400  # that a budget may have: a day


def label_of(cell: Notebook) -> str:
    """The grade_id of a cell; "" when nbgrader does not know it, whatever stands in the place of its metadata."""
    label = nbgrader_of(cell).get("grade_id", "")
    return label if isinstance(label, str) else ""


def nbgrader_of(cell: Notebook) -> dict[str, Any]:
    """What nbgrader has written into a cell; nothing when it has not, or when what stands there is no such thing."""
    metadata = cell.get("metadata")
    entry = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return entry if isinstance(entry, dict) else {}


def is_answer(cell: Notebook) -> bool:
    """Whether the student writes in this cell."""
    return bool(nbgrader_of(cell).get("solution"))


def is_graded(cell: Notebook) -> bool:
    """Whether the cell carries points, tasks aside."""
    return bool(nbgrader_of(cell).get("grade"))


def is_task(cell: Notebook) -> bool:
    """Whether the cell carries points for what the student writes elsewhere."""
    return bool(nbgrader_of(cell).get("task"))


def is_written(cell: Notebook) -> bool:
    """Whether a person marks what the student writes in this cell."""
    return is_answer(cell) and is_graded(cell)


def has_points(cell: Notebook) -> bool:
    return is_graded(cell) or is_task(cell)


def is_by_hand(cell: Notebook) -> bool:
    """Whether it takes a person to mark a cell that has points."""
    return is_answer(cell) or is_task(cell)


def is_locked(cell: Notebook) -> bool:
    """Whether students are asked to leave the cell as it is."""
    return bool(nbgrader_of(cell).get("locked"))


def points_of(cell: Notebook) -> float:
    return float(nbgrader_of(cell).get("points") or 0)


def budget_of(cell: Notebook) -> float | None:
    """The processor seconds that a cell which was handed out may take, beside the limits for all; None without any.

    They stand in its metadata, `"gradus_budget": {"cpu_seconds": 600}`, and nowhere else.
    """
    metadata = cell.get("metadata")
    entry = metadata.get("gradus_budget") if isinstance(metadata, dict) else None
    seconds = entry.get("cpu_seconds") if isinstance(entry, dict) else None
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return float(seconds) if is_number and 0 < seconds < MOST_SECONDS else None  # type: ignore[operator,arg-type]


def kind_of(cell: Notebook) -> str:
    """What a cell is to nbgrader and the student: "test", "answer" (code), "written" (by hand), "text" or "code"."""
    code = cell["cell_type"] == "code"
    if is_answer(cell):
        return "answer" if code else "written"
    if is_graded(cell) and code:
        return "test"
    return "code" if code else "text"


def place_of(index: int, cell: Notebook) -> str:
    """How a finding names a cell: its number, counted from 1, and its label or id."""
    label = label_of(cell) or cell.get("id", "")
    return f"cell {index + 1} ({label})"
