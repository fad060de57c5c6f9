"""Looks at a submission's processes from time to time: what they hold, and what time they are charged for."""

from __future__ import annotations

import time

from autograder.engine.sandbox.clock import LOOK_SECONDS, Clock
from autograder.engine.sandbox.memory import MemoryWatch
from autograder.engine.sandbox.processes import descendants


class TreeWatch:
    """The watch over the processes below one. `clock` is the submission's own."""

    def __init__(self, root: int, memory_bytes: int) -> None:
        self._root = root
        self._memory = MemoryWatch(root, memory_bytes)
        self.clock = Clock(root)
        self._next = time.monotonic() + LOOK_SECONDS

    @property
    def seconds_left(self) -> float:
        """Until the next look is due."""
        return max(0.0, self._next - time.monotonic())

    def too_much_memory(self) -> bool:
        """Look, if it is due. True when the tree holds more than it may."""
        now = time.monotonic()
        if now < self._next:
            return False
        tree = [self._root, *descendants(self._root)]
        self.clock.look(tree)
        too_much = self._memory.passed(tree)
        self._next = now + LOOK_SECONDS
        return too_much
