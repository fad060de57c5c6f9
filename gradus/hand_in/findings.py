"""What was found in a notebook that is to be handed in: where, what, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of
from gradus.printable import printable


@dataclass(frozen=True)
class Finding:
    """One thing that was found: where, what, and the cure. Only a "problem" makes the notebook unfit.

    `unanswered` is set where nothing is wrong but a question has no answer yet.
    """

    kind: Literal["problem", "note"]
    where: str
    what: str
    cure: str
    unanswered: bool = False

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "where": self.where, "what": self.what, "cure": self.cure}


def cell_name(cells: list[Notebook], index: int) -> str:
    """A cell's number, counted from one as a reader would, and its label or its first line."""
    cell = cells[index]
    first_line = (source_of(cell).strip().splitlines() or ["empty"])[0][:40]
    return f"cell {index + 1} ({f'`{printable(label_of(cell))}`' if label_of(cell) else repr(first_line)})"
