"""This side of the line: calls a service in a process of its own, and ends it when it does not come back."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

from autograder.bounded.pieces import ALL, CALL_SECONDS, serve

WALL_SECONDS = 10 * CALL_SECONDS  # between two messages: processor time ends a call long before
MOST_LOST = 3  # pieces of one call; then all the others are lost too
_GOODBYE_SECONDS = 5.0

Service = Callable[[Callable[[str], Any]], object]


def prepare(modules: Sequence[str]) -> None:
    """Begin to start what such processes are forked from, with these modules imported, if there is nothing yet.

    Without it the first of them starts it, in the folder that this program happens to be in at that moment: nbgrader
    goes into others while it converts a notebook, and they may be gone when it is through.
    """
    multiprocessing.set_forkserver_preload(list(modules))
    with _without_main():
        forkserver.ensure_running()


class LostError(Exception):
    """A call that does not come back even without its pieces: that is the service's own fault."""


class Bounded:
    """A service in a process that is started when it is first called, and again when it was ended.

    A call gives what the service's function gives. What of it was too much, in time or in memory, is done without and
    named in `lost`; a service is not told what a call was about before it was ended, and keeps nothing of it.

    Args:
        make: builds the service, in its process; can be pickled.
    """

    def __init__(self, make: Service) -> None:
        self._make = make
        self._context = multiprocessing.get_context("forkserver")
        self._process: ForkServerProcess | None = None
        self._connection: Connection | None = None

    def call(self, name: str, *arguments: Any, answers: Mapping[str, Callable[[], Any]] | None = None) -> Any:
        """Have the service's function `name` called.

        Args:
            answers: what the service may ask for meanwhile, by name.

        Raises:
            LostError: it ended each time.
            Exception: what the function raised.
        """
        lost: set[Hashable] = set()
        for announces in (False, *[True] * (MOST_LOST + 1)):
            reply, at = self._try(name, arguments, lost, announces, answers or {})
            if reply is not None:
                kind, content = reply
                if kind == "raised":
                    raise content
                return content
            self._kill()
            if announces:
                lost.add(at if at is not None and len(lost) < MOST_LOST - 1 else ALL)
        raise LostError(f"{name} did not come back")

    def close(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.join(_GOODBYE_SECONDS)
            self._kill()

    def _try(
        self,
        name: str,
        arguments: tuple[Any, ...],
        lost: set[Hashable],
        announces: bool,
        answers: Mapping[str, Callable[[], Any]],
    ) -> tuple[tuple[str, Any] | None, Hashable]:
        """The reply, or None when there is none; and the piece that was said last."""
        at = None
        try:
            connection = self._running()
            connection.send((name, arguments, lost, announces))
            while connection.poll(WALL_SECONDS):
                kind, content = connection.recv()
                if kind == "at":
                    at = content
                elif kind == "ask":
                    connection.send(answers[content]())
                else:
                    return (kind, content), at
        except (EOFError, ConnectionError):
            pass
        return None, at

    def _running(self) -> Connection:
        if self._connection is None:
            self._connection, theirs = self._context.Pipe()
            self._process = self._context.Process(target=serve, args=(theirs, self._make), daemon=True)
            with _without_main():
                self._process.start()
            theirs.close()
        return self._connection

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_starting = threading.Lock()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """A new process would import the program that this one was started with, which no service needs."""
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
