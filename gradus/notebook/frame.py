"""The frame of a problem set: the labelled cells that were handed out, and what must still be true of them.

A release carries its own frame in its metadata, so that a student who has nothing but the one file can check it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

from gradus.notebook.cells import budget_of, is_answer, is_graded, label_of
from gradus.notebook.form import Notebook, source_of

KEY = "gradus_frame"
_NAME = re.compile(r"\w[\w.-]{0,49}")  # of a problem set: a folder and a file are looked for under it


@dataclass(frozen=True)
class FramedCell:
    """One labelled cell, as it was handed out."""

    label: str  # nbgrader's grade_id
    cell_id: str  # nbformat's id
    kind: str  # "code" or "markdown"
    sort: str  # "answer", "test", or "given" for what tests need
    digest: str  # of the source as it was handed out; "-" for answers of releases that did not say

    @property
    def called(self) -> str:
        return {"answer": "answer cell", "test": "test cell"}.get(self.sort, "cell")


@dataclass(frozen=True)
class ReleasedFrame:
    """A problem set's name and its labelled cells, in order; the digests of its texts, which have no label; and the
    processor seconds of the cells that have a budget of their own.

    What a text said when it was handed out is not a student's words, also when it says something else today.
    """

    name: str
    cells: tuple[FramedCell, ...]
    texts: frozenset[str] = frozenset()  # none in releases that did not say
    budgets: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def as_dict(self) -> dict[str, object]:
        cells = [" ".join(asdict(cell).values()) for cell in self.cells]
        whole = {"name": self.name, "cells": cells, "texts": " ".join(sorted(self.texts))}
        return whole | ({"budgets": dict(self.budgets)} if self.budgets else {})


def digest_of(cell: Notebook) -> str:
    """Sixteen hexadecimal digits for a cell's source; white space at the ends of lines does not count."""
    lines = "\n".join(line.rstrip() for line in source_of(cell).strip().splitlines())
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def frame_of(name: str, released: Notebook) -> ReleasedFrame:
    """The frame of a problem set, from the notebook that is handed out."""
    cells = released["cells"]
    texts = frozenset(digest_of(cell) for cell in cells if cell["cell_type"] != "code" and not label_of(cell))
    budgets = {label_of(cell): seconds for cell in cells if label_of(cell) and (seconds := budget_of(cell))}
    return ReleasedFrame(name, tuple(_framed(cell) for cell in cells if label_of(cell)), texts, budgets)


def recorded_frame(notebook: Notebook) -> ReleasedFrame | None:
    """The frame that a notebook carries; `None` when it carries none, or one that cannot be read."""
    try:
        recorded = notebook["metadata"][KEY]
        name, cells = recorded["name"], tuple(FramedCell(*line.split(" ")) for line in recorded["cells"])
        texts = frozenset(recorded.get("texts", "").split())
        budgets = {str(label): float(seconds) for label, seconds in recorded.get("budgets", {}).items()}
        return ReleasedFrame(name, cells, texts, budgets) if _NAME.fullmatch(name) else None
    except (KeyError, TypeError, AttributeError, ValueError):
        return None


def _framed(cell: Notebook) -> FramedCell:
    sort = "answer" if is_answer(cell) else "test" if is_graded(cell) else "given"
    return FramedCell(label_of(cell), str(cell.get("id", "")), cell["cell_type"], sort, digest_of(cell))
