"""What is forked in the place of a program that starts is told nothing else, does nothing else and ends as it does."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from supervised import begin, supervise

pytestmark = [
    pytest.mark.slow("a few Pythons"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux: there is no sandbox without it"),
]
WHAT_IT_FINDS = """
import os, signal, sys, threading
print(sys.argv, sys.path[0], __name__, "WHAT" in globals())
print(os.getsid(0) == os.getpgid(0) == os.getpid(), os.getcwd(), os.environ.get("GRADUS_FOUND"))
print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)])
print(repr(sys.stdin.read()), os.isatty(1), sys.stdout.encoding, sys.stderr.errors, threading.active_count())
print([number for number in range(64) if os.path.exists(f"/proc/self/fd/{number}") and os.get_inheritable(number)])
"""
ENDS = {
    "well": "print('done')",
    "with a status": "import sys\nsys.exit(3)",
    "with a sentence": "raise SystemExit('no')",
    "with an error": "def f(): return 1 / 0\nf()",
    "with what it does last": "import atexit\natexit.register(print, 'last')\nraise SystemExit(4)",
    "by itself": "import os\nos.abort()",
}
WAITS = "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)"
HIDES = "import os\nif os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '60'])"


FORKS = """
import multiprocessing, os
from multiprocessing import forkserver
multiprocessing.set_forkserver_preload(["json"])
process = multiprocessing.get_context("forkserver").Process(target=print, args=("from below",))
process.start()
process.join()
server = forkserver._forkserver._forkserver_pid
print(process.exitcode, os.getsid(server) == os.getpid(), len(os.listdir(f"/proc/{server}/task")))
"""


def command(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_it_finds_what_a_program_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADUS_FOUND", "yes")
    monkeypatch.chdir(tmp_path)
    forked, started = (
        run(command(WHAT_IT_FINDS, "one", "two")) for run in (lambda words: begin(words).wait(), supervise)
    )
    assert forked.output == started.output
    assert (forked.status, started.status) == (0, 0)


def test_its_fork_server_is_a_fork_of_it_and_goes_with_it() -> None:
    tell = f'{FORKS}print("supervised" in open(f"/proc/{{server}}/cmdline").read())'
    forked, started = begin(command(tell)).wait(), supervise(command(tell))
    assert forked.output == "from below\n0 True 1\nTrue\n"
    assert started.output == "from below\n0 True 1\nFalse\n"
    assert forked.left == started.left == []


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS)
def test_it_ends_as_a_program_ends(code: str) -> None:
    forked, started = begin(command(code)).wait(), supervise(command(code))
    assert (forked.status, forked.output, forked.left) == (started.status, started.output, started.left)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_is_struck_as_a_program_is(number: signal.Signals, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    forked = begin(command(WAITS, str(one)), send=number, once=one).wait()
    started = supervise(command(WAITS, str(other)), send=number, once=other)
    assert forked.status == started.status == -number
    # A traceback says where it was struck, which may be while it still made its file.
    ends = [(outcome.output.splitlines()[:1], outcome.output.splitlines()[-1:]) for outcome in (forked, started)]
    assert ends[0] == ends[1]


def test_what_it_leaves_behind_is_found() -> None:
    outcome = begin(command(HIDES), grace=0.5).wait()
    assert [words.split() for words in outcome.left] == [["sleep", "60"]]
