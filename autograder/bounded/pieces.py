"""Behind the line: a service works piece by piece, each within its time, and does without the pieces that are lost."""

from __future__ import annotations

import logging
import resource
import signal
import sys
import time
from collections.abc import Callable, Collection, Hashable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from gradus.errors import GradusError

PIECE_SECONDS = 2.0  # of processor time; a piece takes milliseconds
CALL_SECONDS = 10.0  # and all pieces of a call together
MEMORY_BYTES = 3 << 30  # of address space that a service may take besides what it began with
ALL = "all"  # lost: every piece that is left

Done = TypeVar("Done")

_log = logging.getLogger(__name__)


class Pieces:
    """One call's pieces of work. `lost` are those that are done without: each was once too much, or failed.

    Args:
        say: tells the other side; `announces` whether it is told of each piece before it begins.
    """

    def __init__(
        self,
        lost: Collection[Hashable] = (),
        say: Callable[[tuple[str, Any]], None] | None = None,
        announces: bool = False,
    ) -> None:
        self.lost = set(lost)
        self._say, self._announces = say, announces
        self._began = time.process_time()

    def do(self, piece: Hashable, work: Callable[[], Done], otherwise: Callable[[], Done]) -> Done:
        """What `work` gives; or `otherwise`, when it has been or is too much, or fails.

        The kernel ends this process when a piece has run for its time: nothing that Python could do by itself stops a
        regular expression. The other side then begins the call again, without the piece.
        """
        left = min(PIECE_SECONDS, CALL_SECONDS - (time.process_time() - self._began))
        if left <= 0:
            self.lost.add(ALL)
        if piece in self.lost or ALL in self.lost:
            return otherwise()
        if self._say is not None and self._announces:
            self._say(("at", piece))
        try:
            with_timer = self._say is not None
            if with_timer:
                signal.setitimer(signal.ITIMER_PROF, left)
            try:
                return work()
            finally:
                if with_timer:
                    signal.setitimer(signal.ITIMER_PROF, 0)
        except GradusError:
            raise
        except Exception:
            _log.exception("%s", piece)
            self.lost.add(piece)
            return otherwise()


def serve(connection: Connection, make: Callable[[Callable[[str], Any]], object]) -> None:
    """Answer calls until the other side goes. `make` builds the service, from a function that asks the other side."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side decides
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            room = int(statm.read().split()[0]) * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (room, room))

    def ask(what: str) -> Any:
        connection.send(("ask", what))
        return connection.recv()

    service = None
    while True:
        try:
            name, arguments, lost, announces = connection.recv()
        except EOFError:
            return
        pieces = Pieces(lost, connection.send, announces)
        try:
            service = service or make(ask)
            answer = "done", getattr(service, name)(pieces, *arguments)
        except Exception as error:
            answer = "raised", error
        try:
            connection.send(answer)
        except BrokenPipeError:
            return
