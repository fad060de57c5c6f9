"""Proves each wall by trying to get through it, in a run like any other."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from autograder.engine.sandbox import walls
from autograder.engine.sandbox.errors import SandboxError
from autograder.engine.sandbox.probes import PROBES, SET_UP
from autograder.engine.sandbox.processes import descendants
from autograder.engine.sandbox.worker import Worker
from autograder.records.execution import MIB, CodeCell, Execution, Job, Limits, Question

Proof = tuple[str, bool | None, str]

_LIMITS = Limits(
    cell_seconds=10, visible_seconds=60, question_seconds=1, memory_bytes=512 * MIB, processes=20,
    file_bytes=4 * MIB, tmpfs_bytes=16 * MIB, output_bytes=MIB,
)  # fmt: skip
_QUICK = Limits(cell_seconds=0.5, visible_seconds=5, question_seconds=0.5, memory_bytes=512 * MIB)
_HOG = 192 * MIB


def prove() -> list[Proof]:
    """Try each wall.

    Returns:
        For each its name, whether it held (None: it could not be tried), and what that means or what went wrong.
    """
    os.environ["GRADUS_SECRET_PROBE"] = "to be found by nobody"
    try:
        with Path(__file__).open() as bait:
            os.set_inheritable(bait.fileno(), True)  # to be found by nobody, either
            with Worker(preload=()) as worker:
                return [*_inside(worker), _time(worker), _tree_memory(worker), _cgroup(worker), _left_over(worker)]
    except SandboxError as error:
        return [("sandbox", False, str(error))]
    finally:
        del os.environ["GRADUS_SECRET_PROBE"]


def _inside(worker: Worker) -> list[Proof]:
    cells = [SET_UP, *(probe.code for probe in PROBES)]
    execution = worker.run(_job([_filled_in(code) for code in cells]), _LIMITS)
    proofs: list[Proof] = []
    for probe, cell in zip(PROBES, execution.cells[1:], strict=True):
        result = next((o["data"].get("text/plain") for o in cell.outputs if o["output_type"] == "execute_result"), None)
        error = next((o for o in cell.outputs if o["output_type"] == "error"), None)
        if result in ("True", "False"):
            proofs.append((probe.name, result == "True", probe.says if result == "True" else "it did not hold"))
        else:
            why = f"{error['ename']}: {error['evalue']}" if error else cell.state
            proofs.append((probe.name, None, f"could not be tried ({why})"))
    return proofs


def _filled_in(code: str) -> str:
    hidden = [
        str(walls.package_folder()),
        str(walls.package_folder().parent / "solutions"),
        "/gradus/autograder/engine/inside",
    ]
    outside = [
        path for path in (str(Path.home()), "/root", "/home", "/var", "/workspace", "/proc/1/root/usr") if path != "/"
    ]
    shown = walls.environment()["PATH"] + str(sys.base_prefix) + str(sys.prefix)
    hidden += [path for path in outside if path not in shown and not sys.prefix.startswith(path)]
    for name, value in (("HIDDEN", hidden), ("FILE_BYTES", _LIMITS.file_bytes), ("TMPFS_BYTES", _LIMITS.tmpfs_bytes)):
        code = code.replace(name, repr(value))
    return code


def _time(worker: Worker) -> Proof:
    stubborn = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"
    )
    started = time.monotonic()
    job = Job(
        (CodeCell(0, "1", "q"), CodeCell(1, f"{stubborn}\nwhile True: pass")), (Question("q", "while True: pass"),), 1
    )
    execution = worker.run(job, _QUICK)
    seconds = time.monotonic() - started
    held = execution.cells[1].state == "timeout" and execution.questions[0].state == "timeout" and seconds < 30
    return "time", held, f"an endless cell and an endless question ended after {seconds:.1f} seconds together"


def _tree_memory(worker: Worker) -> Proof:
    hog = f"""
import os, time
for _ in range(8):
    if os.fork() == 0:
        block = bytearray({_HOG})
        time.sleep(20)
time.sleep(20)
"""
    execution = worker.run(_job([hog]), Limits(cell_seconds=15, memory_bytes=512 * MIB))
    held = execution.cells[0].state == "killed" and any(problem.kind == "memory" for problem in execution.problems)
    return (
        "memory of all processes",
        held,
        "eight processes that hold 192 MiB each are ended" if held else _shown(execution),
    )


def _cgroup(worker: Worker) -> Proof:
    if worker.cgroup is None:
        why = "none can be made here (it takes root, mostly): memory is only watched"
        return "cgroup", None, why
    assert worker.warm_pid is not None
    ours = {str(pid) for pid in (worker.warm_pid, *descendants(worker.warm_pid))}
    inside = all(ours <= set(Path(door).read_text().split()) for door in worker.cgroup.doors)
    return "cgroup", inside, "the kernel bounds memory and processes" if inside else "the sandbox is not in its cgroup"


def _left_over(worker: Worker) -> Proof:
    daemon = """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal, time
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(3600)
    os._exit(0)
"""
    assert worker.warm_pid is not None
    before = set(descendants(worker.warm_pid))
    worker.run(_job([daemon]), _QUICK)
    left = set(descendants(worker.warm_pid)) - before
    return "after the run", not left, f"{len(left)} processes of a submission with a daemon are left"


def _job(cells: list[str]) -> Job:
    return Job(tuple(CodeCell(number, code) for number, code in enumerate(cells)), (), seed=1)


def _shown(execution: Execution) -> str:
    return "; ".join([cell.state for cell in execution.cells] + [problem.kind for problem in execution.problems])


if __name__ == "__main__":
    for name, held, says in prove():
        print({True: "held  ", False: "BROKEN", None: "?     "}[held], name, "-", says)
