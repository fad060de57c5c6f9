"""What a process tree holds in memory, watched from outside at little cost.

RLIMIT_AS bounds each process; this bounds all of them together. Processes that were forked from one another share most
pages, so adding up what each has resident counts them many times, and the exact figure (each page divided among its
holders) takes milliseconds per process. So the exact figure is taken from time to time, never for more than a twentieth
of the time, and at once when the whole machine has lost half of what the tree may still take.
"""

from __future__ import annotations

import re
import time

from autograder.engine.sandbox import procfs

_SHARE_OF_TIME = 20
_AVAILABLE = re.compile(rb"^MemAvailable: *(\d+) kB", re.M)
_HELD = re.compile(rb"^(?:RssAnon|RssShmem):\s*(\d+) kB", re.M)
_SHARE_OF_HELD = re.compile(rb"^(?:Pss_Anon|Pss_Shmem): *(\d+) kB", re.M)
_ROOM = 1.25  # a single process meets its own limit first, and gets a MemoryError that it can handle


class MemoryWatch:
    """Watches the memory of one tree."""

    def __init__(self, root: int, limit: int) -> None:
        """Args: `limit` in bytes, on top of what the first process was born with."""
        self._limit = int(limit * _ROOM) + _resident(root)
        self._next_exact = 0.0
        self._exact = 0
        self._available_then = _available()

    def passed(self, tree: list[int]) -> bool:
        """True when the processes of the tree hold more than they may."""
        now = time.monotonic()
        total = sum(_resident(pid) for pid in tree)
        if total <= self._limit:
            return False
        taken = self._available_then - _available()
        if now < self._next_exact and taken < (self._limit - self._exact) / 2:
            return False
        self._exact, self._available_then = sum(_proportional(pid) for pid in tree), _available()
        self._next_exact = time.monotonic() + _SHARE_OF_TIME * (time.monotonic() - now)
        return self._exact > self._limit


def _available() -> int:
    """Bytes that this machine can still give out."""
    return _bytes("/proc/meminfo", _AVAILABLE) or 0


def _resident(pid: int) -> int:
    return _bytes(f"/proc/{pid}/status", _HELD) or 0


def _proportional(pid: int) -> int:
    """A page that n processes hold counts one n-th for each."""
    held = _bytes(f"/proc/{pid}/smaps_rollup", _SHARE_OF_HELD)
    return _resident(pid) if held is None else held


def _bytes(path: str, lines: re.Pattern[bytes]) -> int | None:
    """The sum of the figures, which stand in kB; None when there are none."""
    try:
        found = lines.findall(procfs.read(path))
    except OSError:
        return None
    return sum(map(int, found)) * 1024 if found else None
