"""A scheduler of Dask and workers of it, each in a process of its own, for as long as a test needs them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.cluster.scheduler import PRELOAD

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 60.0


class Cluster:
    """A context manager; what was started in it is gone when it is left.

    Args:
        folder: for what the processes say.
        protocol: `tcp` or `tls`, then with `certificates`, the options of Dask's commands.
        port: of the scheduler; 0 is any.
    """

    def __init__(self, folder: Path, protocol: str = "tcp", certificates: tuple[str, ...] = (), port: int = 0) -> None:
        self.folder, self._certificates = folder, certificates
        self._started: list[subprocess.Popen[bytes]] = []
        where = f"--host={protocol}://127.0.0.1"
        self.scheduler = self._start("scheduler", where, f"--port={port}", "--no-dashboard", "--no-show")
        self.address = found(folder / "scheduler.log", r"Scheduler at:\s+(\S+)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(self._started[1:])  # workers whose scheduler goes meanwhile take Dask seconds to end
        self._end(self._started[:1])

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def worker(self, name: str, *preloads: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with one thread, which its nanny starts again when it ends."""
        options = [f"--preload={module}" for module in (PRELOAD, *preloads)]
        options += ["--nthreads=1", f"--name={name}", "--no-dashboard", f"--local-directory={self.folder}"]
        return self._start("worker", self.address, *options, log=name, **environment)

    def _start(self, program: str, *options: str, log: str = "", **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", program, *options, *self._certificates]
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
        with (self.folder / f"{log or program}.log").open("wb") as file:
            process = subprocess.Popen(
                command, stdout=file, stderr=file, cwd=self.folder,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **environment},
            )  # fmt: skip
        self._started.append(process)
        return process


def found(log: Path, pattern: str) -> str:
    """What a process says, once it does."""
    wait_until(lambda: re.search(pattern, log.read_text(errors="replace")) is not None, f"{pattern} in {log}")
    match = re.search(pattern, log.read_text(errors="replace"))
    assert match
    return match[1]


def wait_until(happened: Callable[[], bool], what: str, seconds: float = _SECONDS) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"not in {seconds:g} s: {what}"
        time.sleep(0.05)
