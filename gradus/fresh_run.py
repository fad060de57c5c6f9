"""Run a notebook from top to bottom in a fresh kernel, and say which cells fail there and why."""

from __future__ import annotations

import ast
import copy
import os
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from gradus.errors import GradusError
from gradus.frames import label_of
from gradus.notebooks import Notebook, source_of

INSIDE = "GRADUS_PREFLIGHT"  # set in the kernel of such a run: a notebook that checks itself does not start another
KERNEL_TRIALS = 3  # two kernels that start at once may choose the same port, and one of them ends
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RESTART = "in JupyterLab, Kernel → Restart Kernel and Run All Cells… shows the same."

Found = tuple[Literal["problem", "note"], str, str, str]


def cell_name(cells: list[Notebook], index: int) -> str:
    """A cell's number, counted from one as a reader would, and its label or its first line."""
    cell = cells[index]
    first_line = (source_of(cell).strip().splitlines() or ["empty"])[0][:40]
    return f"cell {index + 1} ({f'`{label_of(cell)}`' if label_of(cell) else repr(first_line)})"


def run_findings(
    notebook: Notebook, path: Path, seconds: float, progress: Callable[[int, int], None] | None = None
) -> list[Found]:
    """What fails when a copy of `notebook` runs in a fresh kernel, in the folder of `path`, within `seconds`.

    Cells after a failed one are still run. NotImplementedError is a note: the question is not answered yet.

    Raises:
        GradusError: nbclient or the kernel is not installed.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise GradusError(f"{error.name} is not installed; `pip install nbclient ipykernel`, or --no-run.") from None
    copied = copy.deepcopy(notebook)
    for number, cell in enumerate(copied["cells"]):
        cell["id"] = f"cell-{number}"  # a copied cell has its model's id, which nbformat refuses
        cell["metadata"], cell["source"] = {}, source_of(cell)
    node = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": copied["cells"]})
    deadline = time.monotonic() + seconds
    environment = {**os.environ, INSIDE: "1", "GRADUS_QUIET": "1"}

    def started(kernel: ExitStack, trials: int = KERNEL_TRIALS) -> NotebookClient:
        client = NotebookClient(
            node,
            kernel_name="python3",
            timeout_func=lambda cell: max(0.1, deadline - time.monotonic()),
            allow_errors=True,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        try:
            kernel.enter_context(client.setup_kernel(env=environment))
        except RuntimeError:
            if trials == 1:
                raise
            return started(kernel, trials - 1)
        return client

    findings: list[Found] = []
    cells = notebook["cells"]
    index = 0
    try:
        with ExitStack() as kernel:
            client = started(kernel)
            for index, cell in enumerate(node.cells):
                client.execute_cell(cell, index)
                findings += _errors(cell, cells, index)
                if progress is not None:
                    progress(index + 1, len(cells))
    except CellTimeoutError:
        cure = f"find what takes so long, or give the run more time: --timeout {2 * seconds:.0f}."
        findings.append(("problem", cell_name(cells, index), f"the run was not over after {seconds:.0f} s.", cure))
    except (DeadKernelError, CellExecutionError, RuntimeError) as error:
        what = f"Python itself ended while this cell ran ({type(error).__name__})."
        findings.append(("problem", cell_name(cells, index), what, "it may need too much memory, or call exit()."))
    return findings


def _errors(cell: Any, cells: list[Notebook], index: int) -> list[Found]:
    where = cell_name(cells, index)
    found: list[Found] = []
    for output in cell.get("outputs", []):
        if output["output_type"] != "error":
            continue
        kind, message = output["ename"], _COLOUR.sub("", output["evalue"]).strip()
        short = f"{kind}: {message}"[:300]
        if kind == "NotImplementedError":
            cure = "fill the cell that says YOUR CODE HERE; as it is, this question earns nothing."
            found.append(("note", where, "it is not answered yet (NotImplementedError).", cure))
        elif kind == "NameError":
            found.append(
                ("problem", where, f"it does not run from the top: {short}.", _name_cure(message, cells, index))
            )
        elif kind == "AssertionError":
            found.append(("problem", where, f"a check fails: {message or 'no message'}"[:300], "mend what it tests."))
        elif kind == "StdinNotImplementedError":
            found.append(("problem", where, "it asks for input, and nobody is there to answer.", "take input() out."))
        else:
            found.append(("problem", where, f"it fails in a fresh kernel: {short}", _RESTART))
    return found


def _name_cure(message: str, cells: list[Notebook], index: int) -> str:
    name = re.search(r"name '(\w+)'", message)
    for later in range(index + 1, len(cells)):
        if name and cells[later].get("cell_type") == "code" and name[1] in _defined(source_of(cells[later])):
            return f"`{name[1]}` is made only in {cell_name(cells, later)}: move that cell up, or this one down."
    return f"nothing above makes it: a cell was deleted or renamed something. {_RESTART[0].upper()}{_RESTART[1:]}"


def _defined(source: str) -> set[str]:
    """The names that a cell makes at its top level: assignments, functions, classes, imports."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return set()
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return made
