"""The time that a submission is charged for, and limits that count it.

A wall clock would charge what others take: a neighbour that spins, another program of this machine, a grader that was
stopped for a minute. So the time between two looks at a submission's processes counts as what they ran, or as what
passed while none of them waited for a processor, whichever is more. Sleeping counts, for that is the submission's own
choice. A wall clock further behind ends what manages never to be charged.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from autograder.engine.sandbox import procfs
from autograder.engine.sandbox.processes import descendants

LOOK_SECONDS = 0.1  # between two looks
_LONGEST_LOOK = 0.5  # what is longer was not the submission's: the grader itself stood still
_OWN_DOING = 0.9  # of a limit: who ran for so long needs no other reason
_DISTURBED = 0.1  # of a limit: who waited for so long might have been in time
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_STATE, _TIMES = 0, slice(11, 15)  # fields of /proc/PID/stat, counted behind the name: its own time and its children's
_STUCK = (b"D", b"T", b"t")  # waits for a disk, or was stopped


class Spent(NamedTuple):
    """Seconds since a submission began: `charged` ones, what its processes ran, and what it may have waited for others.

    Time in which a process was stopped, or waited for a disk, is charged and counts as waiting, too.
    """

    charged: float = 0.0
    ran: float = 0.0
    waited: float = 0.0


class Clock:
    """Counts the time of the processes below one. Without /proc, or where it does not say, that is the wall clock's."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._spent = Spent()
        self._last = time.monotonic()
        self._ran, self._delays, _ = _times([root])

    @property
    def spent(self) -> Spent:
        """As of the last look."""
        return self._spent

    def now(self, runs: bool = False) -> float:
        """Seconds charged until now, as far as is known: what passed since the last look is charged in full.

        Args:
            runs: those that the processes ran instead.
        """
        known = self._spent.ran if runs else self._spent.charged
        return known + time.monotonic() - self._last

    def look(self, tree: Iterable[int] | None = None) -> Spent:
        """Count what has passed since the last look. `tree` is the root and all below it, if that is known."""
        ran, delays, stuck = _times([self._root, *descendants(self._root)] if tree is None else tree)
        now = time.monotonic()
        passed, self._last = now - self._last, now
        own, self._ran = max(0.0, ran - self._ran), ran
        delayed = max((delay - self._delays.get(pid, 0.0) for pid, delay in delays.items()), default=0.0)
        self._delays = delays
        not_theirs = min(passed, max(0.0, delayed, passed - _LONGEST_LOOK))
        charged = max(own, passed - not_theirs)
        waited = max(0.0, passed - charged) + (max(0.0, charged - own) if stuck else 0.0)
        before = self._spent
        self._spent = Spent(before.charged + charged, before.ran + own, before.waited + waited)
        return self._spent


@dataclass(frozen=True)
class Deadline:
    """A limit that began at some moment of a clock; it has passed, too, once the one has in which it lies."""

    clock: Clock
    seconds: float
    at: float  # by the clock
    wall: float  # by the monotonic one
    before: Spent
    outer: Deadline | None = None
    runs: bool = False  # it counts what the processes ran, and not what they slept or may have waited

    @classmethod
    def of(
        cls, clock: Clock, seconds: float, wall_factor: float, outer: Deadline | None = None, runs: bool = False
    ) -> Deadline:
        """So many seconds from now, or so many times that by the wall clock."""
        wall = time.monotonic() + wall_factor * seconds
        return cls(clock, seconds, clock.now(runs) + seconds, wall, clock.spent, outer, runs)

    def later(self, charged: float, wall: float) -> Deadline:
        """The same limit without so many seconds that were charged, and passed, for something else."""
        return replace(self, at=self.at + charged, wall=self.wall + wall)

    def left(self) -> float:
        """Seconds until it may have passed; 0 or less when it seems so."""
        own = min(self.at - self.clock.now(self.runs), self.wall - time.monotonic())
        return own if self.outer is None else min(own, self.outer.left())

    def passed(self) -> bool:
        """Whether the time is over, after a look at what the processes did."""
        if self.left() > 0:
            return False
        self.clock.look()
        return self.left() <= 0

    def by_others(self) -> bool:
        """Whether the submission, whose time is over, may have been in time on a machine of its own."""
        if self.outer is not None and self.outer.left() <= 0:
            return self.outer.by_others()
        after = self.clock.spent
        waited, ran = after.waited - self.before.waited, after.ran - self.before.ran
        return waited > _DISTURBED * self.seconds and ran < _OWN_DOING * self.seconds


def _times(tree: Iterable[int]) -> tuple[float, dict[int, float], bool]:
    """Seconds that all processes and their ended children ran, that each has waited for a processor, and whether any
    is stuck."""
    ticks, delays, stuck = 0, {}, False
    for pid in tree:
        try:
            fields = procfs.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            ticks += sum(map(int, fields[_TIMES]))
            stuck = stuck or fields[_STATE] in _STUCK
            delays[pid] = int(procfs.read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
        except (OSError, ValueError, IndexError):  # it has gone, or this system does not say
            continue
    return ticks / _TICKS, delays, stuck
