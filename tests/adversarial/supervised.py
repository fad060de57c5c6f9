"""Run a command, watch what it holds in memory, end it at a chosen moment, and see what it leaves behind.

A script, because a supervisor adopts: every process that the command leaves behind becomes the supervisor's child, in
whatever session, group or namespace it hides. `supervise` runs it; `begin` has it forked, and the command as well, from
a process that has imported what a grader imports.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from forked import Forked, serve_as_origin

from autograder.engine.sandbox.processes import descendants

PR_SET_CHILD_SUBREAPER = 36
TICK_SECONDS = 0.1
WATCHED = 19  # times as long as a look at everybody's memory takes, nobody looks: a twentieth of one core
MOST_OUTPUT, MOST_BYTES = 100_000, 1 << 20  # of what the command prints, and of what a supervisor says
GRACE_SECONDS = 20.0  # for what dies with the command to be gone, and for programs of nbgrader's that end by themselves


@dataclass(frozen=True)
class Outcome:
    """`status` is the exit status, negative for a signal; `left` the command lines of processes that stayed."""

    status: int
    output: str
    seconds: float
    most_memory: int  # bytes, of the command and all below it; 0 where nobody looked
    left: list[str]


def supervise(
    command: list[str],
    *,
    environment: dict[str, str] | None = None,
    send: signal.Signals | None = None,
    after: float = 0.0,
    once: Path | None = None,
    timeout: float = 900.0,
    most_memory: int = 0,
    pass_fds: tuple[int, ...] = (),
) -> Outcome:
    """Run `command` to its end.

    Args:
        send: a signal for it, `after` so many seconds, counted from when the file `once` exists if one is named.
            SIGKILL goes to the command alone, anything else to its process group, as a terminal does it.
        timeout: it is killed after so many seconds, which the outcome shows as a status of -9.
        most_memory: it is killed when it and all below it hold more bytes than this; 0 is no limit.
    """
    order = {"command": command, "send": send, "after": after, "once": once and str(once)}
    order |= {"timeout": timeout, "most_memory": most_memory}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), json.dumps(order)],
        env={**(environment or os.environ), "PYTHONPATH": os.pathsep.join([p for p in sys.path if p])},
        capture_output=True, text=True, check=False, pass_fds=pass_fds, stdin=subprocess.DEVNULL, errors="replace",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Outcome(**json.loads(done.stdout))


class Running:
    """A command that has begun, forked: its number, and what comes of it."""

    def __init__(self, supervisor: socket.socket) -> None:
        self._supervisor = supervisor
        self.pid = int(self._hear(None))

    def wait(self, timeout: float | None = None) -> Outcome:
        """What came of it. May be called until it has been told.

        Raises:
            subprocess.TimeoutExpired: it has not ended after so many seconds, or what it left behind has not.
        """
        outcome = Outcome(**json.loads(self._hear(timeout)))
        self._supervisor.close()
        return outcome

    def _hear(self, timeout: float | None) -> bytes:
        """The next message."""
        if not select.select([self._supervisor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a supervised command", timeout or 0.0)
        message = self._supervisor.recv(MOST_BYTES)
        assert message, "the supervisor has ended, and has said nothing of its command"
        return message


def begin(
    command: list[str],
    *,
    send: signal.Signals | None = None,
    after: float = 0.0,
    once: Path | None = None,
    grace: float = GRACE_SECONDS,
) -> Running:
    """Run `command`, which is `python -c` with code and arguments, as `supervise` would, but forked, and do not wait.

    Nobody looks at its memory. What is there when it has ended has `grace` seconds to go.
    """
    assert command[:2] == [sys.executable, "-c"], command
    order = {"command": command, "send": send, "after": after, "once": once and str(once), "timeout": 900.0}
    order |= {"environment": dict(os.environ), "folder": str(Path.cwd()), "grace": grace}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
    with theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
        socket.send_fds(_origin(), [json.dumps(order).encode()], [theirs.fileno()])
    return Running(ours)


@functools.cache
def _origin() -> socket.socket:
    """The channel to what supervisors and their commands are forked from; it ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = [sys.executable, str(Path(__file__).resolve())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([p for p in sys.path if p])}
    with theirs:
        origin = subprocess.Popen(words, stdin=theirs, env=environment)
    atexit.register(lambda: (ours.close(), origin.wait()))
    return ours


def watch_forked(order: dict[str, Any], descriptor: int) -> None:
    """In a fork of the origin: run the command in a fork of this one, and tell its number and its outcome."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    with socket.socket(fileno=descriptor) as asker:
        outcome = watch(order, lambda output: Forked(order["command"][2:], output.fileno()), asker)
        asker.send(json.dumps(vars(outcome)).encode())


def watch(
    order: dict[str, Any],
    start: Callable[[IO[bytes]], Forked | subprocess.Popen[bytes]],
    asker: socket.socket | None = None,
) -> Outcome:
    """Start the command and see it to its end, as ordered."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        command = start(output)
        if asker is not None:
            asker.send(str(command.pid).encode())
        counted_from = None if order["once"] else started
        sent, most = order["send"] is None, 0
        next_look = 0.0 if "most_memory" in order else float("inf")
        while command.poll() is None:
            now = time.monotonic()
            if counted_from is None and Path(order["once"]).exists():
                counted_from = now
            if not sent and counted_from is not None and now - counted_from >= order["after"]:
                sent = True
                if order["send"] == signal.SIGKILL:
                    command.kill()
                else:
                    os.killpg(command.pid, order["send"])
            if now - started > order["timeout"]:
                command.kill()
            if now >= next_look:
                most = max(most, _memory())
                looked = time.monotonic()
                next_look = looked + max(TICK_SECONDS, WATCHED * (looked - now))
                if order["most_memory"] and most > order["most_memory"]:
                    command.kill()
            time.sleep(0.005)
        seconds = time.monotonic() - started
        left = _left_behind(order.get("grace", GRACE_SECONDS))
        output.seek(0)
        text = output.read()[-MOST_OUTPUT:].decode("utf-8", "replace")
    assert command.returncode is not None
    return Outcome(command.returncode, text, seconds, most, left)


def main(order: dict[str, Any]) -> None:
    """Run the command as a program, and print its outcome."""

    def start(output: IO[bytes]) -> subprocess.Popen[bytes]:
        words = order["command"]
        return subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, close_fds=False)

    print(json.dumps(vars(watch(order, start))))


def _memory() -> int:
    """Bytes that everything below this process holds: shared pages once."""
    total = 0
    for pid in descendants(os.getpid()):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Pss_Anon", "Pss_Shmem")))
    return total


def _left_behind(grace: float) -> list[str]:
    """What is still there so many seconds later; it is killed now."""
    until = time.monotonic() + grace
    while time.monotonic() < until:
        _reap()
        if not descendants(os.getpid()):
            return []
        time.sleep(0.02)
    left = []
    for pid in descendants(os.getpid()):
        try:
            left.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    _reap()
    return left


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(json.loads(sys.argv[1]))
    else:
        program = serve_as_origin(watch_forked)
        if program is not None:
            exec(program, vars(sys.modules["__main__"]))
