"""Programs that begin with the grader's modules imported: forked from an origin that has imported them, and no more.

Imports are half of a small run, and a test that ends a grader again and again starts dozens. Otherwise a program that is
forked here is what `python -c` would have started: in a session of its own, with the usual signals, its output in a file,
a `__main__` of its own, and an end of Python's own making. The fork server, which such a grader starts as another
program, is forked as well.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from multiprocessing import util
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

# What a grading run comes to import; the first puts off what nbgrader is slow to import.
MODULES = (
    "autograder.gradebook", "autograder.grading.marker", "autograder.feedback.pages", "autograder.cli",
    "autograder.grading.class_run", "gradus.cli",
)  # fmt: skip
_FORK_SERVER = re.compile(r"from multiprocessing\.forkserver import main; main\((\d+), (\d+),")
_MOST_BYTES = 1 << 18  # of an order


class Become(BaseException):
    """Takes a forked process to the top of its stack, to run `python -c` with these arguments there."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments

    def program(self) -> CodeType:
        """The code to be run, when all else is as a program finds it."""
        _begin_anew()
        sys.argv = ["-c", *self.arguments[1:]]
        util.spawnv_passfds = _Spare(util.spawnv_passfds).spawn  # type: ignore[assignment]
        return compile(self.arguments[0], "<string>", "exec")


class Forked:
    """A child of this process that runs `python -c` with these arguments, as `subprocess.Popen` would have it."""

    def __init__(self, arguments: list[str], output: int) -> None:
        """Fork it. In the child this raises `Become`; `output` becomes its standard output and error."""
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (output, 1), (output, 2)):
                os.dup2(source, target)
            raise Become(arguments)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class _Spare:
    """A fork of a program at its very beginning, which waits to be the program's fork server."""

    def __init__(self, spawn: Callable[..., int]) -> None:
        self._otherwise = spawn
        self._orders, waiting = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is for the program
        self._pid = os.fork()
        if self._pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            self._orders.close()
            _be_a_fork_server(waiting)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        waiting.close()

    def spawn(self, path: bytes | str, arguments: list[Any], descriptors: Iterable[int]) -> int:
        """What `multiprocessing` starts: its fork server is there already."""
        code = os.fsdecode(arguments[-1])
        if self._pid and _FORK_SERVER.match(code):
            pid, self._pid = self._pid, 0
            socket.send_fds(self._orders, [code.encode()], list(descriptors))
            self._orders.close()
            return pid
        return self._otherwise(path, arguments, descriptors)


def _be_a_fork_server(waiting: socket.socket) -> NoReturn:
    """Run the code that comes, with its two descriptors; nothing comes when the program has ended."""
    try:
        message, received, *_ = socket.recv_fds(waiting, _MOST_BYTES, 2)
        if message:
            code = _FORK_SERVER.sub(
                f"from multiprocessing.forkserver import main; main({received[0]}, {received[1]},", message.decode()
            )
            waiting.close()
            exec(code, {"__name__": "__main__"})
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def _begin_anew() -> None:
    """Make of this fork, whose first three descriptors are what they are to be, what a program finds at its start."""
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.closerange(3, 1 << 20)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.excepthook = _tell
    sys.path[0] = ""
    sys.modules["__main__"] = ModuleType("__main__")


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What Python says of an error that ends a program, without the line of ours that runs it."""
    sys.__excepthook__(kind, error.with_traceback(trace and trace.tb_next), trace)


def serve_as_origin(work: Callable[[dict[str, Any], int], None]) -> CodeType | None:
    """Fork for each order that comes by standard input, a socket, until that closes, and `work` in the fork.

    Returns: what this process is to run now, in a program forked below `work`; None when all is over.
    """
    channel = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # whatever is opened later must not get that number
    for name in MODULES:
        importlib.import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise SystemExit(f"what programs are forked from has {threads} threads: a fork of it could hang")
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is not waited for
    while True:
        message, descriptors, *_ = socket.recv_fds(channel, _MOST_BYTES, 1)
        if not message:
            return None
        if os.fork() == 0:
            channel.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                work(json.loads(message), descriptors[0])
            except Become as it:
                return it.program()
            except BaseException:
                traceback.print_exc()
            os._exit(0)
        os.close(descriptors[0])
