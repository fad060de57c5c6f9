"""The engine of a grading run: what runs submissions, each driven by a thread of its own, all ended together."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from autograder.engine.sandbox import PRELOAD, SandboxError, SandboxUnavailable, WarmProcess, Worker, can_be_shared
from autograder.engine.turns import Turns
from autograder.records.execution import Execution, Job, Limits, Problem
from gradus.errors import GradusError

_TRIALS_ALONE = 2

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Found = TypeVar("Found")


class Runner(Protocol):
    """Runs submissions for a thread of a pool: a sandbox here, or what reaches one on another machine."""

    def warm(self) -> None:
        """Start now what would be started with the first job."""

    def run(self, job: Job) -> Execution:
        """Run a job to its own end; raises what `Sandbox.run` raises."""

    def stop(self) -> None:
        """End what runs, for good; for another thread. May be called again."""

    def close(self) -> None:
        """Give everything back. May be called again."""


class Sandbox:
    """A worker whose warm process is started when it is first needed, and can be ended from another thread.

    Args:
        preload: modules that it imports before it forks; what is missing there, each submission imports for itself.
        warm: a warm process that several share, which makes `sandbox` and `preload` idle.
        turns: of all sandboxes that run at once.
    """

    def __init__(
        self,
        limits: Limits,
        sandbox: bool = True,
        preload: tuple[str, ...] = PRELOAD,
        warm: WarmProcess | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._limits = limits
        self._turns = turns or Turns()
        self._worker = Worker(preload=preload, unsafe_no_sandbox=not sandbox, warm=warm)

    def warm(self) -> None:
        """Start now what would be started with the first job.

        Raises:
            GradusError: there is no sandbox on this system.
        """
        try:
            self._worker.start()
        except SandboxError as error:
            raise GradusError(f"{error}.") from error

    def run(self, job: Job) -> Execution:
        """Run a job to its own end.

        What others may have done to it is found out by running it once more, alone: a process that ends there again has
        ended by itself. What was slowed again keeps its doubt, and says so.

        Raises:
            GradusError: the sandbox cannot be built, or was stopped.
            SandboxError: it broke down again and again; another submission may fare better.
        """
        execution: Execution | None = None
        try:
            try:
                with self._turns.together():
                    execution = self._worker.run(job, self._limits)
            except SandboxUnavailable:
                raise
            except SandboxError:  # perhaps because of what runs beside it
                pass
            for _ in range(_TRIALS_ALONE):
                if execution is not None and not execution.doubts:
                    return execution
                before = execution
                with self._turns.alone():
                    execution = self._worker.run(job, self._limits)
                if before is not None and _ended_at(execution) == _ended_at(before):
                    break
        except SandboxUnavailable as error:
            raise GradusError(f"{error}.") from error
        assert execution is not None
        execution.doubts.discard("ended")
        if execution.doubts:
            execution.problems.append(Problem("slowed"))
        return execution

    def stop(self) -> None:
        """End what runs, for good; for another thread."""
        self._worker.stop()

    def close(self) -> None:
        self._worker.close()


def _ended_at(execution: Execution) -> set[object]:
    """The cells and questions that did not come to their own end."""
    cells = {result.index for result in execution.cells if result.state in ("killed", "timeout")}
    return cells | {question.name for question in execution.questions if question.state != "done"}


class Pool(Generic[Task, Outcome]):
    """Threads that each have a runner.

    A context manager. When it is left, by an exception or Ctrl-C too, every runner and everything in it has gone.

    Args:
        runners: one for each thread; the same may serve several.
        cores: that each thread is bound to, with what it starts; None leaves it to the system.
        warm: a warm process that the runners share, to be closed after them.
    """

    def __init__(
        self, runners: Sequence[Runner], cores: Iterable[int | None] = (), warm: WarmProcess | None = None
    ) -> None:
        self._runners, self._warm = runners, warm
        self._mine = threading.local()  # the runner of a thread
        places = zip(runners, itertools.chain(cores, itertools.repeat(None)), strict=False)
        self._threads = ThreadPoolExecutor(max(len(runners), 1), "gradus", lambda: self._begin(*next(places)))

    @classmethod
    def of_sandboxes(
        cls,
        size: int,
        limits: Limits,
        sandbox: bool = True,
        preload: tuple[str, ...] = PRELOAD,
        begun: WarmProcess | None = None,
        turns: Turns | None = None,
        cores: Sequence[int | None] | None = None,
    ) -> Self:
        """Sandboxes of this machine, which share a warm process.

        Args:
            begun: a warm process that has begun to start, and is to be shared if it can be.
            turns: of all sandboxes that run at once, where others than these do.
            cores: one for each sandbox; by default each has one, in turn.
        """
        warm: WarmProcess | None = None
        if size == 1 or (size > 1 and can_be_shared()):
            if begun is None or begun.walls is not sandbox:
                begun = WarmProcess(preload, not sandbox)
            begun.imports_too(preload)
            begun.workers = size
            warm = begun
        turns = turns or Turns()
        sandboxes = [Sandbox(limits, sandbox, preload, warm, turns) for _ in range(size)]
        return cls(sandboxes, _cores_for(size) if cores is None else cores, warm)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._threads.shutdown()
        for one in self._runners:
            one.close()
        if self._warm is not None:
            self._warm.close()

    def stop(self) -> None:
        """End what runs, and begin nothing more; for another thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self._runners:
            one.stop()

    def warm(self) -> None:
        """Begin to start the runners, and go on meanwhile. One that cannot start says so with its first task."""
        for _ in self._runners:
            self._threads.submit(lambda: None)  # there is a thread for each, as none is idle yet

    def submit(self, function: Callable[[Runner], Found]) -> Future[Found]:
        """Have `function` called with a runner."""
        return self._threads.submit(lambda: function(self._mine.runner))

    def map_unordered(
        self, function: Callable[[Task, Runner], Outcome], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Future[Outcome]]]:
        """Have `function` called with each task and a runner, from now on; gives tasks and outcomes as they come."""
        begun = {self.submit(functools.partial(function, task)): task for task in tasks}
        return ((begun.pop(future), future) for future in as_completed(list(begun)))

    def _begin(self, runner: Runner, core: int | None) -> None:
        """In a new thread: it has its core, and so has what it starts."""
        self._mine.runner = runner
        if core is not None:
            os.sched_setaffinity(0, {core})
        with contextlib.suppress(GradusError):
            runner.warm()


def _cores_for(size: int) -> list[int | None]:
    """A core for each of `size` threads; off Linux, the system's choice.

    A thread and its sandbox take turns, a few hundred times in a submission: on one core, neither wakes another one.
    And a submission that fills its core leaves the others to others.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    return [cores[number % len(cores)] for number in range(size)]
