"""Submissions run side by side, except where one has to have the machine to itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Who runs now: any number of submissions together, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._waiting_alone = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run beside others. Who wants to be alone goes first."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting_alone)
            self._running += 1
        yield from self._until_left()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody runs, and let nobody in meanwhile."""
        with self._changed:
            self._waiting_alone += 1
            self._changed.wait_for(lambda: not self._running)
            self._running += 1
        try:
            yield from self._until_left()
        finally:
            with self._changed:
                self._waiting_alone -= 1
                self._changed.notify_all()

    def _until_left(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
