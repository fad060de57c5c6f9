"""This side of the line: calls a service in a process of its own, and ends it when it does not come back."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

from autograder.bounded.pieces import ALL, CALL_SECONDS, PIECE_SECONDS, kind_of, serve
from gradus.errors import GradusError

WALL_SECONDS = 10 * CALL_SECONDS  # between two messages: processor time ends a call long before
MOST_LOST = 20  # pieces of one call, of all kinds; then all the others are lost too
_GOODBYE_SECONDS = 5.0

Service = Callable[[Callable[[str], Any]], object]

_log = logging.getLogger("traitlets")  # nbgrader's own, which goes to the course's log file


def import_before(modules: Sequence[str]) -> None:
    """Have what such processes are forked from import these modules when it is started; else each imports them."""
    multiprocessing.set_forkserver_preload(list(modules))


def prepare(modules: Sequence[str]) -> None:
    """Begin to start what such processes are forked from, with these modules imported, if there is nothing yet.

    Without it the first of them starts it, in the folder that this program happens to be in at that moment: nbgrader
    goes into others while it converts a notebook, and they may be gone when it is through.
    """
    import_before(modules)
    with _without_main():
        forkserver.ensure_running()


class LostError(Exception):
    """A call that does not come back even without its pieces: that is the service's own fault."""


@dataclass
class _Call:
    """One call, through all its attempts: the pieces that are lost, what others gave, the time of each kind."""

    name: str
    arguments: tuple[Any, ...]
    answers: Mapping[str, Callable[[], Any]]
    lost: set[Hashable] = field(default_factory=set)
    known: dict[Hashable, Any] = field(default_factory=dict)
    spent: dict[Hashable, float] = field(default_factory=dict)
    at: Hashable = None  # the piece that was begun last, in this attempt

    def message(self, announces: bool) -> tuple[Any, ...]:
        return self.name, self.arguments, self.lost, self.known, self.spent, announces

    def did(self, piece: Hashable, gave: Any, seconds: float) -> None:
        self.known[piece] = gave
        self._spend(piece, seconds)
        self.at = None

    def lose(self) -> None:
        """The process was ended: do without what it was at. A crash costs the time that it could have taken."""
        self.lost.add(ALL if self.at is None or len(self.lost) >= MOST_LOST else self.at)
        if self.at is not None:
            self._spend(self.at, PIECE_SECONDS)

    def _spend(self, piece: Hashable, seconds: float) -> None:
        self.spent[kind_of(piece)] = self.spent.get(kind_of(piece), 0.0) + seconds


class Bounded:
    """A service in a process that is started when it is first called, and again when it was ended.

    A call gives what the service's function gives. What of it was too much, in time or in memory, is done without; a
    service is not told what a call was about before it was ended, and keeps nothing of it but what its pieces gave.

    Args:
        make: builds the service, in its process; can be pickled.
    """

    def __init__(self, make: Service) -> None:
        self._make = make
        self._context = multiprocessing.get_context("forkserver")
        self._process: ForkServerProcess | None = None
        self._connection: Connection | None = None
        self._stopped = False

    def call(self, name: str, *arguments: Any, answers: Mapping[str, Callable[[], Any]] | None = None) -> Any:
        """Have the service's function `name` called.

        Args:
            answers: what the service may ask for meanwhile, by name.

        Raises:
            LostError: it ended each time.
            GradusError: it was stopped.
            Exception: what the function raised.
        """
        call = _Call(name, arguments, answers or {})
        announces = False  # all goes well, and nobody need hear of it
        while True:
            is_last, call.at = ALL in call.lost, None
            try:
                reply = self._try(call, announces)
            except BaseException:  # an answer is not to be had, and the process waits for it: it is no use to the next
                self._kill()
                raise
            if reply is not None:
                kind, content = reply
                if kind == "raised":
                    raise content
                return content
            self._kill()
            if self._stopped:
                raise GradusError("grading was stopped.")
            if is_last:
                raise LostError(f"{name} did not come back")
            if announces:
                call.lose()
            announces = True

    def stop(self) -> None:
        """End the process for good, while another thread may be waiting for it."""
        self._stopped = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError, OSError, AttributeError):  # it has been ended, or is being started
                process.kill()

    def close(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.join(_GOODBYE_SECONDS)
            self._kill()

    def _try(self, call: _Call, announces: bool) -> tuple[str, Any] | None:
        """The reply, or None when there is none."""
        try:
            connection = self._running()
            connection.send(call.message(announces))
            while connection.poll(WALL_SECONDS):
                match connection.recv():
                    case ("at", piece):
                        call.at = piece
                    case ("did", piece, gave, seconds):
                        call.did(piece, gave, seconds)
                    case ("failed", why):
                        _log.warning("%s: %s", call.name, why)
                    case ("ask", what):
                        connection.send(call.answers[what]())
                    case (kind, content):
                        return kind, content
        except (EOFError, ConnectionError):
            pass
        return None

    def _running(self) -> Connection:
        if self._stopped:
            raise GradusError("grading was stopped.")
        if self._connection is None:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=serve, args=(theirs, self._make), daemon=True)
            try:
                with _without_main():
                    process.start()
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
            self._process, self._connection = process, ours
            if self._stopped:  # meanwhile
                raise EOFError
        return self._connection

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()
            process.close()
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
