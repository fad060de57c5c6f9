"""Run a submission in a kernel of its own, for nbgrader. (The stage that a sandboxed engine is to replace.)

nbgrader's own stage, with what it lacks: a cell that kills Python or cannot be stopped costs that cell and not the
submission; the whole run has a limit; the kernel works in an empty folder; and in test cells only an error counts.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import preprocessors
from nbgrader.utils import is_grade
from traitlets import Integer

from autograder.record import with_note

RESTARTS = 3
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # torch processes that spin beside others slow all of them fifty-fold
    "GRADUS_QUIET": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class Execute(preprocessors.Execute):
    """Executes the notebook; `metadata["gradus"]["problems"]` gains what went wrong, in words for the student."""

    notebook_timeout = Integer(300, help="The longest that all cells together may run, in seconds.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> tuple[NotebookNode, Any]:
        record = nb.metadata["gradus"]
        if record["readable"]:
            self._run(nb, resources)
            record["problems"] += self._problems.values()
        else:
            for cell in filter(is_grade, nb.cells):
                _fail(cell, "NotGraded", "there was no notebook to run")
        for cell in filter(is_grade, nb.cells):
            _only_errors_count(cell)
        record["executed"] = True
        return with_note(nb), resources

    def _run(self, nb: NotebookNode, resources: Any) -> None:
        """Run all cells; start again without a cell that ends the kernel, a few times."""
        self._problems: dict[int, str] = {}
        self._given_up: set[int] = set()
        self._deadline = time.monotonic() + self.notebook_timeout
        self.timeout_func = self._seconds_for
        for _ in range(RESTARTS + 1):
            with tempfile.TemporaryDirectory(prefix="gradus-", ignore_cleanup_errors=True) as self._folder:
                resources["metadata"]["path"] = self._folder
                try:
                    super().preprocess(nb, resources)
                    return
                except DeadKernelError:
                    self._give_up("ended Python itself (`exit`, a crash, or too much memory)")
                except CellTimeoutError:
                    self._give_up("ran too long and could not be interrupted")
        for index, cell in enumerate(nb.cells):
            if index > self._current and cell.cell_type == "code":
                _fail(cell, "NotRun", "cells before this one ended Python too often")

    def start_new_kernel(self, **kwargs: Any) -> None:
        """The kernel gets our settings and no start-up files of the instructor, and prints nothing on our terminal."""
        environment = {**os.environ, **KERNEL_ENVIRONMENT, "IPYTHONDIR": f"{self._folder}/.ipython"}
        super().start_new_kernel(env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if cell.cell_type != "code" or index in self._given_up:
            return cell, resources
        if time.monotonic() > self._deadline:
            _fail(cell, "NotRun", f"the notebook had run for {self.notebook_timeout} seconds")
            self._problems[len(self.nb.cells)] = f"the notebook was stopped after {self.notebook_timeout} seconds"
            return cell, resources
        self._current = index
        return super().preprocess_cell(cell, resources, index)

    def on_cell_executed(self, **kwargs: Any) -> None:
        super().on_cell_executed(**kwargs)
        content = kwargs["execute_reply"]["content"]
        if any(payload.get("source") == "ask_exit" for payload in content.get("payload", [])):
            raise DeadKernelError("the cell asked the kernel to exit, which it does a moment later")
        if content.get("ename") == "CellTimeoutError":
            self._say(f"was stopped after {self._limit} seconds: is there an endless loop?")

    def _seconds_for(self, cell: NotebookNode) -> int:
        self._limit = max(1, min(self.timeout, int(self._deadline - time.monotonic())))
        return self._limit

    def _give_up(self, what: str) -> None:
        _fail(self.nb.cells[self._current], "NotRun", f"this cell {what}")
        self._given_up.add(self._current)
        self._say(f"{what}; the others were run without it")

    def _say(self, what: str) -> None:
        cell = self.nb.cells[self._current]
        label = cell.metadata.get("nbgrader", {}).get("grade_id")
        place = f"cell `{label}`" if label else f"the cell that begins `{_beginning(cell.source)}`"
        self._problems[self._current] = f"{place} {what}"


def _beginning(source: str) -> str:
    return source.strip().partition("\n")[0][:50].replace("`", "'")


def _fail(cell: NotebookNode, name: str, why: str) -> None:
    """Give a code cell one error output, for which nbgrader gives no points."""
    if cell.cell_type == "code":
        cell.outputs = [new_output("error", ename=name, evalue=why, traceback=[f"{name}: {why}"])]


def _only_errors_count(cell: NotebookNode) -> None:
    """nbgrader takes a warning on stderr for a failure, and a result for a mark; tests here pass or raise."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            output.name = "stdout"
        elif output.output_type == "execute_result":
            output.output_type = "display_data"
            output.pop("execution_count", None)
