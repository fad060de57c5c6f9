"""Everything that is finite: rows 10 to 13 and 30. None of these may run without walls."""

from __future__ import annotations

from attacks.attack import Work, attack


@attack(10, exactly=False, harms_host=True)
def fork_bomb(work: Work) -> None:
    work.add("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")


@attack(10, harms_host=True)
def fork_bomb_in_bash(work: Work) -> None:
    work.add("%%bash\n:(){ :|:& };:\nsleep 0.3")


@attack(10, exactly=False, harms_host=True)
def thread_bomb(work: Work) -> None:
    work.add(
        "import threading, time\nfor _ in range(100_000):\n    threading.Thread(target=time.sleep, args=(1e5,)).start()"
    )


@attack(10, loses=("recall_and_precision",), harms_host=True)
def fork_bomb_in_hidden_tests(work: Work) -> None:
    work.preface(
        "recall_and_precision", "import os\nwhile y.tolist() != [2, 0]:\n    try: os.fork()\n    except OSError: pass"
    )


@attack(11, harms_host=True)
def allocates_in_pieces(work: Work) -> None:
    work.add("pieces = []\nwhile True: pieces.append(bytearray(b'x' * 50_000_000))")


@attack(11, loses=("recall_and_precision",), harms_host=True)
def allocates_in_hidden_tests(work: Work) -> None:
    work.preface(
        "recall_and_precision", "pieces = []\nwhile y.tolist() != [2, 0]: pieces.append(torch.ones(20_000_000))"
    )


@attack(11, harms_host=True)
def one_huge_tensor(work: Work) -> None:
    work.add("huge = torch.ones(10**12)")


@attack(11, exactly=False, harms_host=True)
def many_processes_allocate(work: Work) -> None:
    work.add(
        "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        held = []\n        while True:\n"
        "            try: held.append(bytearray(b'x' * 20_000_000))\n            except MemoryError: time.sleep(60)\n"
        "time.sleep(60)"
    )


@attack(11, harms_host=True)
def shared_memory_and_memfd(work: Work) -> None:
    work.add(
        "import mmap, os\nheld = []\ntry:\n    for number in range(200):\n"
        "        held.append(mmap.mmap(-1, 50_000_000, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))\n"
        "        held[-1].write(b'x' * 50_000_000)\nexcept (OSError, MemoryError): held.clear()\n"
        "try:\n    fd = os.memfd_create('x')\n    while True: os.write(fd, b'x' * 50_000_000)\nexcept OSError: pass"
    )


@attack(12, harms_host=True)
def fills_the_disk(work: Work) -> None:
    work.add(
        "import os\nfor folder in ('.', '/tmp', '/dev/shm', '/var/tmp', os.path.expanduser('~')):\n"
        "    for number in range(50):\n        try:\n            with open(f'{folder}/full-{number}', 'wb') as file:\n"
        "                while True: file.write(b'x' * 10_000_000)\n        except OSError: pass"
    )


@attack(12, harms_host=True)
def millions_of_files(work: Work) -> None:
    work.add(
        "import os\ntry:\n    for number in range(3_000_000): open(f'f{number}', 'w').close()\nexcept OSError: pass\n"
        "try:\n    for number in range(100_000): os.mkdir('d'); os.chdir('d')\nexcept OSError: pass"
    )


@attack(12, harms_host=True)
def sparse_terabyte(work: Work) -> None:
    work.add(
        "try:\n    with open('sparse', 'wb') as file: file.truncate(10**12)\nexcept OSError as error: print(error)"
    )


@attack(12, loses=("recall_and_precision",), harms_host=True)
def fills_the_disk_in_hidden_tests(work: Work) -> None:
    """The next question must find a place to work in all the same."""
    work.preface(
        "recall_and_precision",
        "import os\nnumber = 0\nwhile y.tolist() != [2, 0] and number < 200:\n    number += 1\n    try:\n"
        "        with open(f'h{number}', 'wb') as file:\n            while True: file.write(b'x' * 10_000_000)\n"
        "    except OSError: pass\nassert number < 2",
    )


@attack(13, problem="too much", harms_host=True)
def prints_a_gigabyte(work: Work) -> None:
    work.add("for _ in range(1000): print('x' * 999_999)")


@attack(13, problem="too much", harms_host=True)
def one_line_of_a_gigabyte(work: Work) -> None:
    work.add("import sys\nfor _ in range(100): sys.stdout.write('x' * 10_000_000)")


@attack(13, problem="", harms_host=True)
def a_million_displays(work: Work) -> None:
    work.add("from IPython.display import display, HTML\nfor n in range(1_000_000): display(HTML('<b>x</b>'))")


@attack(13, harms_host=True)
def a_picture_of_200_megabytes(work: Work) -> None:
    work.add(
        "from IPython.display import Image, display\n"
        "display(Image(data=b'\\x89PNG' + b'x' * 150_000_000, format='png'))"
    )


@attack(13, exactly=False, problem="", harms_host=True)
def yes_for_ever(work: Work) -> None:
    work.add("!yes")
    work.add("import sys\nwhile True: sys.stderr.write('e' * 100_000)")


@attack(13, harms_host=True)
def clears_and_updates_for_ever(work: Work) -> None:
    work.add(
        "from IPython.display import clear_output, display, update_display\ndisplay('x', display_id='one')\n"
        "for n in range(20_000): update_display('x' * 1000, display_id='one')\n"
        "for n in range(5_000): print('x' * 100); clear_output()"
    )


@attack(13, loses=("recall_and_precision",), harms_host=True)
def prints_in_hidden_tests(work: Work) -> None:
    work.preface("recall_and_precision", "while y.tolist() != [2, 0]: print('x' * 1_000_000)")


@attack(13, right=False, harms_host=True)
def answers_of_a_gigabyte(work: Work) -> None:
    work.body("softmax", "return torch.zeros(250_000_000)")
    work.body("log_sum_exp", "return 'x' * 1_000_000_000")
    work.body("accuracy_gap", "return list(range(50_000_000))")


@attack(30, exactly=False, problem="", harms_host=True)
def slow_in_every_cell(work: Work) -> None:
    for _ in range(200):
        work.add("import time\ntime.sleep(0.4)")


@attack(30, exactly=False, harms_host=True)
def slow_in_every_question(work: Work) -> None:
    for question in (
        "recall_and_precision",
        "log_sum_exp",
        "softmax",
        "kl_divergence",
        "accuracy_gap",
        "calibration_error",
    ):
        work.preface(question, "import time\ntime.sleep(0.15)")
