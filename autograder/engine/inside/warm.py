"""The warm process: imports what notebooks import, rehearses, then forks once per submission.

It has one thread when it forks, and OpenMP is bound to one: a fork after a region with more hangs. It never sees a
cell, a test or a seed: the trusted side sends those to the submission's own process. Each worker of the trusted side
has a channel of its own to it, on which it asks for one submission after the other.
"""

from __future__ import annotations

import contextlib
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

from autograder.engine.inside import (
    held,
    init,
    messages,
    notebook,
    optimizers,
    pages,
    rehearsal,
    seccomp,
    shell,
    system,
)

MAX_CHANNELS = 250  # file descriptors that one message can carry
_LOOK_MILLISECONDS = 20  # between two looks at what has ended, where no descriptor tells


def main(root_fd: int, walls: bool, preload: list[str], cores: list[int]) -> None:
    """Serve submissions until the trusted side closes the first channel, on which it hands over those of its workers.

    Args:
        walls: False for the run without a sandbox.
        preload: modules to import now. One that cannot be imported is left to the student's own import.
        cores: on which this process may run, whatever what started it is bound to; empty changes nothing.
    """
    root = socket.socket(fileno=root_fd)
    started = time.monotonic()
    _run_on(cores)
    gc.disable()  # what is imported stays: looking through it for garbage takes a tenth of the time
    notebook.load_answers()
    student_shell = shell.make_shell()
    missing = [name for name in preload if not _import(name)]
    order = messages.receive_message(root)  # it has been read meanwhile what else the submissions import
    if order is None:
        return
    missing += [name for name in order["preload"] if not _import(name)]
    if "torch" in sys.modules:
        optimizers.run_as_it_is()
    if "torch" in sys.modules and not optimizers.without_compiler():
        _import("torch._dynamo")  # once, rather than in each submission
    assert held.run_test is not None
    rehearsal.rehearse(student_shell, held.run_test)
    filters = seccomp.program() if walls else b""
    gc.freeze()
    gc.enable()
    pages.fill_pools()
    pages.gather_pages()
    pages.gather_code()
    threads = system.count_threads() or 1
    messages.send_message(
        root,
        {"pid": os.getpid(), "threads": threads, "missing": missing, "seconds": time.monotonic() - started},
    )
    if threads != 1:
        raise SystemExit("the warm process has more than one thread: a fork of it could hang")
    _Births(root, walls, filters, student_shell).serve()


def _import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def _run_on(cores: list[int]) -> None:
    if cores:
        with contextlib.suppress(OSError, AttributeError):
            os.sched_setaffinity(0, cores)


class _Births:
    """Forks submissions, one at a time for each channel, and tells on it when they have gone."""

    def __init__(self, root: socket.socket, walls: bool, filters: bytes, its_shell: Any) -> None:
        self._root, self._walls, self._filters, self._shell = root, walls, filters, its_shell
        self._ids = os.getuid(), os.getgid()
        self._channels: dict[int, socket.socket] = {}  # of workers, by descriptor
        self._running: dict[int, socket.socket | None] = {}  # from the init of a submission to its open channel
        self._ends: dict[int, int] = {}  # from a descriptor to the init whose end it tells
        self._watch = select.poll()
        self._watch.register(root, select.POLLIN)

    def serve(self) -> None:
        """Until the trusted side has gone. Then every submission goes, too."""
        while True:
            untold = len(self._running) > len(self._ends)
            for descriptor, _ in self._watch.poll(_LOOK_MILLISECONDS if untold else None):
                if descriptor in self._ends:
                    self._ended(self._ends[descriptor], descriptor)
                elif descriptor in self._channels:
                    self._obey(self._channels[descriptor])
                elif descriptor == self._root.fileno() and not self._admit():
                    for pid in self._running:
                        os.kill(pid, signal.SIGKILL)
                    return
            if untold:
                for pid in set(self._running) - set(self._ends.values()):
                    self._ended(pid)

    def _admit(self) -> bool:
        """Take the channel of another worker."""
        content, descriptors = _receive(self._root, 1)
        for descriptor in descriptors:
            self._channels[descriptor] = socket.socket(fileno=descriptor)
            self._watch.register(descriptor, select.POLLIN)
        return bool(content)

    def _obey(self, channel: socket.socket) -> None:
        """Fork a submission; or, when the worker has gone, take its submission along."""
        content, descriptors = _receive(channel)
        if content:
            self._fork(channel, json.loads(content), descriptors)
            return
        self._watch.unregister(channel)
        del self._channels[channel.fileno()]
        channel.close()
        for pid in [pid for pid, owner in self._running.items() if owner is channel]:
            os.kill(pid, signal.SIGKILL)
            self._running[pid] = None

    def _fork(self, channel: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
        for flush in (sys.stdout.flush, sys.stderr.flush):
            flush()
        _run_on(message["cores"])  # those of the worker, with which the submission takes turns
        try:
            pid = system.fork_into_namespaces(init.NAMESPACES) if self._walls else os.fork()
        except OSError as error:
            _close(descriptors)
            messages.send_message(channel, {"gone": None, "error": str(error)})
            return
        if pid == 0:
            status = 1
            try:
                for other in (self._root, *self._channels.values()):
                    other.detach()
                system.close_all_but(set(descriptors))
                init.run(message, descriptors, self._walls, *self._ids, self._filters, self._shell)
                status = 0
            finally:
                os._exit(status)
        _close(descriptors)
        self._running[pid] = channel
        with contextlib.suppress(AttributeError, OSError):  # not everywhere can a process be waited for like a file
            ended = os.pidfd_open(pid)
            self._ends[ended] = pid
            self._watch.register(ended, select.POLLIN)

    def _ended(self, pid: int, descriptor: int | None = None) -> None:
        """Tell the worker that its submission has gone, if it has."""
        gone, status = os.waitpid(pid, 0 if descriptor is not None else os.WNOHANG)
        if not gone:
            return
        if descriptor is not None:
            del self._ends[descriptor]
            self._watch.unregister(descriptor)
            os.close(descriptor)
        channel = self._running.pop(pid)
        if channel is not None:
            with contextlib.suppress(OSError):
                messages.send_message(channel, {"gone": status, "error": None})


def _receive(channel: socket.socket, size: int = 1 << 16) -> tuple[bytes, list[int]]:
    """What has come, and the descriptors that came with it; nothing when the other side has gone."""
    try:
        content, descriptors, _, _ = socket.recv_fds(channel, size, MAX_CHANNELS)
    except ConnectionError:  # it went without having read what we said last
        return b"", []
    return content, descriptors


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    main(arguments["root_fd"], arguments["walls"], arguments["preload"], arguments["cores"])
