"""The engine of a grading run: warm sandboxes, each driven by a thread of its own, all ended together."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from autograder.execution import Execution, Job, Limits
from autograder.sandbox import PRELOAD, SandboxError, SandboxUnavailable, WarmProcess, Worker, can_be_shared
from gradus.errors import GradusError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Found = TypeVar("Found")


class Sandbox:
    """A worker whose warm process is started when it is first needed, and can be ended from another thread.

    Args:
        preload: modules that it imports before it forks; what is missing there, each submission imports for itself.
        warm: a warm process that several share, which makes `sandbox` and `preload` idle.
    """

    def __init__(
        self,
        limits: Limits,
        sandbox: bool = True,
        preload: tuple[str, ...] = PRELOAD,
        warm: WarmProcess | None = None,
    ) -> None:
        self._limits = limits
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

        Raises:
            GradusError: the sandbox cannot be built, or was stopped.
            SandboxError: it broke down again and again; another submission may fare better.
        """
        try:
            return self._worker.run(job, self._limits)
        except SandboxUnavailable as error:
            raise GradusError(f"{error}.") from error

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


class Pool(Generic[Task, Outcome]):
    """Threads that each have a worker and take tasks from one queue; the workers share a warm process.

    A context manager. When it is left, by an exception or Ctrl-C too, every sandbox and everything in it has gone.
    """

    def __init__(self, size: int, limits: Limits, sandbox: bool = True, preload: tuple[str, ...] = PRELOAD) -> None:
        share = size > 1 and can_be_shared()
        self._warm = WarmProcess(preload, not sandbox, workers=size) if share else None
        self._sandboxes = [Sandbox(limits, sandbox, preload, self._warm) for _ in range(size)]
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
    """A core for each of `size` threads, where there is one for each; else, and off Linux, the system's choice.

    A thread and its sandbox take turns, a few hundred times in a submission: on one core, neither wakes another one.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return list(cores[:size]) if size <= len(cores) else [None] * size


def _warm(sandbox: Sandbox) -> None:
    try:
        sandbox.warm()
    except GradusError:
        return
