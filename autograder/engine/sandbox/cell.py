"""Waits for the end of one cell, recording what it shows, keeping its time and its tree's memory."""

from __future__ import annotations

from typing import Any

from autograder.engine.sandbox.channel import Channel, Pipe, read_message, ready
from autograder.engine.sandbox.clock import Deadline
from autograder.engine.sandbox.outputs import Recorder
from autograder.engine.sandbox.processes import Process
from autograder.engine.sandbox.tree_watch import TreeWatch
from autograder.records.execution import CellEnd

GRACE_SECONDS = 2.0  # from the interrupt to the kill
_GRACE_WALL = 10.0  # and by the wall clock so many times that
_PIPE_READS = 8  # empty any pipe; more would be written while we read


class CellWatch:
    """One cell, while it runs. Afterwards:

    `end` is what the process said at its end ({} when it did not), `interrupted` whether its time was up, `by_others`
    whether that may be because others took it, and `why` the reason for which the process was killed, if it was that
    and not the time.
    """

    def __init__(
        self, main: Process, control: Channel, pipes: dict[str, Pipe], tree: TreeWatch, recorder: Recorder
    ) -> None:
        self._main, self._control, self._pipes = main, control, pipes
        self._tree, self._recorder = tree, recorder
        self.end: dict[str, Any] = {}
        self.interrupted = self.by_others = False
        self.why: CellEnd | None = None

    def wait(self, until: Deadline) -> bool:
        """Wait for the end of the cell, or bring it about when `until` has passed.

        Returns:
            Whether the process is still there for another cell.
        """
        control, main = self._control, self._main
        while True:
            seconds = min(self._tree.seconds_left, until.left())
            at = ready([control, *self._pipes.values(), main], seconds)
            self._drain()
            more = control.read()
            verdict = self._messages()
            if verdict is not None:
                return verdict
            if control.closed or (main.fileno() in at and not more):
                return self._kill()
            if self._tree.too_much_memory():
                self.why = "memory"
                return self._kill()
            if until.passed():
                if self.interrupted:
                    return self._kill()
                self.interrupted, self.by_others = True, until.by_others()
                until = Deadline.of(self._tree.clock, GRACE_SECONDS, _GRACE_WALL)
                main.interrupt()

    def _messages(self) -> bool | None:
        """Handle the frames that have come: True at the end of the cell, False when the process is beyond trust."""
        control, recorder = self._control, self._recorder
        while (frame := control.next()) is not None:
            message = read_message(frame) if recorder.budget.has_room_for_message(len(frame)) else None
            if message is None:
                self.why = "connection"
                return self._kill()
            self._drain()
            if message.get("kind") == "end":
                self.end = message
                return True
            recorder.took(message, len(frame))
            if not control.send({"full": recorder.budget.spent}):
                if not self._main.ended():  # it writes, and does not read: each further message would keep us waiting
                    self.why = "connection"
                return self._kill()
        if control.dropped:  # longer than anything that could be shown; its sender waits to go on
            control.dropped = 0
            recorder.too_much()
            control.send({"full": True})
        return None

    def _drain(self) -> None:
        """Take what lies in the pipes of the standard streams."""
        for name, pipe in self._pipes.items():
            for _ in range(_PIPE_READS):
                content = pipe.read()
                if not content:
                    break
                self._recorder.printed(name, content)

    def _kill(self) -> bool:
        self._main.kill()
        self._main.ended(GRACE_SECONDS)
        self._drain()
        return False
