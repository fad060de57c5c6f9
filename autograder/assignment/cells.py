"""What a cell of a source notebook is, and how to name it."""

from __future__ import annotations

from gradus.notebook.form import Notebook
from gradus.notebook.frame import label_of


def kind_of(cell: Notebook) -> str:
    """What a cell is to nbgrader and the student: "test", "answer" (code), "written" (by hand), "text" or "code"."""
    metadata = cell["metadata"].get("nbgrader", {})
    code = cell["cell_type"] == "code"
    if metadata.get("solution"):
        return "answer" if code else "written"
    if metadata.get("grade") and code:
        return "test"
    return "code" if code else "text"


def place_of(index: int, cell: Notebook) -> str:
    """How a finding names a cell: its number, counted from 1, and its label or id."""
    label = label_of(cell) or cell.get("id", "")
    return f"cell {index + 1} ({label})"
