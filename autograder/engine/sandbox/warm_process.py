"""The warm process, seen from the trusted side: one behind the outer wall, for one worker or for several."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from autograder.engine.inside.messages import send_message
from autograder.engine.sandbox import walls
from autograder.engine.sandbox.cgroups import Cgroup, make_cgroup
from autograder.engine.sandbox.channel import read_message
from autograder.engine.sandbox.errors import SandboxUnavailable
from autograder.engine.sandbox.preload import PRELOAD
from autograder.records.execution import Limits

_START_SECONDS = 120.0
_STOP_SECONDS = 5.0
_COUNTS_BY_NAMESPACE = (5, 14)  # the first Linux that counts RLIMIT_NPROC in each user namespace for itself


class WarmProcess:
    """A process that has imported what notebooks import, and forks submissions for workers.

    Its methods may be called from several threads.

    Args:
        preload: modules that it imports before it forks; `imports_too` adds some while it starts.
        unsafe_no_sandbox: without walls: student code then has all the rights of this process.
        workers: how many submissions there can be at once.
    """

    def __init__(self, preload: tuple[str, ...] = PRELOAD, unsafe_no_sandbox: bool = False, workers: int = 1) -> None:
        self._preload = list(dict.fromkeys(preload))
        self._later: list[str] = []
        self.walls = not unsafe_no_sandbox
        self.cgroup: Cgroup | None = None
        self.workers = workers
        self._cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._process: subprocess.Popen[bytes] | None = None
        self._root: socket.socket | None = None
        self._starter: ThreadPoolExecutor | None = None  # bubblewrap dies with the thread that started it
        self._complaints: IO[bytes] | None = None
        self._is_ready = False
        self._bounds: Limits | None = None  # those that the cgroup has
        self._lock = threading.RLock()

    @property
    def pid(self) -> int | None:
        """The process that was started: bubblewrap, or the warm process itself without a sandbox."""
        return None if self._process is None else self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def begin(self) -> None:
        """Begin to start it, unless it runs, and go on meanwhile.

        Raises:
            SandboxUnavailable: as `start`, as far as that is known.
        """
        with self._lock:
            if self.runs:
                return
            self.close()
            self._root, theirs = socket.socketpair()
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
            with theirs:
                command, environment = self._command(theirs.fileno())
                self._starter = ThreadPoolExecutor(1, "gradus-starter")
                self._process = self._starter.submit(
                    subprocess.Popen, command, env=environment, pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._complaints,
                    start_new_session=True,
                ).result()  # fmt: skip

    def imports_too(self, modules: Iterable[str]) -> None:
        """Have it import these, too; for as long as nobody has waited for it."""
        with self._lock:
            self._later += [name for name in modules if name not in self._preload + self._later]

    def start(self) -> None:
        """Start it, unless it runs, and wait until it does. It takes a few seconds: it imports torch.

        Raises:
            SandboxUnavailable: there is no sandbox on this system; the message says why.
        """
        with self._lock:
            if self.runs and self._is_ready:
                return
            self.begin()
            self._is_ready = self._first_message() is not None
            if not self._is_ready:
                complaints, self._complaints = self._complaints, None
                assert complaints is not None
                with complaints:
                    self.close()
                    complaints.seek(0)
                    said = complaints.read(4096).decode("utf-8", "replace").strip().splitlines()
                raise SandboxUnavailable(f"the sandbox does not start: {said[-1] if said else 'it says nothing'}")

    def channel(self) -> socket.socket:
        """A worker's own channel for commands; when it is closed, the worker's submission goes.

        Raises:
            SandboxUnavailable: as `start`.
        """
        with self._lock:
            self.start()
            assert self._root is not None
            ours, theirs = socket.socketpair()
            with theirs, contextlib.suppress(OSError):  # it has just ended: the channel is closed, as it will be found
                socket.send_fds(self._root, [b"+"], [theirs.fileno()])
            return ours

    def bound(self, limits: Limits) -> None:
        """Have the cgroup, if there is one, hold for submissions with `limits`."""
        with self._lock:
            if self.cgroup is not None and self._bounds != limits:  # they are one run's: once is enough
                self.cgroup.bound(limits, self.workers)
                self._bounds = limits

    def close(self) -> None:
        """End it, and everything below it."""
        with self._lock:
            if self._root is not None:
                self._root.close()  # it goes when its first channel closes
                self._root = None
            if self._process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP_SECONDS if self._is_ready else 0)  # before, it does not listen
                self._process.kill()
                self._process.wait()
                self._process = None
            self._is_ready = False
            if self._complaints is not None:
                self._complaints.close()
                self._complaints = None
            if self._starter is not None:
                self._starter.shutdown()
                self._starter = None
            if self.cgroup is not None:
                self.cgroup.remove()
                self.cgroup = self._bounds = None

    def _command(self, descriptor: int) -> tuple[list[str], dict[str, str]]:
        order = {"root_fd": descriptor, "walls": self.walls, "preload": self._preload, "cores": self._cores}
        warm = [sys.executable, "-P", "-m", "autograder.engine.inside.warm", json.dumps(order)]
        if not self.walls:
            return warm, unsafe_environment()
        reason = unavailable()
        if reason is not None:
            raise SandboxUnavailable(reason)
        self.cgroup = make_cgroup()
        launch = {
            "bwrap": walls.find_bubblewrap(),
            "steps": walls.plan(),
            "environment": walls.environment(),
            "command": warm,
            "keep": descriptor,
            "cgroups": [] if self.cgroup is None else self.cgroup.doors,
        }
        script = str(Path(__file__).with_name("launch.py"))
        return [sys.executable, "-I", "-S", script, json.dumps(launch)], {"PATH": "/usr/bin:/bin"}

    def _first_message(self) -> dict[str, Any] | None:
        """What it says when it is ready, after it has been told what else to import; None when it has gone."""
        assert self._root is not None
        self._root.settimeout(_START_SECONDS)
        try:
            send_message(self._root, {"preload": self._later})
            head = self._root.recv(4, socket.MSG_WAITALL)
            if len(head) < 4:
                return None
            return read_message(self._root.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        except OSError:
            return None
        finally:
            self._root.settimeout(None)


def can_be_shared() -> bool:
    """Whether several workers may use one warm process: their submissions are one user's, and before Linux 5.14 the
    processes of one would be counted against another's."""
    version = re.match(r"(\d+)\.(\d+)", platform.release())
    known = tuple(map(int, version.groups())) if version else (0, 0)
    return sys.platform == "linux" and known >= _COUNTS_BY_NAMESPACE


def unavailable() -> str | None:
    """Why there can be no sandbox here, as far as that shows without trying; None when nothing stands against it."""
    instead = "`--unsafe-no-sandbox` runs submissions with all the rights of your account"
    if sys.platform != "linux":
        return f"student code can be walled in on Linux only; {instead}"
    if walls.find_bubblewrap() is None:
        return f"bubblewrap is not installed (on Debian and Ubuntu: `apt install bubblewrap`); {instead}"
    limit = Path("/proc/sys/user/max_user_namespaces")
    if not limit.exists() or limit.read_text().strip() == "0":
        return f"this kernel allows no user namespaces (`sysctl user.max_user_namespaces`); {instead}"
    return None


def unsafe_environment() -> dict[str, str]:
    """The environment of a run without a sandbox: this process's own, with the settings that forks need."""
    path = os.pathsep.join(filter(None, [str(walls.package_folder().parent), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **walls.SETTINGS, "PYTHONPATH": path}
