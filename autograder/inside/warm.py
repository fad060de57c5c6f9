"""The warm process: imports what notebooks import, then forks once per submission.

It has one thread when it forks and has run no tensor operation: a fork after an OpenMP region hangs. It never sees a
cell, a test or a seed: the trusted side sends those to the submission's own process. It goes when its command channel
closes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from autograder.inside import frames, init, notebook, optimizers, seccomp, shell, system

MAX_CHANNELS = 250  # file descriptors that one message can carry


def main(command_fd: int, walls: bool, preload: list[str]) -> None:
    """Serve submissions until the trusted side closes the command channel.

    Args:
        walls: False for the run without a sandbox.
        preload: modules to import now. One that cannot be imported is left to the student's own import.
    """
    commands = socket.socket(fileno=command_fd)
    started = time.monotonic()
    gc.disable()  # what is imported stays: looking through it for garbage takes a tenth of the time
    notebook.load_answers()
    student_shell = shell.make_shell()
    missing = [name for name in preload if not _import(name)]
    if "torch" in sys.modules and not optimizers.without_compiler():
        _import("torch._dynamo")  # once, rather than in each submission
    filters = seccomp.program() if walls else b""
    gc.collect()
    gc.freeze()
    gc.enable()
    system.gather_pages()
    threads = _threads()
    frames.send_message(
        commands,
        {"pid": os.getpid(), "threads": threads, "missing": missing, "seconds": time.monotonic() - started},
    )
    if threads != 1:
        raise SystemExit("the warm process has more than one thread: a fork of it could hang")
    while True:
        message, descriptors = _receive(commands)
        if message is None:
            return
        _serve(commands, message, descriptors, walls, filters, student_shell)


def _import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        return 1  # no /proc: not Linux


def _receive(commands: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    content, descriptors, _, _ = socket.recv_fds(commands, 1 << 16, MAX_CHANNELS)
    return (json.loads(content) if content else None), descriptors


def _serve(
    commands: socket.socket,
    message: dict[str, Any],
    descriptors: list[int],
    walls: bool,
    filters: bytes,
    its_shell: Any,
) -> None:
    """Fork one submission and wait for its end: it goes when the trusted side kills its init."""
    uid, gid = os.getuid(), os.getgid()
    flush = (sys.stdout.flush, sys.stderr.flush)
    for each in flush:
        each()
    try:
        pid = system.fork_into_namespaces(init.NAMESPACES) if walls else os.fork()
    except OSError as error:
        for descriptor in descriptors:
            os.close(descriptor)
        frames.send_message(commands, {"gone": None, "error": str(error)})
        return
    if pid == 0:
        status = 1
        try:
            commands.close()
            init.run(message, descriptors, walls, uid, gid, filters, its_shell)
            status = 0
        finally:
            os._exit(status)
    for descriptor in descriptors:
        os.close(descriptor)
    _wait(commands, pid)


def _wait(commands: socket.socket, pid: int) -> None:
    """Until `pid` has ended. Should the trusted side go first, take the submission along."""
    watch = select.poll()
    watch.register(commands, select.POLLIN)
    ended = _process_descriptor(pid)
    if ended is not None:
        watch.register(ended, select.POLLIN)
        if not any(descriptor == ended for descriptor, _ in watch.poll()):
            os.kill(pid, signal.SIGKILL)
        os.close(ended)
    _, status = os.waitpid(pid, 0)
    frames.send_message(commands, {"gone": status, "error": None})


def _process_descriptor(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    main(arguments["command_fd"], arguments["walls"], arguments["preload"])
