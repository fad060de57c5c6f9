"""One run of a notebook in a process tree of its own, from its birth to its end.

    set_up -> run the cells -> close_visible -> ask, question by question -> tear_down

The trusted side leads: it sends one cell after the other, keeps the time, and decides who dies.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import json
import marshal
import os
import signal
import socket
import time
import warnings
from collections.abc import Iterable
from typing import Any

from autograder.answers.frames import TEST
from autograder.engine.sandbox.cell import CellWatch
from autograder.engine.sandbox.channel import Channel, Pipe, read_message, ready
from autograder.engine.sandbox.clock import Clock, Deadline
from autograder.engine.sandbox.errors import SandboxError, SandboxUnavailable
from autograder.engine.sandbox.outputs import Budget, Recorder
from autograder.engine.sandbox.processes import Process, is_below, kill_below
from autograder.engine.sandbox.told import read_into
from autograder.engine.sandbox.tree_watch import TreeWatch
from autograder.records.execution import ENDS, CellResult, CodeCell, Doubt, Job, Limits, Problem, QuestionResult

SET_UP_SECONDS = 120.0  # a millisecond, unless the warm process is stopped, or the machine is
_MEET_SECONDS = 5.0  # a child that has been forked says so in a millisecond or two
_WALL_FACTOR = 4.0  # how far behind the limit of a cell or a question a wall clock ends it
_HELLO_BYTES = 4096
_MESSAGE_ROOM = 1 << 20  # a control message may be this much longer than what may still be shown
_ANSWERS_SECONDS = 0.02  # between two looks at the answers to a question; most are over in less
_FRAME_OVERHEAD = 200  # bytes that an answer costs besides its own: millions of empty ones are not for free
_MUCH = 1 << 16  # bytes at one look: a child that sends more may be waiting for us to take them

warnings.filterwarnings("ignore", module=TEST)  # a variant's doubtful code is no news to whoever grades


class NotebookRun:
    """A notebook's process tree."""

    def __init__(self, job: Job, limits: Limits, commands: socket.socket, scratch: str | None) -> None:
        """Args: `commands` leads to the warm process; `scratch` is a folder to write in where there is no sandbox."""
        self._job, self._limits, self._commands = job, limits, commands
        self._walls, self._scratch = scratch is None, scratch
        self._budget = Budget(limits.output_bytes)
        self._shown: dict[str, list[dict[str, Any]]] = {}
        self._control = Channel(limits.output_bytes + _MESSAGE_ROOM)
        self._pipes = {"stdout": Pipe(), "stderr": Pipe()}
        self._channels = [Channel(limits.answer_bytes) for _ in job.questions]
        self._held: dict[int, Process] = {}
        self._init: Process | None = None
        self._main: Process | None = None
        self._given_back = False  # the warm process has said that the tree is gone
        self._ended_here = False  # it was we who ended init before the end of the run
        self._visible_open = True
        self.problems: list[Problem] = []
        self.doubts: set[Doubt] = set()
        self.out_of_time = False  # the time for all cells is over
        self.lost: CellResult | None = None  # the cell at which the notebook's process ended
        self.budgeted = 0.0  # seconds charged to cells that have a budget of their own

    # Birth

    def set_up(self) -> None:
        """Have the tree forked.

        Raises:
            SandboxUnavailable: the inner wall cannot be built here.
            SandboxError: the warm process has gone.
        """
        order = {
            "limits": dataclasses.asdict(self._limits),
            "scratch": self._scratch,
            "ambient": self._job.ambient,
            "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [],
        }
        ends: list[Channel | Pipe] = [self._control, *self._pipes.values(), *self._channels]
        try:
            socket.send_fds(self._commands, [json.dumps(order).encode()], [end.give() for end in ends])
        except OSError as error:
            raise SandboxError(f"the warm process cannot be reached: {error}") from error
        for end in ends:
            end.given()
        until = time.monotonic() + SET_UP_SECONDS
        self._init = self._hello("init", until)
        self._tree = TreeWatch(self._init.pid, self._limits.memory_bytes)
        self._main = self._hello("main", until)

    def _hello(self, who: str, until: float) -> Process:
        frame = self._control.next()
        while frame is None:
            at = ready([self._control, self._commands], until - time.monotonic())
            if self._commands.fileno() in at:
                self._gone()
            if not at or self._control.closed:
                raise SandboxError("a submission's process did not start")
            self._control.read()
            frame = self._control.next()
        message = read_message(frame) or {}
        if "refused" in message:
            raise SandboxUnavailable(f"the inner wall cannot be built here: {message['refused']}")
        pid = self._control.sender if self._walls else message.get("init") or message.get("pid")
        try:
            return Process(int(pid or 0))
        except OSError as error:
            raise SandboxError(f"a submission's {who} process has gone: {error}") from error

    @property
    def clock(self) -> Clock:
        """What the submission is charged for."""
        return self._tree.clock

    # The visible run

    def run_cells(self, cells: Iterable[CodeCell], skipped: dict[int, CellResult], until: Deadline) -> list[CellResult]:
        """Run the cells in order, and hold a child wherever a question will be asked.

        Args:
            skipped: results of cells, by index, that are not to be run again; their questions are held all the same.
            until: when the visible run has to be over.

        Returns:
            One result per cell. `lost` is the one at which the process ended, if it did.
        """
        names = {question.name: number for number, question in enumerate(self._job.questions)}
        results = []
        is_over = False
        for cell in cells:
            known = skipped.get(cell.index)
            result = known or CellResult(cell.index)
            results.append(result)
            if not is_over and until.passed():
                self._time_is_over(until)
            is_over = is_over or self.out_of_time
            if is_over:
                continue
            number = None if cell.question is None else names.get(cell.question)
            if known is not None and number is None:
                continue
            until = self._run_cell(cell, result, number, known is None, until)
            if self.lost is not None:
                is_over = True
        return results

    def _time_is_over(self, until: Deadline) -> None:
        self._doubt("slowed", until.by_others())
        if not self.out_of_time:
            self.out_of_time = True
            self.problems.append(Problem("time"))

    def _doubt(self, doubt: Doubt, holds: bool) -> None:
        if holds:
            self.doubts.add(doubt)

    def _run_cell(
        self, cell: CodeCell, result: CellResult, number: int | None, runs: bool, until: Deadline
    ) -> Deadline:
        """Run a cell; gives the deadline of those behind it, which a cell with a budget of its own moves."""
        before = self.clock.look() if cell.budget is not None else self.clock.spent
        started = time.monotonic()
        recorder = Recorder(self._budget, self._shown)
        assert self._main is not None
        state = CellWatch(self._main, self._control, self._pipes, self._tree, recorder)
        outer = until if cell.budget is None else until.outer
        seconds, budgeted = cell.budget or self._limits.cell_seconds, cell.budget is not None
        limit = Deadline.of(self.clock, seconds, _WALL_FACTOR, outer, runs=budgeted)
        alive = self._control.send({"run": cell.source if runs else None, "hold": number}) and state.wait(limit)
        if number is not None and alive:
            if state.end.get("held"):
                self._meet(number)  # before the student's code runs on
            self._doubt("ended", number not in self._held)
        self._doubt("slowed", state.by_others)
        if cell.budget is not None:
            after = self.clock.look()
            charged = after.charged - before.charged
            self.budgeted += charged
            result.ran = after.ran - before.ran if runs else None
            until = until.later(charged, time.monotonic() - started)
        if state.interrupted and until.left() <= 0:
            self._time_is_over(until)
        self._doubt("ended", not alive and not state.interrupted and not state.why)
        if runs:
            result.seconds = time.monotonic() - started
            self._settle(cell, result, recorder, state, alive)
        if not alive:
            self.lost = result
        return until

    def _settle(self, cell: CodeCell, result: CellResult, recorder: Recorder, state: CellWatch, alive: bool) -> None:
        count = state.end.get("count")
        if isinstance(count, int) and 0 < count < 1 << 31:
            result.execution_count = count
        read_into(result, state.end)
        if not alive:
            result.state = "timeout" if state.interrupted else "killed"
            why = state.why or ("endless" if state.interrupted else "ended")
            recorder.failed("Stopped", f"this cell {ENDS[why]}")
            self.problems.append(Problem(why, cell.index))
        elif state.interrupted:
            result.state = "timeout"
            if not self.out_of_time:
                self.problems.append(Problem("stopped" if cell.budget is None else "spent", cell.index))
            if not any(output["output_type"] == "error" for output in recorder.outputs):
                recorder.failed("Stopped", "this cell ran too long")
        elif state.end.get("exit"):
            result.state = "raised"
            recorder.failed("SystemExit", "this cell asked Python to end; the cells after it were run all the same")
        else:
            result.state = "ok" if state.end.get("ok") is True else "raised"
        result.outputs = recorder.finished()
        if self._budget.cut and not any(problem.kind == "output" for problem in self.problems):
            self.problems.append(Problem("output", cell.index))

    # The end of the visible run

    def close_visible(self) -> None:
        """End the notebook's process and all that it started but the held children; nothing they print counts now."""
        self._close_streams()
        self._clear_room(below_kept=True)  # afterwards they only wait

    def _meet(self, number: int) -> None:
        """Get to know a held child by the first frame on its channel."""
        channel, until = self._channels[number], Deadline.of(self.clock, _MEET_SECONDS, _WALL_FACTOR)
        assert self._init is not None
        assert self._main is not None
        while (frame := channel.next()) is None:
            if channel.closed or not (channel.read() or ready([channel], until.left()) or not until.passed()):
                return
        hello = read_message(frame[:_HELLO_BYTES]) or {}
        pid = channel.sender if self._walls else hello.get("pid")
        if not isinstance(pid, int) or hello.get("held") != number or pid in (self._main.pid, self._init.pid):
            return
        with contextlib.suppress(OSError):
            child = Process(pid)
            if is_below(pid, self._init.pid):
                self._held[number] = child
            else:
                child.close()

    def _close_streams(self) -> None:
        self._visible_open = False
        self._control.close()
        for pipe in self._pipes.values():
            pipe.close()

    def _clear_room(self, below_kept: bool = False) -> None:
        """Nothing but init and the waiting children may be left; nor anything below these, with `below_kept`."""
        assert self._init is not None
        if not kill_below(self._init.pid, {child.pid for child in self._held.values()}, below_kept):
            self.problems.append(Problem("processes"))
            self.doubts.add("ended")  # beside others, a single large process may take as long to die
            for child in self._held.values():
                child.close()
            self._held.clear()
            self._ended_here = True
            self._init.kill()

    # The questions

    def ask(self, until: Deadline) -> list[QuestionResult]:
        """Ask every held child its question, one after the other, each within its time and its bytes."""
        results = []
        for number, question in enumerate(self._job.questions):
            result = QuestionResult(question.name)
            results.append(result)
            child = self._held.get(number)
            if child is None:
                continue
            started = time.monotonic()
            self._ask_one(
                number, child, result, Deadline.of(self.clock, self._limits.question_seconds, _WALL_FACTOR, until)
            )
            self._held.pop(number, None)
            child.close()
            self._channels[number].close()
            self._clear_room()  # the child, too
            result.seconds = time.monotonic() - started
        return results

    def _ask_one(self, number: int, child: Process, result: QuestionResult, until: Deadline) -> None:
        channel, question = self._channels[number], self._job.questions[number]
        channel.forget()  # the visible run may have written here; nobody is left who could now
        child.send(signal.SIGCONT)
        order = {"seed": self._job.seed, "name": question.drawn_as, "ambient": self._job.ambient}
        order["code"] = _compiled(question.test)
        order["test"] = question.test if order["code"] is None else None
        if question.prelude:
            order["prelude"] = question.prelude
        result.state = "killed"
        if not channel.send(order):
            self.doubts.add("ended")
            return
        left, size = self._limits.answer_bytes, 0
        while True:
            while (frame := channel.next()) is not None:
                if frame[:1] == b"D":
                    result.state = "done"
                    return
                left -= len(frame) + _FRAME_OVERHEAD
                if frame[:1] != b"A" or left < 0:
                    result.state = "too much" if left < 0 else "killed"
                    return
                result.frames.append(frame[1:])
            if channel.dropped:
                result.state = "too much"
                return
            if read := channel.read():
                size += read
                continue
            if channel.closed or child.ended():
                if not channel.read():
                    self.doubts.add("ended")
                    return
                continue
            if until.passed():
                result.state = "timeout"
                self._doubt("slowed", until.by_others())
                return
            wait = min(until.left(), self._tree.seconds_left)
            if child.fileno() is None or size > _MUCH:
                ready([channel, child], wait)
            else:  # not woken by each answer: the end of the child will do
                ready([child], min(wait, _ANSWERS_SECONDS))
            size = 0
            if self._tree.too_much_memory():
                return

    # The end

    def stands(self) -> None:
        """Whether what happened until now is the notebook's doing: from inside, nothing can end its process 1.

        Raises:
            SandboxError: that has ended, so somebody outside took the sandbox down.
        """
        assert self._init is not None
        if self._walls and not self._ended_here and self._init.ended():
            raise SandboxError("a submission was ended from outside")

    def tear_down(self) -> None:
        """Kill the whole tree and wait until it is gone.

        Raises:
            SandboxError: it cannot be said that it is gone; the warm process has to go too.
        """
        try:
            if self._init is not None:
                if not self._walls:
                    kill_below(self._init.pid, ())
                self._init.kill()
                if not self._given_back:
                    if not ready([self._commands], SET_UP_SECONDS):
                        raise SandboxError("a submission's processes could not be ended")
                    self._gone(expected=True)
        finally:
            for child in (*self._held.values(), self._main, self._init):
                if child is not None:
                    child.close()
            if self._visible_open:
                self._close_streams()
            for channel in self._channels:
                channel.close()

    def _gone(self, expected: bool = False) -> None:
        """Read what the warm process says about the end of the tree."""
        try:
            head = self._commands.recv(4, socket.MSG_WAITALL)
            content = self._commands.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if len(head) == 4 else b""
        except OSError:
            content = b""
        message = read_message(content)
        if message is None:
            raise SandboxError("the warm process has gone")
        self._given_back = True
        if message.get("error"):
            raise SandboxUnavailable(f"the inner wall cannot be built here: {message['error']}")
        if not expected and self._main is None and not self._control.read():
            raise SandboxError("a submission's process ended before it began")


@functools.lru_cache(maxsize=512)
def _compiled(test: str) -> str | None:
    """A hidden test as code, in base64: compiled once for a class, where each process would take a millisecond for it.

    None when it does not compile: that is its answer, and the process that is asked finds out by itself.
    """
    try:
        code = compile(test, TEST, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return base64.b64encode(marshal.dumps(code)).decode()
