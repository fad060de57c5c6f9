"""A worker: runs that are forked from a warm process behind the outer wall, one after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from autograder.engine.sandbox.cgroups import Cgroup
from autograder.engine.sandbox.clock import Deadline
from autograder.engine.sandbox.errors import SandboxError, SandboxUnavailable
from autograder.engine.sandbox.notebook_run import NotebookRun
from autograder.engine.sandbox.preload import PRELOAD
from autograder.engine.sandbox.warm_process import WarmProcess
from autograder.records.execution import CellResult, Doubt, Execution, Job, Limits, Problem

MAX_RESTARTS = 3
TRIALS = 3  # with a warm process that may go because of what another worker's submission did
MAX_QUESTIONS = 200
_SLOW = 0.05  # of the time for all cells: a cell of the student's own that takes more can be done without
_WALL_FACTOR = 2.0  # how far behind the limits of all cells, and of everything, a wall clock ends it


class Worker:
    """Runs notebooks, one at a time. A context manager; it belongs to the thread that enters it.

    Args:
        preload: modules that the warm process imports before it forks.
        unsafe_no_sandbox: run without walls: student code then has all the rights of this process.
        warm: a warm process that is shared with other workers, and closed by somebody else; by default it has its own.
    """

    def __init__(
        self,
        *,
        preload: tuple[str, ...] = PRELOAD,
        unsafe_no_sandbox: bool = False,
        warm: WarmProcess | None = None,
    ) -> None:
        self._is_shared = warm is not None
        self._warm = warm or WarmProcess(preload, unsafe_no_sandbox)
        self._stopped = threading.Event()
        self._commands: socket.socket | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def warm_pid(self) -> int | None:
        """The process that was started: bubblewrap, or the warm process itself without a sandbox."""
        return self._warm.pid

    @property
    def cgroup(self) -> Cgroup | None:
        return self._warm.cgroup

    def start(self) -> None:
        """Start the warm process, unless it runs. It takes a few seconds: it imports torch.

        Raises:
            SandboxUnavailable: there is no sandbox on this system, or it was stopped; the message says why.
        """
        if self._stopped.is_set():
            raise SandboxUnavailable("grading was stopped")
        if self._commands is not None and self._warm.runs:
            return
        self.close()
        self._commands = self._warm.channel()

    def stop(self) -> None:
        """Kill the warm process and all below it, and start no other one; for another thread."""
        self._stopped.set()
        pid = self._warm.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End the submission that runs, and the warm process with everything below it unless it is shared."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        if not self._is_shared:
            self._warm.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def run(self, job: Job, limits: Limits | None = None) -> Execution:
        """Run a notebook and ask its questions.

        What this returns is the notebook's own doing, to the last answer: a run whose sandbox went meanwhile, for
        whatever reason, leaves nothing and is begun again.

        Raises:
            ValueError: the job itself is wrong (two questions of one name, too many, a cell names none of them).
            SandboxUnavailable: the walls cannot be built on this system.
            SandboxError: the sandbox went each time.
        """
        limits = (limits or Limits()).beside(job)
        _check(job)
        started = time.monotonic()
        for trial in range(1, TRIALS + 1):
            try:
                self.start()
                self._warm.bound(limits)
                execution = self._run(job, limits)
                execution.seconds["total"] = time.monotonic() - started
                return execution
            except SandboxUnavailable:
                self.close()
                raise
            except SandboxError as error:
                self.close()
                if trial == TRIALS:
                    raise SandboxError(f"the sandbox broke down {TRIALS} times: {error}") from error
        raise AssertionError("a trial ends in a result or an error")

    def _run(self, job: Job, limits: Limits) -> Execution:
        seconds = {"set_up": 0.0, "visible": 0.0, "questions": 0.0, "tear_down": 0.0}
        problems: list[Problem] = []
        doubts: set[Doubt] = set()
        lost: dict[int, CellResult] = {}
        visible_left, total_left = limits.visible_seconds, limits.total_seconds
        while True:
            with _timed(seconds, "set_up"):
                submission = self._born(job, limits)
            try:
                total = Deadline.of(submission.clock, total_left, _WALL_FACTOR)
                with _timed(seconds, "visible"):
                    until = Deadline.of(submission.clock, visible_left, _WALL_FACTOR, total)
                    cells = submission.run_cells(job.cells, lost, until)
                submission.stands()
                spent = submission.clock.now()
                visible_left, total_left = visible_left - (spent - submission.budgeted), total_left - spent
                again = submission.lost is not None and self._worth_another(job, submission.lost, lost, visible_left)
                if submission.lost is not None:
                    lost[submission.lost.index] = submission.lost
                slow = _slow(job, cells, limits) if submission.out_of_time else {}
                if slow.keys() - lost.keys() and total_left > limits.visible_seconds:
                    again, visible_left, lost = True, limits.visible_seconds, {**slow, **lost}
                    submission.problems[submission.problems.index(Problem("time"))] = Problem("rerun")
                problems += [problem for problem in submission.problems if problem not in problems]
                submission.problems.clear()
                if not again:
                    with _timed(seconds, "questions"):
                        submission.close_visible()
                        questions = submission.ask(total)
                    submission.stands()
                    problems += submission.problems
                    return Execution(cells, questions, problems, seconds, doubts | submission.doubts)
                doubts |= submission.doubts
            finally:
                with _timed(seconds, "tear_down"):
                    self._end(submission)

    def _born(self, job: Job, limits: Limits) -> NotebookRun:
        if self._commands is None:
            raise SandboxError("the warm process has gone")
        scratch = None
        if not self._warm.walls:
            self._folder = tempfile.TemporaryDirectory(prefix="gradus-run-", ignore_cleanup_errors=True)
            scratch = self._folder.name
        submission = NotebookRun(job, limits, self._commands, scratch)
        try:
            submission.set_up()
        except BaseException:
            with contextlib.suppress(SandboxError):
                submission.tear_down()
            self.close()  # what the warm process would say about this one must not be taken for the next one's
            raise
        return submission

    def _end(self, submission: NotebookRun) -> None:
        """Take the tree down.

        Raises:
            SandboxError: it does not end, or nobody is left who could say that it has: its answers may have ended with
                the sandbox, so they are no result.
        """
        try:
            submission.tear_down()
        except BaseException:
            self.close()  # and with the warm process everything below it
            raise
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @staticmethod
    def _worth_another(job: Job, now: CellResult, before: dict[int, CellResult], seconds_left: float) -> bool:
        """Whether to run the notebook again without the cell that ended it."""
        rest = [cell for cell in job.cells if cell.index > now.index]
        asked = any(cell.index == now.index and cell.question is not None for cell in job.cells)
        return len(before) < MAX_RESTARTS and seconds_left > 0 and (bool(rest) or asked) and now.index not in before


def _slow(job: Job, results: list[CellResult], limits: Limits) -> dict[int, CellResult]:
    """The cells of the student's own that took long, by index; what was handed out and comes after them is not reached
    otherwise."""
    added = {cell.index for cell in job.cells if cell.added}
    slow = [one for one in results if one.index in added and one.seconds > _SLOW * limits.visible_seconds]
    return {one.index: one for one in slow}


def _check(job: Job) -> None:
    names = [question.name for question in job.questions]
    if len(set(names)) != len(names):
        raise ValueError("two questions have one name")
    if len(names) > MAX_QUESTIONS:
        raise ValueError(f"a notebook can hold at most {MAX_QUESTIONS} questions")
    for cell in job.cells:
        if cell.question is not None and cell.question not in names:
            raise ValueError(
                f"cell {cell.index} names the question {cell.question!r}, which is not among the questions"
            )


@contextlib.contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[phase] += time.monotonic() - started
