"""Run each light cell of a chapter once more when the whole page has run: the same page must come of it.

A reader goes back, changes a line and runs a cell again. If a later cell has given one of its names to something else,
what he sees is wrong, or an error. So the chapter's own run ends with a cell of ours, which forks the kernel for each
cell, runs the cell in the fork and compares what it prints with what it printed first. What comes of it is kept with
the executed chapter, where `tests/test_cells_again.py` reads it. The same cell runs the code of the exercises'
solutions, each exercise in a fork of its own, and keeps the error with which one ends; one that is not through after
some seconds is stopped, and named.

Cells that measure print other numbers each time: where a clock is read, or two forks of one moment do not agree,
numbers are not compared. Nor are they in a chapter that runs alone, on several threads: a fork has one.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

LIGHT_SECONDS = 2.0  # what took longer is left to the static rule of `tests/test_cells_again.py`
HUNG_SECONDS = 60
SOLUTION_SECONDS = 20  # a solution that still runs then is no mistake: some are experiments of minutes
NAME = "cells-again"
STOPPED = "ran for too long"
MARK = "cells-again:"
# Colours, addresses, temporary files, and times with their unit.
NOISE = re.compile(r"\x1b\[[0-9;]*m|0x[0-9a-f]+|\S*(?:/tmp|/var/folders)/\S*|\b\d[\d,.]* ?(?:s|ms|µs)\b")
CLOCK = re.compile(r"\b(?:timeit|repeat|perf_counter|seconds_\w+)\(")
EXERCISE = re.compile(r"^:::\{exercise\}", re.MULTILINE)
LABEL = re.compile(r"^:label: (\S+)", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


class Closing:
    """The cell that ends a chapter's run: made when all others have run, and taken out again."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}  # by cell, what is not as it was
        self.unsolved: dict[str, str] = {}  # by exercise, the error with which its solution ends
        self.stopped: tuple[str, ...] = ()  # exercises whose solutions were not through when their time was over
        self.heavy: tuple[str, ...] = ()  # cells that took too long to be run twice

    def cell(self, cells: list[NotebookNode], seconds: dict[str, float]) -> NotebookNode:
        """Code that runs the light ones of the executed `cells` again; `seconds` says by id what each took."""
        light = [cell for cell in cells if seconds.get(cell.get("id", ""), LIGHT_SECONDS + 1) <= LIGHT_SECONDS]
        self.heavy = tuple(name for name, took in seconds.items() if took > LIGHT_SECONDS)
        told = [
            {"id": cell.id, "source": cell.source, "printed": printed(cell.outputs), "fails": fails(cell.outputs)}
            for cell in light
        ]
        tool = str(Path(__file__).resolve())
        work = json.dumps({"cells": told, "solutions": solutions_of(cells)})
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


def run_again(shell: Any, work: str) -> None:
    """In the chapter's kernel: run each cell and each solution in a fork, and print what is not as it should be."""
    told = json.loads(work)
    cells = {cell["id"]: _difference(shell, cell) for cell in told["cells"]}
    solutions = {label: _in_a_fork(shell, source, SOLUTION_SECONDS)[1] for label, source in told["solutions"].items()}
    found = {"cells": cells, "solutions": solutions}
    print(MARK + json.dumps({kind: {name: why for name, why in of.items() if why} for kind, of in found.items()}))


def _difference(shell: Any, cell: dict[str, Any]) -> str:
    text, error, measured = _in_a_fork(shell, cell["source"])
    if bool(error) != cell["fails"]:
        return error or "ends without the error that it had"
    if text == cell["printed"]:
        return ""
    if (
        measured
        or CLOCK.search(cell["source"])
        or _adds_in_another_order()
        or _in_a_fork(shell, cell["source"])[0] != text
    ):
        text, cell["printed"] = NUMBER.sub("#", text), NUMBER.sub("#", cell["printed"])
        text, cell["printed"] = re.sub(r"\s+", " ", text), re.sub(r"\s+", " ", cell["printed"])
        if text == cell["printed"]:
            return ""
    pairs = zip([*cell["printed"].splitlines(), ""], [*text.splitlines(), ""], strict=False)
    first, again = next((pair for pair in pairs if pair[0] != pair[1]), (cell["printed"], text))
    return f"printed {first!r} first, and {again!r} again"


def _adds_in_another_order() -> bool:
    """Whether this process shares sums among threads, which a fork does not have: last digits differ then."""
    return "torch" in sys.modules and sys.modules["torch"].get_num_threads() > 1


def _in_a_fork(shell: Any, source: str, seconds: int = HUNG_SECONDS) -> tuple[str, str, bool]:
    """What the cell prints in a copy of this process, the error with which it ends, if it does, and whether anything
    looked at a clock."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(seconds)
        _run_and_tell(shell, source, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return "", STOPPED, False
    if not said:
        return "", "ended its process", False
    text, error, measured = json.loads(said)
    return text, error, measured


def _run_and_tell(shell: Any, source: str, writing: int) -> None:
    """Run the cell here, in the fork, write what it printed and its error as JSON, and end."""
    from IPython.core.displaypub import CapturingDisplayPublisher

    words = io.StringIO()
    try:
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # a fork has none of the threads of its parent
        sys.stdout = sys.stderr = words
        shell.display_pub = CapturingDisplayPublisher()
        sys.displayhook = shell.displayhook = shell.display_trap.hook = _Words(source)
        shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None
        looks = _watch_the_clocks()
        ended = shell.run_cell(source, store_history=False)
        trouble = ended.error_before_exec or ended.error_in_exec
        told: list[Any] = [
            NOISE.sub("", words.getvalue()).strip(),
            f"{type(trouble).__name__}: {trouble}"[:300] if trouble else "",
            bool(looks),
        ]
    except BaseException as trouble:
        told = ["", f"{type(trouble).__name__}: {trouble}"[:300], False]
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(told).encode())
    os._exit(0)


def _watch_the_clocks() -> list[str]:
    """A list that gets the name of each of `time`'s clocks that is read from now on."""
    looks: list[str] = []

    def noting(name: str, clock: Any) -> Any:
        def read() -> Any:
            looks.append(name)
            return clock()

        return read

    for name in ("time", "perf_counter", "monotonic", "process_time"):
        setattr(time, name, noting(name, getattr(time, name)))
    return looks


class _Words:
    """A display hook that prints a result, as `printed` reads it from the outputs."""

    is_active = False
    exec_result = None

    def __init__(self, source: str) -> None:
        self.quiet = source.rstrip().endswith(";")

    def __call__(self, result: Any = None) -> None:
        if result is not None and not self.quiet:
            from IPython import get_ipython

            data, _ = get_ipython().display_formatter.format(result)
            print("" if "text/html" in data else data.get("text/plain", ""), end="")
