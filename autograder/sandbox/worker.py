"""A worker: one warm process behind the outer wall, and the runs that are forked from it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.execution import CellResult, Execution, Job, Limits, QuestionResult
from autograder.sandbox import walls
from autograder.sandbox.cgroups import Cgroup, make_cgroup
from autograder.sandbox.channel import read_message
from autograder.sandbox.errors import SandboxError, SandboxUnavailable
from autograder.sandbox.submission import Submission

PRELOAD = ("numpy", "torch", "torch.nn.functional", "gradus.datasets.fashion_mnist")
MAX_RESTARTS = 3
MAX_QUESTIONS = 200
# Words of a notebook, what it says with one of them, and what is then worth importing once for all. The patterns meet
# hostile text, outside of any sandbox: each must end in linear time.
_PRELOAD_FOR = (
    (
        ("matplotlib",),
        re.compile(r"%matplotlib|\b(?:import|from) +matplotlib\b"),
        ("matplotlib.pyplot", "matplotlib_inline.backend_inline"),
    ),
    (("pandas",), re.compile(r"\b(?:import|from) +pandas\b|, *pandas +as\b"), ("pandas",)),
    (  # The first default device, deterministic flag or compiled function imports it, which takes seconds.
        ("_dynamo", "set_default_device", "deterministic_algo", "torch.compile"),
        re.compile(r"_dynamo|set_default_device|deterministic_algo|torch\.compile"),
        ("torch._dynamo",),
    ),
    (
        ("d2l", "from gradus import"),
        re.compile(r"\bd2l\b(?!==)|from gradus import"),
        ("gradus.torch_d2l", "gradus.trainer", "gradus.data_modules"),
    ),
)
_AROUND = 40  # characters on either side of a word that its pattern may need
_START_SECONDS = 120.0
_STOP_SECONDS = 5.0


class Worker:
    """Runs notebooks, one at a time. A context manager; it belongs to the thread that enters it.

    Args:
        preload: modules that the warm process imports before it forks.
        unsafe_no_sandbox: run without walls: student code then has all the rights of this process.
    """

    def __init__(self, *, preload: tuple[str, ...] = PRELOAD, unsafe_no_sandbox: bool = False) -> None:
        self._preload = preload
        self._walls = not unsafe_no_sandbox
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.cgroup: Cgroup | None = None
        self._bounds: Limits | None = None  # those that the cgroup has

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
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the warm process, unless it runs. It takes a few seconds: it imports torch.

        Raises:
            SandboxUnavailable: there is no sandbox on this system; the message says why.
            SandboxError: the warm process did not come up.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as complaints:
            command, environment = self._command(theirs.fileno())
            self._process = subprocess.Popen(
                command, env=environment, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=complaints, start_new_session=True,
            )  # fmt: skip
            theirs.close()
            self._commands = ours
            hello = self._first_message()
            if hello is None:
                self.close()
                complaints.seek(0)
                said = complaints.read(4096).decode("utf-8", "replace").strip().splitlines()
                raise SandboxUnavailable(f"the sandbox does not start: {said[-1] if said else 'it says nothing'}")

    def close(self) -> None:
        """End the warm process and everything below it."""
        if self._commands is not None:
            self._commands.close()  # the warm process goes when its channel closes
            self._commands = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if self.cgroup is not None:
            self.cgroup.remove()
            self.cgroup = self._bounds = None

    def run(self, job: Job, limits: Limits | None = None) -> Execution:
        """Run a notebook and ask its questions. Whatever the notebook does, this returns.

        Raises:
            ValueError: the job itself is wrong (two questions of one name, too many, a cell names none of them).
            SandboxUnavailable: the walls cannot be built on this system.
        """
        limits = limits or Limits()
        _check(job)
        started = time.monotonic()
        for trial in (1, 2):
            try:
                self.start()
                if self.cgroup is not None and self._bounds != limits:  # they are one run's: once is enough
                    self.cgroup.bound(limits)
                    self._bounds = limits
                execution = self._run(job, limits, time.monotonic())  # its own time only: not the start
                break
            except SandboxUnavailable:
                self.close()
                raise
            except SandboxError as error:
                self.close()
                if trial == 2:
                    execution = _nothing(job, f"the sandbox broke down twice: {error}")
        execution.seconds["total"] = time.monotonic() - started
        return execution

    def _run(self, job: Job, limits: Limits, started: float) -> Execution:
        seconds = {"set_up": 0.0, "visible": 0.0, "questions": 0.0, "tear_down": 0.0}
        problems: list[str] = []
        lost: dict[int, CellResult] = {}
        visible_left = limits.visible_seconds
        while True:
            with _timed(seconds, "set_up"):
                submission = self._born(job, limits)
            try:
                before = seconds["visible"]
                with _timed(seconds, "visible"):
                    until = min(time.monotonic() + visible_left, started + limits.total_seconds)
                    cells = submission.run_cells(job.cells, lost, until)
                visible_left -= seconds["visible"] - before
                again = submission.lost is not None and self._worth_another(job, submission.lost, lost, visible_left)
                if submission.lost is not None:
                    lost[submission.lost.index] = submission.lost
                problems += [problem for problem in submission.problems if problem not in problems]
                submission.problems.clear()
                if not again:
                    with _timed(seconds, "questions"):
                        submission.close_visible()
                        questions = submission.ask(started + limits.total_seconds)
                    problems += submission.problems
                    return Execution(cells, questions, problems, seconds)
            finally:
                with _timed(seconds, "tear_down"):
                    self._end(submission)

    def _born(self, job: Job, limits: Limits) -> Submission:
        assert self._commands is not None
        scratch = None
        if not self._walls:
            self._folder = tempfile.TemporaryDirectory(prefix="gradus-run-", ignore_cleanup_errors=True)
            scratch = self._folder.name
        submission = Submission(job, limits, self._commands, scratch)
        try:
            submission.set_up()
        except BaseException:
            with contextlib.suppress(SandboxError):
                submission.tear_down()
            self.close()  # what the warm process would say about this one must not be taken for the next one's
            raise
        return submission

    def _end(self, submission: Submission) -> None:
        try:
            submission.tear_down()
        except SandboxError:
            self.close()  # and with the warm process everything below it; the result stands
        except BaseException:
            self.close()
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

    def _command(self, descriptor: int) -> tuple[list[str], dict[str, str]]:
        order = json.dumps({"command_fd": descriptor, "walls": self._walls, "preload": self._preload})
        warm = [sys.executable, "-P", "-m", "autograder.inside.warm", order]
        if not self._walls:
            return warm, unsafe_environment()
        reason = unavailable()
        if reason is not None:
            raise SandboxUnavailable(reason)
        self.cgroup = make_cgroup()
        launch = {
            "bwrap": walls.find_bubblewrap(),
            "steps": walls.plan(),
            "environment": walls.environment(),
            "command": warm,
            "keep": descriptor,
            "cgroups": [] if self.cgroup is None else self.cgroup.doors,
        }
        script = str(Path(__file__).with_name("launch.py"))
        return [sys.executable, "-I", "-S", script, json.dumps(launch)], {"PATH": "/usr/bin:/bin"}

    def _first_message(self) -> dict | None:
        """What the warm process says when it is ready; None when it has gone."""
        assert self._commands is not None
        self._commands.settimeout(_START_SECONDS)
        try:
            head = self._commands.recv(4, socket.MSG_WAITALL)
            if len(head) < 4:
                return None
            return read_message(self._commands.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        except OSError:
            return None
        finally:
            self._commands.settimeout(None)


def preload_for(sources: Iterable[str]) -> tuple[str, ...]:
    """What a warm process should import for notebooks with these cells (those of the solution will do).

    Importing more is not wrong, but each page in memory makes each fork slower; importing less costs every submission.
    """
    text = "\n".join(sources)
    wanted = list(PRELOAD)
    for words, pattern, modules in _PRELOAD_FOR:
        if any(pattern.search(around) for word in words for around in _surroundings(word, text)):
            wanted += modules
    return tuple(dict.fromkeys(wanted))


def _surroundings(word: str, text: str) -> Iterator[str]:
    """The pieces of `text` in which `word` stands: a pattern is slow on the whole of a notebook."""
    at = text.find(word)
    while at >= 0:
        yield text[max(0, at - _AROUND) : at + len(word) + _AROUND]
        at = text.find(word, at + len(word))


def unavailable() -> str | None:
    """Why there can be no sandbox here, as far as that shows without trying; None when nothing stands against it."""
    instead = "`--unsafe-no-sandbox` runs submissions with all the rights of your account"
    if sys.platform != "linux":
        return f"student code can be walled in on Linux only; {instead}"
    if walls.find_bubblewrap() is None:
        return f"bubblewrap is not installed (on Debian and Ubuntu: `apt install bubblewrap`); {instead}"
    limit = Path("/proc/sys/user/max_user_namespaces")
    if not limit.exists() or limit.read_text().strip() == "0":
        return f"this kernel allows no user namespaces (`sysctl user.max_user_namespaces`); {instead}"
    return None


def unsafe_environment() -> dict[str, str]:
    """The environment of a run without a sandbox: this process's own, with the settings that forks need."""
    path = os.pathsep.join(filter(None, [str(walls.package_folder().parent), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **walls.SETTINGS, "PYTHONPATH": path}


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


def _nothing(job: Job, why: str) -> Execution:
    cells = [CellResult(cell.index) for cell in job.cells]
    return Execution(cells, [QuestionResult(question.name) for question in job.questions], [why])


@contextlib.contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        seconds[phase] += time.monotonic() - started
