"""In a chapter's kernel, when the page has run: each light cell once more, and the code of each exercise's solution.

The cells run in one fork of the kernel, the last one first, and each finds the names of the finished page: what it
binds is taken back before the next. Forks are dear, one for each cell costs more than most cells do. What does not come
out as it did is tried again in a fork of its own, and that counts; so does what ends or hangs the common one. A
solution has a fork of its own at any rate.

Cells that measure print other numbers each time: where a clock is read, or two forks of one moment do not agree,
numbers are not compared. Nor are they in a chapter that runs alone, on several threads: a fork has one.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

HUNG_SECONDS = 60
STOPPED = "ran for too long"
MARK = "cells-again:"
# Colours, addresses, temporary files, and times with their unit.
NOISE = re.compile(r"\x1b\[[0-9;]*m|0x[0-9a-f]+|\S*(?:/tmp|/var/folders)/\S*|\b\d[\d,.]* ?(?:s|ms|µs)\b")
CLOCK = re.compile(r"\b(?:timeit|repeat|perf_counter|seconds_\w+)\(")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Told:
    """What a cell printed, the error with which it ended, if it did, and whether anything looked at a clock."""

    text: str
    error: str
    measured: bool = False


def run_again(shell: Any, work: str) -> None:
    """In the chapter's kernel: run the cells and the solutions, and print what is not as it should be."""
    told = json.loads(work)
    cells = {cell["id"]: cell for cell in told["cells"]}
    doubtful = [name for name, said in _one_after_the_other(shell, cells) if _difference(cells[name], said)]
    found = {name: _alone(shell, cells[name]) for name in cells if name in doubtful}
    seconds = told["solution_seconds"]
    solutions = {label: _in_a_fork(shell, source, seconds).error for label, source in told["solutions"].items()}
    came = {"cells": found, "solutions": solutions}
    print(MARK + json.dumps({kind: {name: why for name, why in of.items() if why} for kind, of in came.items()}))


def _one_after_the_other(shell: Any, cells: dict[str, Any]) -> Iterator[tuple[str, Told]]:
    """Run all cells in a common fork, from the last to the first; what ends it is followed by another for the rest."""
    waiting = list(reversed(cells))
    while waiting:
        sources = [cells[name]["source"] for name in waiting]
        for said in _forked(shell, sources):
            yield waiting.pop(0), said


def _alone(shell: Any, cell: dict[str, Any]) -> str:
    """What is not as it was when a cell is run in a fork of its own."""
    said = _in_a_fork(shell, cell["source"])
    found = _difference(cell, said)
    if found and _in_a_fork(shell, cell["source"]).text != said.text:  # it never prints the same
        found = _difference(cell, Told(said.text, said.error, measured=True))
    return found


def _difference(cell: dict[str, Any], said: Told) -> str:
    if bool(said.error) != cell["fails"]:
        return said.error or "ends without the error that it had"
    first, again = cell["printed"], said.text
    if said.measured or CLOCK.search(cell["source"]) or _adds_in_another_order():
        first, again = (re.sub(r"\s+", " ", NUMBER.sub("#", text)) for text in (first, again))
    if first == again:
        return ""
    pairs = zip([*first.splitlines(), ""], [*again.splitlines(), ""], strict=False)
    first, again = next((pair for pair in pairs if pair[0] != pair[1]), (first, again))
    return f"printed {first!r} first, and {again!r} again"


def _adds_in_another_order() -> bool:
    """Whether this process shares sums among threads, which a fork does not have: last digits differ then."""
    return "torch" in sys.modules and sys.modules["torch"].get_num_threads() > 1


def _in_a_fork(shell: Any, source: str, seconds: int = 0) -> Told:
    """What one cell does in a copy of this process; of `seconds` of processor time, if that is said."""
    (said,) = _forked(shell, [source], seconds)
    return said


def _forked(shell: Any, sources: list[str], seconds: int = 0) -> Iterator[Told]:
    """What each cell does in one copy of this process; if that ends on the way, no more after the cell that did it."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        if seconds:
            signal.setitimer(signal.ITIMER_PROF, seconds)
        with os.fdopen(writing, "wb") as pipe:
            _run_and_tell(shell, sources, pipe, 10 * seconds or HUNG_SECONDS)
        os._exit(0)
    os.close(writing)
    through = 0
    with os.fdopen(reading, "rb") as pipe:
        for line in pipe:
            through += 1
            yield Told(*json.loads(line))
    _, status = os.waitpid(child, 0)
    if through < len(sources):
        hung = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGPROF)
        yield Told("", STOPPED if hung else "ended its process")


def _run_and_tell(shell: Any, sources: list[str], pipe: BinaryIO, seconds: int) -> None:
    """Run the cells here, in the fork, and write what each printed and its error, a line of JSON for each."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # a fork has none of the threads of its parent
    shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None
    looks = _watch_the_clocks()
    names = dict(shell.user_ns)
    for source in sources:
        signal.alarm(seconds)
        looks.clear()
        shell.user_ns.clear()
        shell.user_ns.update(names)
        try:
            text, error = _run(shell, source)
        except BaseException as trouble:
            text, error = "", f"{type(trouble).__name__}: {trouble}"[:300]
        pipe.write(json.dumps([text, error, bool(looks)]).encode() + b"\n")
        pipe.flush()


def _run(shell: Any, source: str) -> tuple[str, str]:
    """What a cell prints, and the error with which it ends, if it does."""
    from IPython.core.displaypub import CapturingDisplayPublisher

    sys.stdout = sys.stderr = words = io.StringIO()
    shell.display_pub = CapturingDisplayPublisher()
    sys.displayhook = shell.displayhook = shell.display_trap.hook = _Words(source)
    ended = shell.run_cell(source, store_history=False)
    trouble = ended.error_before_exec or ended.error_in_exec
    error = f"{type(trouble).__name__}: {trouble}"[:300] if trouble else ""
    return NOISE.sub("", words.getvalue()).strip(), error


def _watch_the_clocks() -> list[str]:
    """A list that gets the name of each of `time`'s clocks that is read from now on."""
    looks: list[str] = []

    def noting(name: str, clock: Any) -> Any:
        def read() -> Any:
            looks.append(name)
            return clock()

        return read

    for name in ("time", "perf_counter", "monotonic", "process_time", "thread_time"):
        setattr(time, name, noting(name, getattr(time, name)))
    return looks


class _Words:
    """A display hook that prints a result, as `printed` of the other side reads it from the outputs."""

    is_active = False
    exec_result = None

    def __init__(self, source: str) -> None:
        self.quiet = source.rstrip().endswith(";")

    def __call__(self, result: Any = None) -> None:
        if result is not None and not self.quiet:
            from IPython import get_ipython

            data, _ = get_ipython().display_formatter.format(result)
            print("" if "text/html" in data else data.get("text/plain", ""), end="")
