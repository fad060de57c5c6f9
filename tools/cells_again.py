"""Run each light cell of a chapter once more when the whole page has run: the same page must come of it.

A reader goes back, changes a line and runs a cell again. If a later cell has given one of its names to something else,
what he sees is wrong, or an error. So the chapter's own run ends with a cell of ours, which runs `run_again` in the
kernel: each cell once more, compared with what it printed first, and the code of the exercises' solutions, each in a
fork of its own. What comes of it is kept with the executed chapter, where `tests/test_cells_again.py` reads it.

A cell that took long is not run again, and a solution that takes long is stopped and named: each execution would pay
for it. A thorough run, `make thorough`, has next to no limits.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from run_again import MARK, NOISE, STOPPED

NAME = "cells-again"
EXERCISE = re.compile(r"^:::\{exercise\}", re.MULTILINE)
LABEL = re.compile(r"^:label: (\S+)", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """What is run again: cells that took so much processor time at most, and so much of each solution, in seconds."""

    light_seconds: float
    solution_seconds: int

    def covers(self, other: Limits) -> bool:
        return self.light_seconds >= other.light_seconds and self.solution_seconds >= other.solution_seconds


# A cell above the first is left to the static rule of `tests/test_cells_again.py`; a solution that still runs after the
# second is no mistake: some are experiments of minutes.
QUICK = Limits(0.5, 4)
THOROUGH = Limits(600.0, 1800)


def limits() -> Limits:
    """Those of this run: the environment says whether it is a thorough one."""
    return THOROUGH if os.environ.get("GRADUS_THOROUGH") else QUICK


class Closing:
    """The cell that ends a chapter's run: made when all others have run, and taken out again."""

    def __init__(self) -> None:
        self.limits = limits()
        self.found: dict[str, str] = {}  # by cell, what is not as it was
        self.unsolved: dict[str, str] = {}  # by exercise, the error with which its solution ends
        self.stopped: tuple[str, ...] = ()  # exercises whose solutions were not through when their time was over
        self.heavy: tuple[str, ...] = ()  # cells that took too long to be run twice

    def cell(self, cells: list[NotebookNode], seconds: dict[str, float]) -> NotebookNode:
        """Code that runs the light ones of the executed `cells` again; `seconds` of processor time by id of each."""
        most = self.limits.light_seconds
        light = [cell for cell in cells if seconds.get(cell.get("id", ""), most + 1) <= most]
        self.heavy = tuple(name for name, took in seconds.items() if took > most)
        told = [
            {"id": cell.id, "source": cell.source, "printed": printed(cell.outputs), "fails": fails(cell.outputs)}
            for cell in light
        ]
        tool = str(Path(__file__).resolve().with_name("run_again.py"))
        seconds_of_each = self.limits.solution_seconds
        work = json.dumps({"cells": told, "solutions": solutions_of(cells), "solution_seconds": seconds_of_each})
        code = f"__import__('runpy').run_path({tool!r})['run_again'](get_ipython(), {work!r})"
        return nbformat.v4.new_code_cell(code, id=NAME)

    def take_from(self, notebook: NotebookNode) -> None:
        """Take the cell out of an executed notebook, and note what it has said."""
        if not notebook.cells or notebook.cells[-1].get("id") != NAME:
            return
        outputs = notebook.cells.pop().outputs
        said = "".join(output.text for output in outputs if output.output_type == "stream").partition(MARK)[2]
        nothing = {"cells": {NAME: "the cells could not be run again"}, "solutions": {NAME: "no solution could be run"}}
        came = json.loads(said) if said else nothing
        self.found, came = came["cells"], came["solutions"]
        self.stopped = tuple(label for label, why in came.items() if why == STOPPED)
        self.unsolved = {label: why for label, why in came.items() if why != STOPPED}


def printed(outputs: list[Any]) -> str:
    """The words of a cell's outputs; what is shown as HTML (pictures, tables) is not compared."""
    words = [output.text if output.output_type == "stream" else _plain(output) for output in outputs]
    return NOISE.sub("", "".join(words)).strip()


def _plain(output: Any) -> str:
    if output.output_type != "execute_result" or "text/html" in output.data:
        return ""
    return str(output.data.get("text/plain", ""))


def fails(outputs: list[Any]) -> bool:
    return any(output.output_type == "error" for output in outputs)


def solutions_of(cells: list[Any]) -> dict[str, str]:
    """By the label of its exercise, the code that a page shows in exercise and solution, in its order."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell["cell_type"] != "markdown":
            continue
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        for exercise in EXERCISE.split(text)[1:]:
            label = LABEL.search(exercise)
            blocks = BLOCK.findall(exercise)
            if blocks:
                found.setdefault(label[1] if label else "without a label", []).extend(blocks)
    return {label: "\n".join(blocks) for label, blocks in found.items()}
