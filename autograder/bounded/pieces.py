"""Behind the line: a service works piece by piece, each within its time, and does without the pieces that are lost."""

from __future__ import annotations

import logging
import pickle
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection, Hashable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, TypeVar

from gradus.errors import GradusError

PIECE_SECONDS = 2.0  # of processor time; a piece takes milliseconds
KIND_SECONDS = 5.0  # and all pieces of one kind together, of one call
CALL_SECONDS = 10.0  # what is done between pieces
MEMORY_BYTES = 3 << 30  # of address space that a service may take besides what it began with
ALL = "all"  # lost: every piece that is left

Done = TypeVar("Done")

_log = logging.getLogger(__name__)


def kind_of(piece: Hashable) -> Hashable:
    """What a piece shares its time with: `("cell", 3)` with all other cells, a piece of one word with none."""
    return piece[0] if isinstance(piece, tuple) else piece


class Pieces:
    """One call's pieces of work. `lost` are those that are done without: each was once too much, or failed.

    Args:
        lost: pieces, kinds of pieces, or `ALL`.
        known: what pieces gave before the process that did them was ended.
        spent: seconds that the kinds have had until then.
        say: tells the other side; `announces` whether it is told of each piece before it begins, and what it gave.
    """

    def __init__(
        self,
        lost: Collection[Hashable] = (),
        known: Mapping[Hashable, Any] | None = None,
        spent: Mapping[Hashable, float] | None = None,
        say: Callable[[tuple[Any, ...]], None] | None = None,
        announces: bool = False,
    ) -> None:
        self.lost = set(lost)
        self._known, self._spent = known or {}, dict(spent or {})
        self._say, self._announces = say, announces
        self._between = CALL_SECONDS  # left for what is done outside of pieces
        self._since = time.process_time()
        self._bound(self._between)

    def do(self, piece: Hashable, work: Callable[[], Done], otherwise: Callable[[], Done]) -> Done:
        """What `work` gives; or `otherwise`, when it has been or is too much, or fails.

        The kernel ends this process when a piece has run for its time: nothing that Python could do by itself stops a
        regular expression. The other side then begins the call again, without the piece; what others gave is kept, so
        `work` has to give it, and to change nothing that it does not give.
        """
        if piece in self._known:
            given: Done = self._known[piece]
            return given
        kind = kind_of(piece)
        left = min(PIECE_SECONDS, KIND_SECONDS - self._spent.get(kind, 0.0))
        if left <= 0:
            self.lost.add(kind)
        if self.lost & {piece, kind, ALL}:
            return otherwise()
        if self._say is not None and self._announces:
            self._say(("at", piece))
        began = time.process_time()
        self._between -= began - self._since
        try:
            self._bound(left)
            done = work()
        except GradusError:
            raise
        except Exception:
            self._failed(piece)
            self.lost.add(piece)
            return otherwise()
        finally:
            self._since = time.process_time()
            took = self._since - began
            self._spent[kind] = self._spent.get(kind, 0.0) + took
            self._bound(max(self._between, 0.01))
        if self._say is not None and self._announces:
            self._say(("did", piece, done, took))
        return done

    def over(self) -> None:
        """The call is: what comes now has no limit of time."""
        self._bound(0)

    def _bound(self, seconds: float) -> None:
        if self._say is not None:
            signal.setitimer(signal.ITIMER_PROF, seconds)

    def _failed(self, piece: Hashable) -> None:
        """Why a piece failed is news for the course's log, which the other side keeps."""
        if self._say is not None:
            self._say(("failed", f"{piece}: {traceback.format_exc(limit=-5)}"))
        else:
            _log.debug("%s", piece, exc_info=True)


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
    try:
        while True:
            name, arguments, lost, known, spent, announces = connection.recv()
            service = service or make(ask)
            pieces = Pieces(lost, known, spent, connection.send, announces)
            try:
                answer = "done", getattr(service, name)(pieces, *arguments)
            except Exception as error:
                answer = "raised", _sendable(error)
            finally:
                pieces.over()
            try:
                content = ForkingPickler.dumps(answer)  # as `send` does it
            except Exception as error:  # nested too deep, or too large
                content = ForkingPickler.dumps(("raised", _sendable(error)))
            connection.send_bytes(content)
    except (EOFError, ConnectionError):
        return


def _sendable(error: Exception) -> Exception:
    """The error, or one that says the same, where it cannot be sent: some cannot be made from their message alone."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
