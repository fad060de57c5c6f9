"""The student's process: runs cells on command, and forks a held child wherever a question will be asked."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import socket
import sys
from typing import Any

from autograder.engine.inside import devices, elsewhere, held, shell, system, world
from autograder.engine.inside.own_names import OwnNames
from autograder.engine.inside.reporter import Printed, Reporter


def load_answers() -> None:
    """Import what held children need, before any student code could stand in for it."""
    held.run_test = importlib.import_module("autograder.answers.stream").run_test


def run(
    control: socket.socket,
    descriptors: list[int],
    limits: dict[str, Any] | None,
    others: int,
    ambient: int,
    its_shell: shell.StudentShell,
) -> None:
    """Serve the trusted side's commands until it closes the control channel.

    Args:
        descriptors: the control channel, standard output, standard error, then one channel per question.
        limits: None leaves the process without limits.
        others: processes of ours in this submission.
        ambient: seeds what the cells draw at random.
    """
    if limits is not None:
        os.setsid()
    channels = descriptors[3:]
    nothing = os.open(os.devnull, os.O_RDWR)
    for target, source in enumerate((nothing, descriptors[1], descriptors[2])):
        os.dup2(source, target)
    system.close_all_but({descriptors[0], *channels})
    reporter = Reporter(control)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  (empty: `input()` raises EOFError)
    sys.stdout, sys.stderr = Printed(1, "<stdout>", reporter), Printed(2, "<stderr>", reporter)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]
    sys.path.insert(0, "")
    os.environ["PWD"] = os.getcwd()  # noqa: PTH109
    shell.report_to(reporter)
    if limits is not None:
        world.limit_resources(limits, others)
    _seed(ambient)
    reporter.end({"kind": "main", "pid": os.getpid()})
    own_names = OwnNames()
    while True:
        command = reporter.next_command()
        ok = True
        if command.get("run") is not None:
            is_test = command.get("hold") is not None
            its_shell.passes_over = not is_test
            with own_names.kept(its_shell.user_ns) if is_test else contextlib.nullcontext():
                ok = _run_cell(its_shell, command["run"])
            if not reporter.is_owner:
                os._exit(0)  # a child that the cell forked and forgot to end is not the notebook
        is_held = None
        if command.get("hold") is not None:
            is_held = held.hold(channels, command["hold"], control, its_shell.user_ns, own_names.of_tests)
        exits, its_shell.asked_to_exit = its_shell.asked_to_exit, False
        count = its_shell.execution_count - 1
        told = _told(its_shell)
        ok = ok and not told.pop("failed")
        reporter.end({"kind": "end", "ok": bool(ok), "exit": bool(exits), "count": count, "held": is_held} | told)


def _run_cell(its_shell: shell.StudentShell, source: str) -> bool:
    try:
        its_shell.broken = None
        source = _fit_for_here(its_shell, source)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        result = its_shell.run_cell(source, store_history=True)
        if its_shell.passed_over.failed and elsewhere.ran_in_one_piece(source):
            its_shell.run_cell(elsewhere.without_cell_magic(source))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if isinstance(result.error_before_exec, SyntaxError):
            its_shell.broken = [result.error_before_exec.lineno, str(result.error_before_exec.msg)[:200]]
        return bool(result.success)
    except BaseException:  # an interrupt between the cell and here, or a shell that the student has broken
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return False


def _told(its_shell: shell.StudentShell) -> dict[str, Any]:
    try:
        failed, told = its_shell.passed_over.failed, its_shell.passed_over.of_this_cell()
        return {"failed": failed, "passed_over": told, "broken": its_shell.broken}
    except Exception:  # a shell that the student has broken
        return {"failed": True, "passed_over": [], "broken": None}


def _fit_for_here(its_shell: shell.StudentShell, source: str) -> str:
    """The cell as it can run here: on the CPU, and without a magic for the whole cell that nobody knows."""
    if (line := devices.named_in(source)) is not None and devices.stand_in(sys.modules.get("torch")):
        its_shell.passed_over.tell(line, "device", "")
    magic = elsewhere.unknown_cell_magic(source, its_shell.find_cell_magic)
    if magic is None:
        return source
    its_shell.passed_over.tell(1, "magic", f"%{magic}")
    return elsewhere.without_cell_magic(source)


def _seed(ambient: int) -> None:
    random.seed(ambient)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(ambient % (1 << 32))
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(ambient)  # torch.manual_seed takes 2 ms: it looks for GPUs
