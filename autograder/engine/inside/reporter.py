"""What the student's process tells the trusted side: what cells print, display and raise, in order.

Printed text goes through the pipes of standard output and standard error, where the trusted side counts it and where
text of C code and of subprocesses goes too. Everything else goes through the control channel. Whenever the kind of
output changes, the process waits until the trusted side has read what was sent before: that is what keeps the order.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

from autograder.engine.inside import messages


class Reporter:
    """The student's end of the control channel. In any process but the one that made it, it does nothing."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._full = False  # the trusted side keeps no more output
        self._last: Printed | None = None
        self.streams: list[Printed] = []

    @property
    def is_owner(self) -> bool:
        return os.getpid() == self._owner

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message and wait until it, and all that was printed before it, has been read."""
        if not self.is_owner or (self._full and message["kind"] in ("display", "result", "clear")):
            return
        with self._lock, _uninterrupted():
            for stream in self.streams:
                stream.flush()
            self._last = None
            messages.send_message(self._control, message)
            answer = messages.receive_message(self._control)
            if answer is None:
                os._exit(0)
            self._full = bool(answer.get("full"))

    def next_command(self) -> dict[str, Any]:
        """Wait for what to do next. Ends the process when the trusted side has gone."""
        command = messages.receive_message(self._control)
        if command is None:
            os._exit(0)
        return command

    def end(self, message: dict[str, Any]) -> None:
        """Say that a cell has ended; what comes next is a command, not an acknowledgement."""
        for stream in self.streams:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        self._last = None
        messages.send_message(self._control, message)

    def turn(self, stream: Printed) -> None:
        """Called before `stream` is written to: text of the other stream goes first."""
        if self._last is not stream:
            if self._last is not None:
                self.tell({"kind": "turn"})
            self._last = stream


class Printed(io.TextIOWrapper):
    """`sys.stdout` or `sys.stderr` of the student's process."""

    def __init__(self, descriptor: int, name: str, reporter: Reporter) -> None:
        raw = io.FileIO(descriptor, "w", closefd=False)
        super().__init__(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self._reporter = reporter
        self._shown_name = name
        reporter.streams.append(self)

    @property
    def name(self) -> str:
        return self._shown_name

    def write(self, text: str) -> int:
        self._reporter.turn(self)
        return super().write(text)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back SIGINT: half a frame would be taken for nonsense."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
