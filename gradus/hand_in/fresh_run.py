"""Run a notebook from top to bottom as the grader does: in a fresh kernel, alone in its folder, without a GPU."""

from __future__ import annotations

import copy
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import Any, Literal

from gradus.errors import GradusError
from gradus.notebook.form import Notebook, source_of

INSIDE = "GRADUS_PREFLIGHT"  # set in the kernel of such a run: a notebook that checks itself does not start another
KERNEL_TRIALS = 3  # two kernels that start at once may choose the same port, and one of them ends
BUDGET_FACTOR = 2.0  # by the wall clock, how many times its budget a cell may take here
_NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
_NO_NETWORK = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
_STEERING = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# Runs in the kernel before the first cell. What the notebook imports and the grader lacks is not there, nor what lies
# in a folder that a cell adds to `sys.path` (a mounted drive); what the cells write themselves is. The grader has torch
# imported before a notebook starts, so that no cell's time is the import's.
_WALL = """
def wall(lacking, with_torch):
    import os, sys
    from importlib.machinery import PathFinder
    known = [os.path.abspath(folder) for folder in sys.path]

    class Wall:
        @staticmethod
        def find_spec(name, path=None, target=None):
            folders = [os.path.abspath(folder) for folder in sys.path if isinstance(folder, str) and path is None]
            added = [folder for folder in folders if not folder.startswith(tuple(known))]
            only_there = added and not PathFinder.find_spec(name, known) and PathFinder.find_spec(name, added)
            if name in lacking or only_there:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    if with_torch:
        import torch
        if sys.platform == "darwin":
            torch.backends.mps.is_available = lambda: False
    sys.meta_path.insert(0, Wall)
wall(%r, %r)
del wall
"""


_ASKS = "__import__('sys').stdout.write(str(__import__('time').process_time()));"


@dataclass(frozen=True)
class CellError:
    """An exception that a cell ended with."""

    index: int  # of the cell
    kind: str  # the exception's name
    message: str
    raised_in: int | None  # the cell whose code raised it; None for code that is in no cell
    line: int | None = None  # in that cell


@dataclass(frozen=True)
class FreshRun:
    """What happened. `seconds` has an entry for each cell that was run to its end.

    `ended` says which cell the run ended in, where it ended early: because the time was over, or with Python itself.
    """

    errors: tuple[CellError, ...]
    seconds: dict[int, float]
    made: frozenset[str]  # the names of the files that the cells wrote
    limit: float  # seconds that the whole run had, or the cell with a budget of its own in which it ended
    spent: Mapping[int, float] = field(default_factory=dict)  # processor seconds of the cells with a budget
    ended: tuple[int, Literal["time", "dead"]] | None = None


