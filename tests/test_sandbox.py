"""What a hostile notebook cannot do: get out, stay, take from others, or cost more than it may."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_execution import answers, asks, job_of, states, text

from autograder.engine.sandbox import (
    SandboxUnavailable,
    WarmProcess,
    Worker,
    can_be_shared,
    cgroups,
    unavailable,
    wall_checks,
    walls,
    warm_process,
)
from autograder.engine.sandbox.cgroups import _parents
from autograder.engine.sandbox.memory import MemoryWatch
from autograder.engine.sandbox.processes import descendants
from autograder.records.execution import MIB, Execution, Job, Limits, Problem

pytestmark = [
    pytest.mark.slow("a sandbox for each test or a few"),
    pytest.mark.skipif(
        unavailable() is not None and not os.environ.get("CI"),  # where it has to be there, its lack is a failure
        reason=unavailable() or "",
    ),
]

QUICK = Limits(cell_seconds=2, visible_seconds=8, question_seconds=1.5, memory_bytes=512 * MIB, output_bytes=MIB)
SHORT = Limits(cell_seconds=0.8, question_seconds=0.5, processes=60)  # for what forks until it is stopped
PACKAGE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def worker():
    with Worker(preload=("numpy", "torch")) as warm:
        yield warm


@pytest.fixture(autouse=True)
def _nothing_is_left(worker, tmp_path_factory, monkeypatch):
    """After every test: no process, no mount, no file that was not there before."""
    assert worker.warm_pid is not None
    scratch = tmp_path_factory.mktemp("scratch")  # not the folder of all: tests run beside this one
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = len(descendants(worker.warm_pid)), _mounts()
    yield
    assert (len(descendants(worker.warm_pid)), _mounts()) == before
    assert list(scratch.iterdir()) == []


def _mounts() -> set[str]:
    """What is mounted where, but for the small disks that tests beside this one mount in their own folders."""
    return {line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "/pytest-" not in line}


def shown(execution, index: int = 0) -> str:
    """The value of a cell's last expression, or what it raised."""
    last = execution.cells[index].outputs[-1]
    return last["data"]["text/plain"] if last["output_type"] == "execute_result" else last.get("ename", str(last))


def test_every_wall_holds():
    proofs = wall_checks.prove()
    assert [(name, says) for name, held, says in proofs if not held and (name, held) != ("cgroup", None)] == []
    assert len(proofs) >= 19


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to be, and only root can")
def test_the_proofs_of_the_walls_fail_where_there_is_none():
    """As an ordinary user without a sandbox. What would burden the machine is left out."""
    harmless = {"capabilities", "seccomp", "namespaces", "descriptors", "repository", "network", "files",
                "memory outside the limit", "environment"}  # fmt: skip
    script = """
import json, os, socket, sys
from autograder.engine.sandbox.probes import PROBES, SET_UP
from autograder.engine.sandbox.wall_checks import _filled_in
held = {}
bait = open("/etc/passwd")
for probe in PROBES:
    if probe.name in HARMLESS:
        *body, last = _filled_in(SET_UP + probe.code).strip().splitlines()
        space = {}
        try:
            exec("\\n".join(body), space)
            held[probe.name] = bool(eval(last, space))
        except Exception:
            held[probe.name] = False
print(json.dumps(held))
"""
    result = _as_ordinary_user(script.replace("HARMLESS", repr(harmless)))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == dict.fromkeys(harmless, False)


# Both ways to start

_ONE_RUN = """
import json, os
from autograder.records.execution import CodeCell, Job, Question
from autograder.engine.sandbox import Worker
code = "import os, pathlib; os.getuid(), pathlib.Path('/proc/self/uid_map').read_text().split()[1] != '0'"
test = "from autograder.answers import answer\\nanswer(lambda: x)"
with Worker(preload=("torch",)) as worker:
    execution = worker.run(Job((CodeCell(0, code), CodeCell(1, "x = 3", "q")), (Question("q", test),), 1))
seen = execution.cells[0].outputs[-1]["data"]["text/plain"]
print(os.getuid(), seen, execution.questions[0].state, execution.problems)
"""


def test_it_starts_as_whoever_runs_the_tests():
    result = subprocess.run([sys.executable, "-c", _ONE_RUN], capture_output=True, text=True, env=_paths(), check=False)
    assert result.stdout.split(" ", 1)[1].strip() == "(1000, True) done []", result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="this is how the other tests run")
