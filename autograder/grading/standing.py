"""The network of a submission as a class sees it: how well it does, what that cost, and the name that it goes by."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode

from autograder.records.execution import Execution
from gradus.notebook.cells import label_of

MOST_LETTERS = 24
_NAME = re.compile(r"^NAME_ON_THE_BOARD[ \t]*=[ \t]*([\"'])([^\"'\n]{0,200})\1", re.MULTILINE)
_LOOKED_THROUGH = 10_000  # characters of a cell


def cost_and_name(notebook: NotebookNode, execution: Execution) -> dict[str, Any]:
    """The processor seconds that cells with a budget took, and the name that stands in a cell of the student's own."""
    spent = [cell.ran for cell in execution.cells if cell.ran is not None]
    found: dict[str, Any] = {"cpu_seconds": round(sum(spent), 1)} if spent else {}
    for cell in notebook.cells:
        if cell["cell_type"] == "code" and not label_of(cell):
            for match in _NAME.finditer(cell["source"][:_LOOKED_THROUGH]):
                found["name"] = plain_name(match[2])
    return found


def plain_name(chosen: str) -> str:
    """A name without anything that could act, or be taken for something else, on a page; "" where nothing is left."""
    letters = "".join(each if each.isalnum() or each in " -'." else " " for each in chosen)
    return " ".join(letters.split())[:MOST_LETTERS].strip()


def in_a_sentence(standing: dict[str, Any]) -> str:
    """For the student, under the marks; "" where no network was judged."""
    if "accuracy" not in standing:
        return ""
    share, images = standing["accuracy"], standing["images"]
    cost = f", after {standing['cpu_seconds']:.0f} processor seconds of training" if "cpu_seconds" in standing else ""
    return f"Your network gets {share:.1%} of {images:,} held-out images right (± {standing['error_bar']:.1%}){cost}."
