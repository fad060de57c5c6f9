"""Runs that end early, late or not at all: rows 7, 8, 9 and 31. The other questions keep their marks."""

from __future__ import annotations

from attacks.attack import Work, attack

VISIBLE = "if y.tolist() != [2, 0]:\n    "  # what follows happens only when a hidden test calls


@attack(7, loses=("recall_and_precision",))
def system_exit_in_a_function(work: Work) -> None:
    work.preface("recall_and_precision", "raise SystemExit(0)")


@attack(7, loses=("recall_and_precision",))
def keyboard_interrupt_in_a_function(work: Work) -> None:
    work.preface("recall_and_precision", "raise KeyboardInterrupt")


@attack(7, loses=("recall_and_precision",))
def base_exception_of_its_own(work: Work) -> None:
    work.preface(
        "recall_and_precision",
        "class End(BaseException):\n    def __str__(self): raise End\n    __repr__ = __str__\n"
        "    __name__ = property(__str__)\nraise End",
    )


@attack(7, loses=("recall_and_precision",), problem="")
def os_exit_in_a_function(work: Work) -> None:
    work.preface("recall_and_precision", "import os\nos._exit(0)")


@attack(7, loses=("recall_and_precision",))
def os_exit_in_hidden_tests_only(work: Work) -> None:
    work.preface("recall_and_precision", f"import os\n{VISIBLE}os._exit(0)")


@attack(7, problem="")
def os_exit_in_a_cell(work: Work) -> None:
    work.add("import os\nos._exit(0)")


@attack(7)
def exit_and_quit_in_cells(work: Work) -> None:
    work.add("exit()")
    work.add("quit()", before="softmax-prompt")
    work.add("raise SystemExit('done')", before="accuracy_gap-prompt")


@attack(7, exactly=False, problem="")
def exits_in_five_cells(work: Work) -> None:
    """More cells that kill than there are restarts: the end is stated; the answers before them keep what they earn."""
    for prompt in ("recall_and_precision", "log_sum_exp", "softmax", "kl_divergence", "accuracy_gap"):
        work.add("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", before=f"{prompt}-prompt")


@attack(7, loses=("recall_and_precision",), problem="")
def segmentation_fault(work: Work) -> None:
    work.preface("recall_and_precision", "import ctypes\nctypes.string_at(0)")


@attack(7, loses=("recall_and_precision",), problem="")
def abort(work: Work) -> None:
    work.preface("recall_and_precision", "import os\nos.abort()")


@attack(7, loses=("recall_and_precision",), problem="")
def stack_overflow(work: Work) -> None:
    work.preface(
        "recall_and_precision",
        # In a thread with a small stack: Python 3.12 counts calls in C by itself, and would raise an error on a large one.
        "import sys, threading\nsys.setrecursionlimit(10**9)\nthreading.stack_size(2**16)\nclass Deep:\n"
        "    def __repr__(self): return repr([self])\nthread = threading.Thread(target=lambda: repr(Deep()))\n"
        "thread.start()\nthread.join()",
    )


@attack(8, loses=("recall_and_precision",), problem="")
def endless_loop(work: Work) -> None:
    work.preface("recall_and_precision", "while True: pass")


@attack(8, loses=("recall_and_precision",))
def endless_in_hidden_tests_only(work: Work) -> None:
    work.preface("recall_and_precision", f"import time\n{VISIBLE}time.sleep(1e6)")


@attack(8, loses=("recall_and_precision",), problem="")
def signals_ignored(work: Work) -> None:
    work.preface(
        "recall_and_precision",
        "import signal, time\nfor number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True:\n    try: time.sleep(1)\n    except BaseException: pass",
    )


@attack(8, loses=("recall_and_precision",), problem="")
def loop_in_c_code(work: Work) -> None:
    """Catastrophic backtracking: no Python instruction ends before the universe does."""
    work.preface("recall_and_precision", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')")


@attack(8, problem="")
def interrupt_swallowed_in_a_cell(work: Work) -> None:
    work.add("import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass")


@attack(8)
def waits_for_input(work: Work) -> None:
    work.add("try:\n    name = input('Your name? ')\nexcept EOFError:\n    name = ''")
    work.add("import sys\nsys.stdin.read()")


@attack(9)
def daemon_with_two_forks(work: Work) -> None:
    work.add(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for fd in range(3): os.close(fd)\n"
        f"        while True:\n            try: open('{work.targets.loot}/daemon', 'a').write('here')\n"
        "            except OSError: pass\n            time.sleep(0.2)\n    os._exit(0)\nos.wait()"
    )


@attack(9)
def background_program(work: Work) -> None:
    work.add("import subprocess\nsubprocess.Popen(['sleep', '86399'], start_new_session=True)")
    work.add("get_ipython().system('nohup setsid sleep 86398 >/dev/null 2>&1 </dev/null & true')")


@attack(9)
def threads_and_exit_handlers(work: Work) -> None:
    work.add(
        "import atexit, threading, time, weakref\n"
        "def for_ever():\n    while True: time.sleep(0.05)\n"
        "for daemon in (True, False) * 4: threading.Thread(target=for_ever, daemon=daemon).start()\n"
        "atexit.register(for_ever)\nclass Slow:\n    def __del__(self): for_ever()\nslow = Slow()"
    )


@attack(9)
def daemon_that_meddles_with_the_questions(work: Work) -> None:
    """Started in the visible run, it waits for the questions to be asked: it must be gone by then."""
    work.add(
        "import os, signal, time\nif os.fork() == 0:\n    os.setsid()\n    me = os.getpid()\n    while True:\n"
        "        for pid in range(2, 400):\n            if pid > me:\n"
        "                try: os.kill(pid, signal.SIGKILL)\n                except OSError: pass\n"
        "        time.sleep(0.01)",
        before="",
    )


@attack(31)
def zombies_and_stopped_children(work: Work) -> None:
    work.add(
        "import os, signal\nfor number in range(30):\n    if os.fork() == 0:\n"
        "        if number % 2: os.kill(os.getpid(), signal.SIGSTOP)\n        os._exit(0)"
    )


@attack(31, exactly=False)
def signals_to_everyone(work: Work) -> None:
    work.add(
        "import os, signal\nfor number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):\n"
        "    for pid in (1, os.getppid(), 2, 3, 4, 5, 6, 7, 8):\n        if pid != os.getpid():\n"
        "            try: os.kill(pid, number)\n            except OSError: pass",
        before="",
    )


@attack(31, exactly=False)
def kill_minus_one(work: Work) -> None:
    work.add(
        "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.killpg(0, signal.SIGKILL)", before="accuracy_gap-prompt"
    )


@attack(31)
def ptrace_and_memory_of_others(work: Work) -> None:
    work.add(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndone = []\n"
        "for pid in range(1, 40):\n    if pid == os.getpid(): continue\n"
        "    done.append(libc.ptrace(16, pid, None, None) == 0)\n"
        "    try: open(f'/proc/{pid}/mem', 'r+b').close(); done.append(True)\n    except OSError: pass\n"
        "if any(done[:1]): print('-'.join(['GOT', 'OUT']))"
    )


@attack(31, exactly=False)
def held_children_stopped_and_killed(work: Work) -> None:
    work.add(
        "import os, signal\nfor pid in sorted((int(name) for name in os.listdir('/proc') if name.isdigit())):\n"
        "    if pid not in (1, os.getpid()):\n"
        "        try: os.kill(pid, signal.SIGSTOP if pid % 2 else signal.SIGKILL)\n        except OSError: pass",
        before="",
    )