def test_it_starts_as_an_ordinary_user():
    result = _as_ordinary_user(_ONE_RUN)
    assert result.stdout.strip() == "64321 (1000, True) done []", result.stderr


def _paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{PACKAGE}{os.pathsep}{Path(__file__).parent}"}


def _as_ordinary_user(script: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user of no name, who may pass through /root in a mount namespace of its own."""
    prepare = textwrap.dedent("""
        import ctypes, os, sys
        from autograder.engine.inside import system
        system.unshare(system.CLONE_NEWNS)
        system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
        base = os.open(sys.base_prefix, os.O_PATH)
        if sys.base_prefix.startswith("/root/"):
            system.mount("none", "/root", "tmpfs", 0, "mode=0755")
            os.makedirs(sys.base_prefix)
            system.mount(f"/proc/self/fd/{base}", sys.base_prefix, None, system.MS_BIND | system.MS_REC)
        os.setgroups([]); os.setresgid(64321, 64321, 64321); os.setresuid(64321, 64321, 64321)
        os.environ["HOME"] = "/nonexistent"
        os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
    """)
    return subprocess.run(
        [sys.executable, "-c", prepare, script], capture_output=True, text=True, env=_paths(), check=False, timeout=60
    )


def test_root_that_cannot_be_dropped_and_a_missing_bubblewrap_are_refused(monkeypatch):
    monkeypatch.setattr(walls, "find_bubblewrap", lambda: None)
    with pytest.raises(SandboxUnavailable, match=r"bubblewrap is not installed.*--unsafe-no-sandbox"), Worker():
        pass
    monkeypatch.setattr(walls, "find_bubblewrap", lambda: "/bin/false")
    with pytest.raises(SandboxUnavailable, match="does not start"), Worker():
        pass


def test_other_systems_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(warm_process.sys, "platform", "darwin")
    assert "on Linux only" in (unavailable() or "")


def test_without_a_sandbox_the_same_code_runs_and_leaves_nothing(tmp_path):
    daemon = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
x = 4
open('left', 'w')
os.getcwd()
"""
    with Worker(preload=(), unsafe_no_sandbox=True) as bare:
        execution = bare.run(job_of((daemon, asks("x")), "import os; os._exit(1)", "2"), QUICK)
        assert states(execution) == ["ok", "killed", "ok"]
        assert answers(execution) == [4]
        assert descendants(bare.warm_pid) == []
    assert not Path(shown(execution).strip("'")).exists()


# What can be seen

# How many processes of the submission may still run code of their own: one that was killed is seen until its memory is
# taken apart.
ALIVE = """
import pathlib
from autograder.answers import answer
def alive():
    stats = [path.read_text().rpartition(")")[2].split() for path in pathlib.Path("/proc").glob("[0-9]*/stat")]
    return len([fields for fields in stats if fields[0] not in "ZX" and not int(fields[6]) & 4])
answer(alive)
"""


def test_nothing_of_the_repository_but_gradus_and_the_answers_is_mounted(worker):
    code = """
import pathlib
mounts = [line.split() for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
print("\\n".join(f"{fields[4]} {fields[5]}" for fields in mounts))
"""
    lines = text(worker.run(job_of(code)), 0).split("\n")[:-1]
    points = {line.split()[0]: line.split()[1].split(",") for line in lines}
    assert {point for point, flags in points.items() if "rw" in flags} <= {"/scratch", "/proc"} | {
        f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")
    }
    assert not any(point.startswith(str(PACKAGE)) and not sys.prefix.startswith(point) for point in points)
    assert {point for point in points if point.startswith("/gradus")} >= {
        "/gradus/gradus",
        "/gradus/autograder/answers",
    }


@pytest.mark.skipif(not shutil.which("strace") and not os.environ.get("CI"), reason="strace is not installed")
def test_strace_sees_no_path_of_the_course(worker):
    """Follow the warm process and all that it forks through a run that looks around."""
    code = """
import glob, os
[os.path.exists(p) for p in glob.glob('/*') + glob.glob('/*/*')]
open('/gradus/gradus/__init__.py').read()
1
"""
    log = Path("/tmp") / f"trace-{os.getpid()}"
    warm = descendants(worker.warm_pid)[-1]
    tracer = subprocess.Popen(
        ["strace", "-f", "-e", "trace=open,openat,stat,newfstatat,execve", "-o", log, "-p", str(warm)],
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(0.5)
        worker.run(job_of((code, asks("1"))), Limits())
    finally:
        tracer.terminate()
        tracer.wait()
        traced = log.read_text()
        log.unlink()
    assert "/gradus/gradus/__init__.py" in traced
    # The virtual environment may lie in the repository; it is shown, as Python's own folders are.
    opened = [line.replace(sys.prefix, "") for line in traced.splitlines() if "ENOENT" not in line]
    assert not [line for line in opened if f"{PACKAGE}/" in line or "solutions" in line or ".git" in line]


def test_the_secrets_of_the_machine_cannot_be_read(worker):
    places = [str(PACKAGE / "autograder/judging/judge.py"), str(PACKAGE / "solutions"), str(Path.home())]
    places += ["/gradus/autograder/engine/inside/warm.py", "/etc/shadow", "/var/log"]
    places += ["/proc/1/environ", "/proc/1/root/root"]
    places = [place for place in places if not sys.prefix.startswith(place) and not sys.base_prefix.startswith(place)]
    code = f"""
import os
def readable(path):
    try:
        return bool(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(10))
    except OSError:
        return False
[path for path in {places!r} if readable(path)], sorted(name for name in os.environ if "GRADUS" in name)
"""
    assert shown(worker.run(job_of(code))) == "([], ['GRADUS_DATA'])"


def test_the_test_labels_are_zeros_and_the_training_labels_are_not(worker):
    code = """
from gradus.datasets import fashion_mnist_tensors as f
[f(s)[1].unique().tolist() for s in ('train', 'val', 'test')], f('test')[0].shape
"""
    system = "import pathlib; list(pathlib.Path('/usr/share/datasets').glob('**/*labels*'))"
    assert shown(worker.run(job_of(system))) == "[]"  # a copy that the system package has installed
    ten = str(list(range(10)))
    images = "torch.Size([10000, 1, 28, 28])"
    assert shown(worker.run(job_of(code))).replace("\n", "") == f"([{ten}, {ten}, [0]], {images})"


def test_the_tests_are_not_in_the_memory_of_the_visible_run(worker):
    code = """
import gc, inspect, os, sys
needle = "NEED" + "LE"
def holds(mapping):
    return any(isinstance(v, str) and needle in v and v != needle for v in list(mapping.values()))
found = [frame for frame in sys._current_frames().values() if holds(frame.f_locals)]
found += [each for each in gc.get_objects() if isinstance(each, dict) and holds(each)]
found += [line for line in In if needle in line]
len(found)
"""
    assert shown(worker.run(job_of((code, asks("'NEEDLE'")), "1"))) == "0"


def test_a_link_in_its_folder_leads_nowhere(worker):
    code = """
import os
os.symlink('/root', 'r')
os.symlink('/proc/1/root', 's')
os.symlink('/../../..', 't')
[os.path.exists('r/.ssh'), sorted(os.listdir('t')) == sorted(os.listdir('/'))]
"""
    assert shown(worker.run(job_of(code))) == "[False, True]"


# What can be done to others


def test_two_submissions_share_nothing(worker):
    code = """
import os, socket
open('/scratch/tmp/mark', 'x').close()
open('/dev/shm/mark', 'x').close()
s = socket.socket(socket.AF_UNIX)
s.bind('\\0gradus-mark')
os.environ['MARK'] = '1'
import builtins
builtins.mark = 1
os.getpid()
"""
    for _ in range(2):
        assert states(worker.run(job_of(code))) == ["ok"]
    assert (
        shown(worker.run(job_of("import os, builtins; ('MARK' in os.environ, hasattr(builtins, 'mark'))")))
        == "(False, False)"
    )


def test_killing_everything_in_sight_costs_only_what_is_ones_own(worker):
    code = """
import os, signal
for s in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):
    os.kill(1, s)
os.kill(-1, signal.SIGKILL)
"""
    execution = worker.run(job_of(("x = 1", asks("x")), code, ("x = 2", asks("x"))), QUICK)
    assert states(execution) == ["ok", "ok", "ok"]  # who sends a signal to all is spared, and so is process 1
    assert execution.questions[0].state in ("not reached", "killed")  # its child was in sight
    assert answers(execution, 1) == [2]


def test_children_of_the_visible_run_are_gone_before_the_first_test_is_sent(worker):
    code = """
import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for s in range(1, 32):
            try: signal.signal(s, signal.SIG_IGN)
            except OSError: pass
        time.sleep(600)
"""
    execution = worker.run(job_of((code, ALIVE), ("1", ALIVE)), QUICK)
    assert answers(execution, 0) == [3]  # init and the two held children
    assert answers(execution, 1) == [2]


def test_a_child_of_one_question_does_not_live_to_see_the_next(worker):
    fork = "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(600)\n"
    execution = worker.run(job_of(("1", fork + ALIVE), ("2", ALIVE)), QUICK)
    assert answers(execution, 1) == [2]


def test_the_memory_of_the_held_children_cannot_be_reached(worker):
    code = """
import os
others = [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())]
def reach(pid, what):
    try:
        os.listdir(f"/proc/{pid}/{what}") if what == "fd" else open(f"/proc/{pid}/{what}", "rb").read(1)
        return True
    except OSError:
        return False
len(others), [reach(pid, what) for pid in others + [1] for what in ("mem", "fd", "environ", "maps")].count(True)
"""
    assert shown(worker.run(job_of(("1", asks("1")), ("2", asks("2")), code)), 2) == "(2, 0)"


def test_signals_to_held_children_before_their_question_run_nothing(worker):
    code = """
import os, signal
held = [int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())]
for pid in held:
    for s in (signal.SIGUSR1, signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGSTOP):
        os.kill(pid, s)
"""
    handler = """
import signal
x = []
for s in (signal.SIGUSR1, signal.SIGALRM, signal.SIGTERM): signal.signal(s, lambda *a: x.append(1))
"""
    execution = worker.run(job_of((handler, asks("list(x)")), code), QUICK)
    assert answers(execution) == [[]]


def test_writing_on_the_answer_channels_early_counts_for_nothing(worker):
    code = """
import os, struct
for fd in range(3, 64):
    for frame in (b'{"held": 0, "pid": 1}', b"AFORGED", b"D"):
        try: os.write(fd, struct.pack(">I", len(frame)) + frame)
        except OSError: pass
"""
    execution = worker.run(job_of(("x = 1", asks("x")), (code, asks("x"))), QUICK)
    frames = [frame for question in execution.questions for frame in question.frames]
    assert b"FORGED" not in frames


def test_nonsense_on_every_channel_is_a_problem_and_not_an_exception(worker):
    for junk in (b"\xff" * 100, b"\x00\x00\x00\x05hello", b"\x00\x00\x00\x02[]", b"\x00\x02\x00\x00" + b"[" * 131072,
                 b"\x00\x00\x00\x20" + b'{"kind":"end","ok":1e999,"a":"\\ud8'):  # fmt: skip
        code = f"""
import os
for fd in range(3, 64):
    try: os.write(fd, {junk!r})
    except OSError: pass
import time
time.sleep(0.2)
"""
        execution = worker.run(job_of(("x = 1", asks("x")), code, ("x", asks("x"))), QUICK)
        assert len(execution.cells) == 3
        repr(execution).encode()
    assert answers(worker.run(job_of(("x = 1", asks("x"))))) == [1]


@pytest.mark.parametrize("which", ["range(3, 256)", "range(0, 256)", "(1, 2)"])
def test_closing_descriptors_costs_only_ones_own(worker, which):
    code = f"import os\nfor fd in {which}:\n    try: os.close(fd)\n    except OSError: pass\nx = 2"
    execution = worker.run(job_of(("x = 1", asks("x")), (code, asks("x"))), QUICK)
    assert answers(execution, 0) == [1]
    assert execution.seconds["total"] < 6


def test_flooding_the_answer_channel_costs_the_question(worker):
    flood = "from autograder.answers import answer\nimport numpy as np\nwhile True: answer(lambda: np.zeros(100_000))"
    limits = Limits(question_seconds=10, answer_bytes=8 * MIB)
    execution = worker.run(job_of(("1", flood), ("2", asks("2"))), limits)
    assert execution.questions[0].state == "too much"
    assert sum(map(len, execution.questions[0].frames)) <= 8 * MIB
    assert answers(execution, 1) == [2]


def test_raw_bytes_without_end_on_the_answer_channel_cost_the_question(worker):
    flood = """
import os
while True:
    for fd in range(3, 40):
        try: os.write(fd, b'\\x7f' * 65536)
        except OSError: pass
"""
    execution = worker.run(job_of(("1", flood), ("2", asks("2"))), QUICK)
    assert execution.questions[0].state in ("too much", "killed")
    assert answers(execution, 1) == [2]


# What can be used up


def test_a_fork_bomb_ends(worker):
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    started = time.monotonic()
    execution = worker.run(job_of(("x = 1", asks("x")), bomb, ("x", asks("x"))), Limits(cell_seconds=1, processes=40))
    assert states(execution)[1] in ("timeout", "killed")
    assert answers(execution, 0) == [1]
    assert time.monotonic() - started < 20


def test_a_fork_bomb_in_a_question_ends(worker):
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    execution = worker.run(job_of(("x = 1", bomb), ("x = 2", asks("x"))), Limits(question_seconds=1, processes=40))
    assert execution.questions[0].state != "done"
    assert answers(execution, 1) == [2] or execution.questions[1].state == "killed"


def test_a_memory_hog_gets_a_memory_error(worker):
    execution = worker.run(job_of("x = []\nwhile True: x.append(bytearray(1 << 24))", "del x", "'on'"), QUICK)
    assert execution.cells[0].outputs[-1]["ename"] == "MemoryError"
    assert states(execution)[2] == "ok"


def test_many_processes_cannot_hold_more_than_one_may(worker):
    code = """
import os, time
for _ in range(10):
    if os.fork() == 0:
        block = bytearray(200 << 20)
        time.sleep(20)
time.sleep(20)
"""
    execution = worker.run(job_of(code, "1"), Limits(cell_seconds=15, memory_bytes=512 * MIB))
    assert states(execution) == ["killed", "ok"]
    assert execution.problems[0] == Problem("memory", 0)


def test_shared_memory_counts_as_memory_or_as_files(worker):
    code = "import mmap\nblocks = [mmap.mmap(-1, 1 << 30) for _ in range(100)]"
    assert states(worker.run(job_of(code), QUICK)) == ["raised"]
    code = "open('/dev/shm/a', 'wb').write(bytes(1 << 20) * 300)"
    assert states(worker.run(job_of(code), Limits(tmpfs_bytes=64 * MIB))) == ["raised"]


def test_a_full_disk_and_a_million_files_are_the_submissions_own(worker):
    code = "for k in range(1_000_000): open(f'{k}', 'w').close()"
    execution = worker.run(job_of(code, "print('on')"), Limits(cell_seconds=5, inodes=2_000))
    assert execution.cells[0].outputs[-1]["ename"] == "OSError"
    assert text(execution, 1) == "on\n"


def test_a_thread_a_timer_and_an_exit_handler_do_not_outlive_the_run(worker):
    code = """
import atexit, os, signal, threading, time
atexit.register(lambda: time.sleep(100))
threading.Thread(target=time.sleep, args=(100,)).start()
signal.signal(signal.SIGALRM, lambda *a: time.sleep(100))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
"""
    execution = worker.run(job_of(("x = 1", asks("x")), code), QUICK)
    assert answers(execution) == [1]
    assert execution.seconds["total"] < 6


def test_ignoring_every_signal_does_not_help(worker):
    code = """
import signal
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True:
    try:
        while True: pass
    except BaseException: pass
"""
    execution = worker.run(job_of(("x = 1", asks("x")), code, ("x", asks("x"))), Limits(cell_seconds=0.5))
    assert states(execution) == ["ok", "timeout", "ok"]
    assert answers(execution, 1) == [1]


def test_a_patched_clock_does_not_buy_time(worker):
    code = "import time\ntime.monotonic = time.time = time.perf_counter = lambda: 0\nwhile True: pass"
    assert states(worker.run(job_of(code, "1"), Limits(cell_seconds=0.5))) == ["timeout", "ok"]


def test_modules_beside_the_notebook_do_not_replace_what_is_loaded(worker):
    code = """
for n in ('torch', 'numpy', 'random', 'sitecustomize'): open(n + '.py', 'w').write('raise SystemExit')
import torch, numpy, random
torch.ones(2).sum().item()
"""
    execution = worker.run(job_of((code, "import torch, random\n" + asks("torch.ones(3).sum().item()"))))
    assert shown(execution) == "2.0"
    assert answers(execution) == [3.0]


# The worker itself


def test_a_warm_process_that_dies_is_started_again(worker):
    own = Worker(preload=())
    with own:
        first = own.warm_pid
        os.kill(descendants(first)[-1], 9)
        assert states(own.run(job_of("1"))) == ["ok"]
        assert own.warm_pid != first


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_when_the_grader_is_killed_or_interrupted_nothing_stays(number):
    script = """
import os, sys
from autograder.records.execution import CodeCell, Job
from autograder.engine.sandbox import Worker
with Worker(preload=()) as worker:
    print(worker.warm_pid, flush=True)
    worker.run(Job((CodeCell(0, "while True: pass"),), (), 1))
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_paths()
    )
    assert grader.stdout is not None
    pid = int(grader.stdout.readline())
    time.sleep(0.5)
    below = descendants(pid)
    assert len(below) >= 4
    grader.send_signal(number)
    grader.wait(20)
    until = time.monotonic() + 5
    while any(Path(f"/proc/{each}").exists() for each in [pid, *below]) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [each for each in [pid, *below] if Path(f"/proc/{each}").exists()]


@pytest.fixture(scope="module")
def shared() -> Iterator[WarmProcess]:
    """One warm process for the tests of what workers share; one that has died is started again."""
    warm = WarmProcess(("numpy",), workers=3)
    try:
        yield warm
    finally:
        warm.close()


def together(warm: WarmProcess, *jobs: Job, limits: Limits = QUICK) -> list[Execution]:
    """Each job in a thread and a worker of its own, all on one warm process."""

    def run(job: Job) -> Execution:
        with Worker(warm=warm) as one:
            return one.run(job, limits)

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def test_workers_that_share_a_warm_process_run_at_once_and_disturb_nobody(shared: WarmProcess):
    meet = "import time\ntime.sleep(0.5)\nround(time.time(), 2)"
    bomb = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
    ends = "import os\nos.kill(os.getppid(), 9)\nos._exit(1)"
    looks = ("import os\nlen(os.listdir('/proc/self/fd'))", asks("1 + 1"))
    honest, hostile, broken = together(shared, job_of(meet, looks), job_of(bomb), job_of(ends), limits=SHORT)
    assert states(honest) == ["ok", "ok"]
    assert answers(honest) == [2]
    (alone,) = together(shared, job_of(looks))
    assert shown(alone) == shown(honest, 1)  # nothing of the others is open in it
    assert states(hostile) in (["timeout"], ["killed"])
    assert states(broken) == ["killed"]
    assert shared.runs


def test_a_worker_that_leaves_takes_its_submission_along_and_no_other(shared: WarmProcess):
    first, second = Worker(warm=shared), Worker(warm=shared)
    with first, second, ThreadPoolExecutor(2) as threads:
        endless = threads.submit(first.run, job_of("while True: pass"), Limits(cell_seconds=1.5))
        honest = threads.submit(second.run, job_of("import time; time.sleep(2)", ("1", asks("7"))), Limits())
        time.sleep(0.5)
        before = set(descendants(shared.pid))
        assert first._commands is not None
        first._commands.shutdown(socket.SHUT_RDWR)  # as when its process has died
        until = time.monotonic() + 20
        while len(before & set(descendants(shared.pid))) == len(before) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(before & set(descendants(shared.pid))) < len(before)
        assert answers(honest.result()) == [7]
        assert states(endless.result()) == ["timeout"]  # of the run after that one, which left nothing


def test_a_shared_warm_process_outlives_the_thread_that_started_it(shared: WarmProcess):
    shared.close()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(shared.start).result()
    pid = shared.pid
    time.sleep(0.5)  # bubblewrap is ended with the thread that started it
    (execution,) = together(shared, job_of(("1", asks("6 * 7"))))
    assert answers(execution) == [42]
    assert (shared.runs, shared.pid) == (True, pid)


def test_when_a_shared_warm_process_dies_every_worker_runs_its_submission_again(shared: WarmProcess):
    shared.start()
    idle = len(descendants(shared.pid))
    jobs = [job_of("import time; time.sleep(2)", (str(number), asks(str(number)))) for number in range(2)]
    with ThreadPoolExecutor(1) as thread:
        executions = thread.submit(together, shared, *jobs)
        until = time.monotonic() + 20
        while len(descendants(shared.pid)) < idle + 4 and time.monotonic() < until:  # two inits, two notebooks
            time.sleep(0.02)
        os.kill(shared.pid, signal.SIGKILL)
        assert [answers(one) for one in executions.result()] == [[0], [1]]


@pytest.mark.parametrize(
    ("release", "can"), [("6.1.0-18-amd64", True), ("5.14.0", True), ("5.10.0-28", False), ("4.18.0-553.el8", False)]
)
def test_a_warm_process_is_shared_where_each_submission_has_its_own_count_of_processes(
    release: str, can: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(platform, "release", lambda: release)
    assert can_be_shared() is can


def test_the_trusted_process_keeps_no_descriptors(worker):
    worker.run(job_of(("1", asks("1"))))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        worker.run(job_of(("1", asks("1")), "import os; os._exit(1)", "2"), QUICK)
    assert len(list(descriptors.iterdir())) == before


@pytest.mark.skipif(not _parents(), reason="this account may make no cgroup here")
def test_a_cgroup_ends_what_grows_between_two_looks_of_the_watch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(MemoryWatch, "passed", lambda watch, tree: False)  # the watch looks away
    monkeypatch.setattr(cgroups, "_MEMORY_OF_OURS", 0)
    grow = """
import os, signal
for _ in range(8):
    if os.fork() == 0:
        block = bytearray(200 << 20)
        signal.pause()
os.wait()  # the first that the kernel ends
"""
    limits = Limits(cell_seconds=60, memory_bytes=256 * MIB)
    with Worker(preload=()) as bounded:
        bounded.run(job_of(grow), limits)
        folders = [Path(door).parent for door in bounded.cgroup.doors]
        assert any(killed(folder) for folder in folders)
        assert states(bounded.run(job_of("1 + 1"), limits)) == ["ok"]  # the warm process, or a new one, goes on
    assert not any(folder.exists() for folder in folders)


def killed(folder: Path) -> int:
    """Processes that the kernel ended in a cgroup for want of memory."""
    counts = ""
    for name in ("memory.events", "memory.oom_control"):
        if (folder / name).exists():
            counts += (folder / name).read_text()
    return sum(int(line.split()[1]) for line in counts.splitlines() if line.split()[0] == "oom_kill")


@pytest.mark.skipif(not _parents(), reason="this account may make no cgroup here")
def test_what_a_dead_grader_left_is_taken_away_by_the_next():
    parent = _parents()[0]
    old, young, own = parent / "gradus-4194304-a", parent / "gradus-4194304-b", parent / f"gradus-{os.getpid()}-a"
    for left in (old, young, own):  # no process has the number of the first two; the third has ours, from before
        left.mkdir()
    for left in (old, own):
        os.utime(left, (0, 0))
    cgroup = cgroups.make_cgroup()
    try:
        assert cgroup is not None
        assert [left.exists() for left in (old, young, own)] == [False, True, False]
        cgroup.remove()
    finally:
        young.rmdir()


@pytest.mark.parametrize(("bound", "found"), [(None, "slice"), ("memory.max", None), ("cpuset.cpus", None)])
def test_a_cgroup_is_made_inside_every_bound_that_an_administrator_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str | None, found: str | None
):
    unit = tmp_path / "slice" / "grader.service"
    unit.mkdir(parents=True)
    (unit / "cgroup.subtree_control").write_text("")  # as it is where processes live
    (unit / "cpu.max").write_text("max 100000\n")
    (unit / "memory.max").write_text("max\n")
    (unit / "cpuset.cpus").write_text("\n")
    (unit.parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    if bound:
        (unit / bound).write_text("1\n")
    monkeypatch.setattr(cgroups, "_TREE", tmp_path)
    assert cgroups._delegating("/slice/grader.service") == (tmp_path / found if found else None)


def test_without_a_cgroup_the_other_bounds_stand(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(warm_process, "make_cgroup", lambda: None)
    with Worker(preload=()) as unbounded:
        assert states(unbounded.run(job_of("1 + 1"), QUICK)) == ["ok"]
        assert unbounded.cgroup is None
        assert wall_checks._cgroup(unbounded)[1] is None


def test_what_a_class_imports_is_told_while_the_warm_process_starts():
    warm = WarmProcess(("numpy",))
    warm.begin()
    warm.imports_too(["numpy", "colorsys"])
    try:
        with Worker(warm=warm) as worker:
            assert shown(worker.run(job_of("import sys\n('colorsys' in sys.modules, 'turtle' in sys.modules)"))) == (
                "(True, False)"
            )
    finally:
        warm.close()


def test_a_warm_process_that_has_only_begun_is_gone_when_it_is_closed():
    warm = WarmProcess(("numpy", "torch"))
    warm.begin()
    pid = warm.pid
    warm.close()
    assert warm.pid is None
    assert not Path(f"/proc/{pid}").exists()