def run_from_top(
    notebook: Notebook,
    seconds: float,
    lacking: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
    budgets: Mapping[int, float] | None = None,
) -> FreshRun:
    """Run a copy of `notebook` within `seconds`; cells after a failed one are still run. No file of it changes.

    Args:
        lacking: modules that the grader does not have, with dots: importing one fails.
        progress: called with the number of cells done and of all.
        budgets: processor seconds of cells, by index, that have their own beside the limit for all.

    Raises:
        GradusError: nbclient or the kernel is not installed.
    """
    with TemporaryDirectory(prefix="gradus-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch, "empty")
        folder.mkdir()
        return _run(notebook, seconds, folder, Path(scratch, "ipython"), list(lacking), progress, budgets or {})


def _run(
    notebook: Notebook,
    seconds: float,
    folder: Path,
    settings: Path,
    lacking: list[str],
    progress: Callable[[int, int], None] | None,
    budgets: Mapping[int, float],
) -> FreshRun:
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise GradusError(f"{error.name} is not installed; `pip install nbclient ipykernel`, or --no-run.") from None
    copied = copy.deepcopy(notebook["cells"])
    for number, cell in enumerate(copied):
        cell["id"] = f"cell-{number}"  # a copied cell has its model's id, which nbformat refuses
        cell["metadata"], cell["source"] = {}, source_of(cell).encode("utf-8", "replace").decode()
        cell["outputs"] = []
    node = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": copied})
    deadline = time.monotonic() + seconds
    # The grader has no start-up files of anybody's IPython either.
    environment = {
        **os.environ,
        **_NO_GPU,
        **_NO_NETWORK,
        "IPYTHONDIR": str(settings),
        INSIDE: "1",
        "GRADUS_QUIET": "1",
    }

    def started(kernel: ExitStack, trials: int = KERNEL_TRIALS) -> NotebookClient:
        client = NotebookClient(
            node,
            kernel_name="python3",
            timeout_func=lambda cell: max(0.1, deadline - time.monotonic()),
            allow_errors=True,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            # What the kernel itself says, when it is ended in the middle of a cell, is nobody's to read.
            kernel.enter_context(client.setup_kernel(env=environment, stdout=DEVNULL, stderr=DEVNULL))
        except RuntimeError:
            if trials == 1:
                raise
            return started(kernel, trials - 1)
        with_torch = find_spec("torch") is not None and any("torch" in cell.source for cell in node.cells)
        first = nbformat.v4.new_code_cell(_WALL % (lacking, with_torch))
        node.cells.append(first)  # nbclient puts what it has run into the notebook
        client.execute_cell(first, len(node.cells) - 1, store_history=False)
        node.cells.pop()
        return client

    errors: list[CellError] = []
    took: dict[int, float] = {}
    spent: dict[int, float] = {}
    limit = seconds
    ended: tuple[int, Literal["time", "dead"]] | None = None
    index = 0
    try:
        with ExitStack() as kernel:
            client = started(kernel)
            for index, cell in enumerate(node.cells):
                began, until, limit = time.monotonic(), deadline, seconds
                if index in budgets:
                    limit = BUDGET_FACTOR * budgets[index]
                    deadline, before = began + limit, _processor_seconds(client, node)
                client.execute_cell(cell, index)
                if cell.cell_type == "code":
                    took[index] = time.monotonic() - began
                if index in budgets:
                    spent[index] = _processor_seconds(client, node) - before
                    deadline = until + took[index]
                errors += _errors(node.cells, index)
                if progress is not None:
                    progress(index + 1, len(copied))
    except CellTimeoutError:
        ended = index, "time"
    except (DeadKernelError, CellExecutionError, RuntimeError):
        ended = index, "dead"
    made = frozenset(path.name for path in folder.rglob("*"))
    return FreshRun(tuple(errors), took, made, limit, spent, ended)


def _processor_seconds(client: Any, node: Any) -> float:
    """What the kernel has taken of all processors so far."""
    asks = copy.deepcopy(node.cells[-1])
    asks.update(cell_type="code", outputs=[], execution_count=None, source=_ASKS)
    node.cells.append(asks)
    try:
        client.execute_cell(asks, len(node.cells) - 1, store_history=False)
        return float(asks["outputs"][0]["text"])
    except (LookupError, ValueError):  # something of the notebook's speaks in its place
        return 0.0
    finally:
        node.cells.pop()


def _errors(cells: list[Any], index: int) -> list[CellError]:
    found = []
    for output in cells[index].get("outputs", []):
        if output["output_type"] == "error":
            trace = _STEERING.sub("", "\n".join(output["traceback"]))
            message = " ".join(_STEERING.sub("", output["evalue"]).split())
            found.append(CellError(index, output["ename"], message, *_raised_in(cells, trace)))
        elif output["output_type"] == "stream" and output["text"].startswith("UsageError: "):
            # A magic that is not there, or is used wrongly: IPython stops the cell, and says so on stderr alone.
            found.append(CellError(index, "UsageError", " ".join(output["text"].split())[12:], index))
    return found


def _raised_in(cells: list[Any], trace: str) -> tuple[int | None, int | None]:
    """The cell and the line in it that IPython's traceback ends in; None and None when that is code of a package."""
    frames = re.findall(r"^(?:Cell In\[(\d+)\], line (\d+)|File .*)", trace, re.MULTILINE)
    if not frames or not frames[-1][0]:
        return None, None
    counts = [cell.get("execution_count") for cell in cells]
    count, line = map(int, frames[-1])
    return (counts.index(count), line) if count in counts else (None, None)
