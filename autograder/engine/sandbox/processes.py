"""Processes seen from outside: handles that cannot come to mean another process, and trees."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from autograder.engine.sandbox import procfs

_PROC = Path("/proc")
_STATE, _PARENT, _FLAGS = 0, 1, 6  # fields of /proc/PID/stat, counted behind the name
_PAUSE_SECONDS = 0.0002
_PF_EXITING = 0x4  # the thread is past its last instruction of user code; taking its memory apart takes longer


class Process:
    """A process that was started by us or below us. Where the kernel allows, its number cannot come to mean another."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError when it has gone."""
        self.pid = pid
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except AttributeError:  # not Linux
            self._descriptor = None
            os.kill(pid, 0)

    def fileno(self) -> int | None:
        """A descriptor that becomes readable when the process ends."""
        return self._descriptor

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                os.kill(self.pid, number)

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to the process and to what it waits for."""
        with contextlib.suppress(OSError):
            if not self.ended() and os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, signal.SIGINT)
                return
        self.send(signal.SIGINT)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def ended(self, within: float = 0.0) -> bool:
        """Whether it ends within so many seconds. A zombie has ended."""
        if self._descriptor is not None:
            watch = select.poll()
            watch.register(self._descriptor, select.POLLIN)
            return bool(watch.poll(within * 1000))
        until = time.monotonic() + within
        while _is_running(self.pid):
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def children(pid: int) -> list[int]:
    """The children of `pid`; empty when it has gone."""
    try:
        return [int(child) for child in procfs.read(f"/proc/{pid}/task/{pid}/children").split()]
    except (OSError, ValueError):
        if (_PROC / f"{pid}").exists() or not _PROC.joinpath("self").exists():
            return [child for child, parent in _parents().items() if parent == pid]
        return []


def descendants(pid: int, but: Collection[int] = ()) -> list[int]:
    """Everything below `pid`, nearest first, without `but` and what is below those."""
    found: list[int] = []
    layer = [pid]
    while layer:
        layer = [child for each in layer for child in _children_of_all_threads(each) if child not in but]
        found += layer
    return found


def is_below(pid: int, ancestor: int) -> bool:
    """Whether `ancestor` is among the ancestors of `pid`."""
    for _ in range(64):
        parent = _parent(pid)
        if parent == ancestor:
            return True
        if parent is None or parent <= 1:
            return False
        pid = parent
    return False


def kill_below(pid: int, keep: Collection[int], below_kept: bool = True, seconds: float = 10.0) -> bool:
    """Kill every descendant of `pid` but those in `keep`, and, unless `below_kept`, what is below those.

    They are stopped first, until no new one appears: what runs could start others faster than they die.

    Returns:
        Whether none of them will ever run again; False when `seconds` were not enough.
    """
    until = time.monotonic() + seconds
    while True:
        below = descendants(pid, () if below_kept else keep)
        others = [child for child in below if child not in keep and _is_running(child)]
        if not others:
            return True
        if time.monotonic() > until:
            return False
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for other in others:
                if is_below(other, pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(other, number)
        time.sleep(_PAUSE_SECONDS)


def _children_of_all_threads(pid: int) -> list[int]:
    """A process forked by a thread is a child of that thread's entry."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return children(pid)
    if len(threads) == 1:
        return children(pid)
    found: list[int] = []
    for thread in threads:
        with contextlib.suppress(OSError, ValueError):
            found += [int(child) for child in procfs.read(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def _parent(pid: int) -> int | None:
    try:
        return int(procfs.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[_PARENT])
    except (OSError, ValueError, IndexError):
        return None if _PROC.joinpath("self").exists() else _parents().get(pid)


def _is_running(pid: int) -> bool:
    """Whether any thread of `pid` may still run code of its own: not one that has begun to exit."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return False if _PROC.joinpath("self").exists() else pid in _parents()
    return any(_thread_runs(pid, thread) for thread in threads)


def _thread_runs(pid: int, thread: str) -> bool:
    try:
        fields = procfs.read(f"/proc/{pid}/task/{thread}/stat").rpartition(b")")[2].split()
        return fields[_STATE] not in (b"Z", b"X") and not int(fields[_FLAGS]) & _PF_EXITING
    except (OSError, IndexError, ValueError):
        return False


def _parents() -> dict[int, int]:
    """Child to parent, for all processes: where /proc does not list children, or is missing."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    return {int(line.split()[0]): int(line.split()[1]) for line in listing.splitlines() if len(line.split()) == 2}
