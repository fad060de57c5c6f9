"""The engine of a grading run: warm sandboxes, each driven by a thread of its own, all ended together."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from autograder.engine.sandbox import PRELOAD, SandboxError, SandboxUnavailable, WarmProcess, Worker, can_be_shared
from autograder.records.execution import Execution, Job, Limits, Problem
from gradus.errors import GradusError

_TRIALS_ALONE = 2

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Found = TypeVar("Found")


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
        self._stopping = threading.Event()
        self._worker = _Stoppable(self._stopping, preload=preload, unsafe_no_sandbox=not sandbox, warm=warm)

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
        """Kill the warm process and all below it; for another thread."""
        self._stopping.set()
        pid = self._worker.warm_pid
        if pid is not None:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def close(self) -> None:
        self._worker.close()


class _Stoppable(Worker):
    def __init__(self, stopping: threading.Event, **options: Any) -> None:
        super().__init__(**options)
        self._stopping = stopping

    def start(self) -> None:
        if self._stopping.is_set():
            raise SandboxUnavailable("grading was stopped")
        super().start()


def _ended_at(execution: Execution) -> set[object]:
    """The cells and questions that did not come to their own end."""
    cells = {result.index for result in execution.cells if result.state in ("killed", "timeout")}
    return cells | {question.name for question in execution.questions if question.state != "done"}


class Pool(Generic[Task, Outcome]):
    """Threads that each have a worker and take tasks from one queue; the workers share a warm process.

    A context manager. When it is left, by an exception or Ctrl-C too, every sandbox and everything in it has gone.
    """

    def __init__(self, size: int, limits: Limits, sandbox: bool = True, preload: tuple[str, ...] = PRELOAD) -> None:
        share = size > 1 and can_be_shared()
        self._warm = WarmProcess(preload, not sandbox, workers=size) if share else None
        turns = Turns()
        self._sandboxes = [Sandbox(limits, sandbox, preload, self._warm, turns) for _ in range(size)]
        self._tasks: queue.SimpleQueue[Callable[[Sandbox], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, args=(one, core), name=f"gradus-{number}", daemon=True)
            for number, (one, core) in enumerate(zip(self._sandboxes, _cores_for(size), strict=True), 1)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            while not self._tasks.empty():
                self._tasks.get()
            for one in self._sandboxes:
                one.stop()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        if self._warm is not None:
            self._warm.close()

    def warm(self) -> None:
        """Begin to start the sandboxes, and go on meanwhile. One that cannot start says so with its first task."""
        for _ in self._threads:
            self._tasks.put(_warm)

    def submit(self, function: Callable[[Sandbox], Found]) -> Future[Found]:
        """Have `function` called with a sandbox."""
        future: Future[Found] = Future()

        def run(sandbox: Sandbox) -> None:
            try:
                future.set_result(function(sandbox))
            except BaseException as error:
                future.set_exception(error)

        self._tasks.put(run)
        return future

    def map_unordered(
        self, function: Callable[[Task, Sandbox], Outcome], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Future[Outcome]]]:
        """Have `function` called with each task and a sandbox, from now on; gives tasks and outcomes as they come."""
        done: queue.SimpleQueue[tuple[Task, Future[Outcome]]] = queue.SimpleQueue()
        count = 0
        for count, task in enumerate(tasks, 1):  # noqa: B007
            future = self.submit(lambda sandbox, task=task: function(task, sandbox))  # type: ignore[misc]
            future.add_done_callback(lambda future, task=task: done.put((task, future)))  # type: ignore[misc]
        return (done.get() for _ in range(count))

    def _work(self, sandbox: Sandbox, core: int | None) -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})  # of this thread, and of what it starts
        try:
            while (task := self._tasks.get()) is not None:
                task(sandbox)
        finally:
            sandbox.close()


def _cores_for(size: int) -> list[int | None]:
    """A core for each of `size` threads; off Linux, the system's choice.

    A thread and its sandbox take turns, a few hundred times in a submission: on one core, neither wakes another one.
    And a submission that fills its core leaves the others to others.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
    return [cores[number % len(cores)] for number in range(size)]


def _warm(sandbox: Sandbox) -> None:
    try:
        sandbox.warm()
    except GradusError:
        return
