"""A held child: the student's state after one cell, waiting until the visible run is over to be asked a question."""

from __future__ import annotations

import base64
import contextlib
import marshal
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from autograder.engine.inside import messages, system

run_test: Callable[..., None] | None = None  # `autograder.answers.stream.run_test`, set by the warm process

ANSWER, DONE = b"A", b"D"  # the first byte of a frame
_ALL_SIGNALS = signal.valid_signals()
_CATCHABLE = sorted(_ALL_SIGNALS - {signal.SIGKILL, signal.SIGSTOP})
_loads = marshal.loads


def hold(
    channels: list[int], number: int, control: socket.socket, namespace: dict[str, Any], of_tests: dict[str, Any]
) -> bool:
    """Fork a child that waits on `channels[number]`.

    Args:
        namespace: the notebook's names.
        of_tests: what the visible lines of its test cells have bound.

    Returns:
        Whether there is one; it never returns in the child.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    try:
        pid = system.fork_alone()
        if pid == 0:
            try:
                _wait_and_answer(channels, number, control, namespace, of_tests)
            finally:
                os._exit(1)
    except OSError:
        return False
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with contextlib.suppress(OSError):
        os.close(channels[number])
    return True


def _wait_and_answer(
    channels: list[int], number: int, control: socket.socket, namespace: dict[str, Any], of_tests: dict[str, Any]
) -> None:
    """Keep nothing but the one channel, wait with all signals blocked, run the test that comes, and end."""
    channel = socket.socket(fileno=channels[number])
    with contextlib.suppress(OSError, AttributeError):
        system.prctl(system.PR_SET_DUMPABLE, 0)
    messages.send_message(channel, {"held": number, "pid": os.getpid()})  # first: the notebook waits for it
    os.setpgid(0, 0)  # an interrupt is for the notebook
    control.close()
    for place, descriptor in enumerate(channels):
        if place != number:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stdout
    sys.__stdout__ = sys.__stderr__ = sys.stdout  # type: ignore[misc]
    question = messages.receive_message(channel)
    if question is None:
        return
    waiting = signal.sigpending()
    for each in _CATCHABLE:
        with contextlib.suppress(OSError, ValueError):  # what came while it waited is dropped, handlers are taken off
            if each in waiting:
                signal.signal(each, signal.SIG_IGN)
            signal.signal(each, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())

    def send(frame: bytes) -> None:
        messages.send_frame(channel, ANSWER + frame)

    assert run_test is not None
    code, prelude = question["code"], question.get("prelude", "")
    test = question["test"] if code is None else _loads(base64.b64decode(code))
    seed, name, ambient = question["seed"], question["name"], question["ambient"]
    run_test(test, namespace, seed, send, question=name, ambient=ambient, prelude=prelude, of_tests=of_tests)
    messages.send_frame(channel, DONE)
    os._exit(0)
