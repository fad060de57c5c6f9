"""What a process tree holds in memory, watched from outside at little cost.

RLIMIT_AS bounds each process; this bounds all of them together. Processes that were forked from one another share most
pages, so adding up what each has resident counts them many times, and the exact figure (each page divided among its
holders) takes milliseconds per process. So the exact figure is taken from time to time, never for more than a twentieth
of the time, and at once when the whole machine has lost half of what the tree may still take.
"""

from __future__ import annotations

import time
from pathlib import Path

from autograder.sandbox.processes import descendants

_TICK_SECONDS = 0.1
_SHARE_OF_TIME = 20
_ROOM = 1.25  # a single process meets its own limit first, and gets a MemoryError that it can handle


class MemoryWatch:
    """Watches the tree below one process."""

    def __init__(self, root: int, limit: int) -> None:
        """Args: `limit` in bytes, on top of what the first process was born with."""
        self._root = root
        self._limit = int(limit * _ROOM) + _resident(root)
        self._next = time.monotonic() + _TICK_SECONDS
        self._next_exact = 0.0
        self._exact = 0
        self._available_then = _available()

    @property
    def seconds_left(self) -> float:
        """Until the next look is due."""
        return max(0.0, self._next - time.monotonic())

    def passed(self) -> bool:
        """Look, if it is due. True when the tree holds more than it may."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _TICK_SECONDS
        tree = [self._root, *descendants(self._root)]
        total = sum(_resident(pid) for pid in tree)
        if total <= self._limit:
            return False
        taken = self._available_then - _available()
        if now < self._next_exact and taken < (self._limit - self._exact) / 2:
            return False
        self._exact, self._available_then = sum(_proportional(pid) for pid in tree), _available()
        self._next_exact = time.monotonic() + _SHARE_OF_TIME * (time.monotonic() - now)
        return self._exact > self._limit


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return {name: rest.strip() for name, _, rest in (line.partition(":") for line in lines)}


def _bytes(fields: dict[str, str], names: tuple[str, ...]) -> int:
    return sum(int(fields[name].split()[0]) * 1024 for name in names if fields.get(name))


def _available() -> int:
    """Bytes that this machine can still give out."""
    return _bytes(_read(Path("/proc/meminfo")), ("MemAvailable",))


def _resident(pid: int) -> int:
    return _bytes(_read(Path(f"/proc/{pid}/status")), ("RssAnon", "RssShmem"))


def _proportional(pid: int) -> int:
    """A page that n processes hold counts one n-th for each."""
    fields = _read(Path(f"/proc/{pid}/smaps_rollup"))
    return _bytes(fields, ("Pss_Anon", "Pss_Shmem")) if fields else _resident(pid)
