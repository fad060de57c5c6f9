"""Run a command, watch what it holds in memory, end it at a chosen moment, and see what it leaves behind.

A script, because a supervisor adopts: every process that the command leaves behind becomes the supervisor's child, in
whatever session, group or namespace it hides. `supervise` runs it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.engine.sandbox.processes import descendants

PR_SET_CHILD_SUBREAPER = 36
TICK_SECONDS = 0.1
WATCHED = 19  # times as long as a look at everybody's memory takes, nobody looks: a twentieth of one core
GRACE_SECONDS = 20.0  # for what dies with the command to be gone, and for programs of nbgrader's that end by themselves


@dataclass(frozen=True)
class Outcome:
    """`status` is the exit status, negative for a signal; `left` the command lines of processes that stayed."""

    status: int
    output: str
    seconds: float
    most_memory: int  # bytes, of the command and all below it
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


def main(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        command = subprocess.Popen(
            order["command"], stdout=output, stderr=subprocess.STDOUT, start_new_session=True, close_fds=False
        )
        counted_from = None if order["once"] else started
        sent, most = order["send"] is None, 0
        next_look = 0.0
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
        left = _left_behind()
        output.seek(0)
        text = output.read()[-200_000:].decode("utf-8", "replace")
    print(json.dumps(vars(Outcome(command.returncode, text, seconds, most, left))))


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


def _left_behind() -> list[str]:
    """What is still there a little later; it is killed now."""
    until = time.monotonic() + GRACE_SECONDS
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
    main(json.loads(sys.argv[1]))
