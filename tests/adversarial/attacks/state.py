"""Global state of the process, patched or merely set: rows 28 and 32."""

from __future__ import annotations

from attacks.attack import Work, attack


@attack(28, loses=("recall_and_precision",), problem="")
def clock_stopped(work: Work) -> None:
    """The limits are kept by another clock."""
    work.add(
        "import time\nfor name in ('time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'):\n"
        "    setattr(time, name, lambda: 0.0)\ntime.sleep = lambda seconds: None\n"
        "import signal\nsignal.alarm = signal.setitimer = lambda *a: None"
    )
    work.preface("recall_and_precision", "while True: pass")


@attack(28, right=False)
def generator_fixed(work: Work) -> None:
    """Every case is to be the visible one: the cases that count are drawn elsewhere too."""
    work.add(
        "import random, numpy as np\nfor module in (torch, np.random, random):\n"
        "    for name in ('manual_seed', 'seed'):\n"
        "        if hasattr(module, name): setattr(module, name, lambda *a: None)\n"
        "torch.randn = lambda *a, **k: torch.zeros(1)\n"
        "torch.randint = lambda *a, **k: torch.zeros(2, dtype=torch.int64)\n"
        "class Fixed:\n    def __getattr__(self, name): return lambda *a, **k: np.zeros((2, 2))\n"
        "np.random.default_rng = np.random.Generator = np.random.Philox = np.random.PCG64 = lambda *a, **k: Fixed()"
    )
    work.body("recall_and_precision", "return torch.tensor([[0.0, 0, 1, 0], [0, 0, 0.5, 0]])")
    work.body("accuracy_gap", "return 0.5, 0.25")


@attack(28, right=False)
def seeds_drawn_from_the_clock(work: Work) -> None:
    work.add(
        "import time, random\ntime.time = lambda: 0\nrandom.SystemRandom.random = lambda self: 0.0\nimport os\n"
        "os.urandom = bytes"
    )


@attack(32)
def number_of_threads(work: Work) -> None:
    work.add("torch.set_num_threads(4)\ntorch.ones(500, 500) @ torch.ones(500, 500)")


@attack(32, exactly=False)
def default_dtype(work: Work) -> None:
    work.add("torch.set_default_dtype(torch.float64)")


@attack(32, exactly=False)
def default_device(work: Work) -> None:
    work.add("torch.set_default_device('meta')")


@attack(32)
def deterministic_flags_and_seeds(work: Work) -> None:
    work.add("torch.use_deterministic_algorithms(True)\ntorch.manual_seed(0)\nimport random\nrandom.seed(0)")


@attack(32)
def numpy_raises_on_everything(work: Work) -> None:
    work.add(
        "import numpy as np\nnp.seterr(all='raise')\nnp.set_printoptions(threshold=1)\n"
        "torch.set_printoptions(profile='full')"
    )


@attack(32)
def folder_mask_and_locale(work: Work) -> None:
    work.add(
        "import locale, os\nos.chdir('/')\nos.umask(0o777)\n"
        "for name in ('de_DE.UTF-8', 'tr_TR.UTF-8', 'C'):\n    try: locale.setlocale(locale.LC_ALL, name)\n"
        "    except locale.Error: pass\n"
        "os.environ['PATH'] = '/nowhere'"
    )


@attack(32)
def environment_emptied(work: Work) -> None:
    work.add("import os\nos.environ.clear()\nos.environ['GRADUS_DATA'] = '/nowhere'")


@attack(32, exactly=False)
def recursion_limit(work: Work) -> None:
    work.add("import sys\nsys.setrecursionlimit(60)")


@attack(32, exactly=False)
def warnings_are_errors(work: Work) -> None:
    work.add("import warnings, gc\nwarnings.simplefilter('error')\ngc.disable()\ngc.set_threshold(1, 1, 1)")


@attack(32)
def streams_gone(work: Work) -> None:
    work.add("import sys\nsys.stdout = sys.stderr = sys.stdin = sys.__stdout__ = sys.__stderr__ = None", before="")


@attack(32, exactly=False)
def streams_and_descriptors_closed(work: Work) -> None:
    work.add("import os, sys\nsys.stdout.close()\nfor fd in (0, 1, 2): os.close(fd)")


@attack(32)
def gradients_off(work: Work) -> None:
    """Nothing trains after this last cell: the questions before it are asked of the state before it."""
    work.add("torch.set_grad_enabled(False)\ntorch.inference_mode(True).__enter__()", before="")


@attack(32, exactly=False)
def modules_emptied(work: Work) -> None:
    work.add(
        "import sys, builtins\nfor name in list(sys.modules):\n"
        "    if not name.startswith(('IPython', 'builtins', 'sys')): del sys.modules[name]\n"
        "sys.path.clear()\nsys.meta_path.clear()\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: 1 / 0)"
    )


@attack(32)
def priority_and_affinity(work: Work) -> None:
    work.add("import os, resource\ntry: os.nice(-20)\nexcept OSError: pass\nos.nice(19)\nos.sched_setaffinity(0, {0})")
