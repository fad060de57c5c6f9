"""A preload of a worker in tests: submissions that say so end its process, or wait, before they reach a sandbox.

A cell with `# ends its worker` does it each time, unless the folder in GRADUS_TEST_FOLDER has the file `harmless`; one
with `# ends a worker once` makes the file `once` before; one with `# waits` does until there is the file `go`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from autograder.engine.pool import Sandbox
from autograder.records.execution import Execution, Job

FOLDER = Path(os.environ["GRADUS_TEST_FOLDER"])
_run = Sandbox.run


def run(self: Sandbox, job: Job) -> Execution:
    text = "\n".join(cell.source for cell in job.cells)
    if "# ends its worker" in text and not (FOLDER / "harmless").exists():
        with (FOLDER / "ended").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    if "# ends a worker once" in text and not (FOLDER / "once").exists():
        (FOLDER / "once").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if "# waits" in text:
        (FOLDER / "waiting").touch()
        while not (FOLDER / "go").exists():
            time.sleep(0.05)
    return _run(self, job)


def dask_setup(_: Any) -> None:
    Sandbox.run = run  # type: ignore[method-assign]
