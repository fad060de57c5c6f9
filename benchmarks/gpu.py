"""Gradus on a GPU, by one command that needs torch, NumPy, matplotlib, pandas and pytest, and downloads nothing.

    python benchmarks/gpu.py            # `make gpu`; within six minutes
    python benchmarks/gpu.py --pack     # on a machine that has them: Fashion-MNIST and d2l into _build/gpu-kit

Four parts: the library's tests on the GPU; the code cells of the chapters on softmax regression and on multilayer
perceptrons; training against d2l and against the bare loop (`training.py`); a ladder of seconds to an accuracy
(`ladder.py`). What a machine lacks is replaced, and said so: d2l by what `without_d2l/` writes out, Fashion-MNIST by
images of its shape; `_build/gpu-kit`, carried along, has both. Without a GPU all of it runs small on the CPU: a test of
this script.

Results go to `benchmarks/results/gpu.json`; those of a GPU are never replaced by those of a CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent
ROOT = BENCHMARKS.parent
sys.path[:0] = [str(BENCHMARKS), str(ROOT)]
if __name__ == "__main__":  # read when torch is imported: here, and in what is started
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy  # noqa: E402
import torch  # noqa: E402
from history import keep_best_device, stamp, write_training_table  # noqa: E402
from images import KIT, REAL, find_images, pack_kit  # noqa: E402

WRITTEN_OUT = BENCHMARKS / "without_d2l"
SELF_TEST = "cpu, a test of the script itself"
SECONDS = 345  # of the six minutes; what is left is for the start and for writing
# Unit tests of the library that need nothing but the packages above.
TESTS = (
    "test_device", "test_trainer", "test_runs", "test_data_modules", "test_data", "test_misuse", "test_check",
    "test_figures", "test_interactive",
)  # fmt: skip
SMALL_TESTS = ("test_device",)
CHAPTERS = (
    "03-linear-classification/01-softmax-regression", "03-linear-classification/04-softmax-regression-from-scratch",
    "03-linear-classification/05-softmax-regression-concisely",
    "04-multilayer-perceptrons/03-multilayer-perceptrons",
)  # fmt: skip
TIMES_D2L, TIMES_BARE = 20, 1.5  # what is asked of a GPU: at least, and at most


@dataclass(frozen=True)
class Size:
    """How much is done. `share` is of the images; `cells` are the first ones of each chapter."""

    tests: tuple[str, ...]
    chapters: tuple[str, ...]
    cells: int | None
    epochs: int
    rounds: int
    share: float
    seeds: int
    rungs: int


WHOLE = Size(TESTS, CHAPTERS, None, epochs=4, rounds=3, share=1.0, seeds=10, rungs=5)
SMALL = Size(SMALL_TESTS, CHAPTERS[2:3], 14, epochs=1, rounds=1, share=0.05, seeds=1, rungs=1)


def main() -> int:
    parser = argparse.ArgumentParser(description="Test and measure Gradus on the GPU that is there.")
    parser.add_argument("--pack", action="store_true", help="put Fashion-MNIST and d2l into _build/gpu-kit, and end")
    parser.add_argument("--without-d2l", action="store_true", help="as if d2l were not installed")
    parser.add_argument("--results", type=Path, default=BENCHMARKS / "results", help="where the results go")
    options = parser.parse_args()
    began = time.perf_counter()
    if options.pack:
        print(pack_kit().relative_to(ROOT), "is ready to be carried along")
        return 0
    os.environ |= {"GRADUS_QUIET": "1", "MPLBACKEND": "Agg"}
    whose = _find_d2l(options.without_d2l)
    has_gpu = torch.cuda.is_available()
    size, device = (WHOLE if has_gpu else SMALL), torch.device("cuda" if has_gpu else "cpu")
    warnings.filterwarnings("ignore", message="This DataLoader will create")  # four workers, as d2l has it
    left = lambda: SECONDS - (time.perf_counter() - began)  # noqa: E731
    with tempfile.TemporaryDirectory(prefix="gradus-gpu-") as scratch:
        shown = find_images(Path(scratch))
        print(f"device: {torch.cuda.get_device_name() if has_gpu else SELF_TEST}; d2l: {whose}; images: {shown}")
        tests = run_tests(size.tests, 0.25 * left())
        training = _or_why_not(lambda: train(device, size, 0.5 * left()))
        ladder = _or_why_not(lambda: ladder_of(device, size, 0.3 * left()))
        chapters = run_chapters(size, left, is_real=shown == REAL)
    figures = {
        "device": torch.cuda.get_device_name() if has_gpu else SELF_TEST,
        "versions": _versions(whose),
        **stamp(),
        "images": shown,
        "settings": {name: value for name, value in vars(size).items() if isinstance(value, (int, float))},
        "tests": tests,
        "chapters": chapters,
        "training": training,
        "ladder": ladder,
        "seconds": round(time.perf_counter() - began, 1),
    }
    kept = keep_best_device("gpu", figures, SELF_TEST, options.results)
    write_training_table(options.results)
    return _say(figures, kept, options.results)


def _or_why_not(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a part gives, or why it failed: the other parts are run and kept all the same."""
    try:
        return work()
    except Exception as error:
        said = next(iter(str(error).splitlines()), "")
        print(f"failed: {type(error).__name__}: {said}")
        return {"problem": f"{type(error).__name__}: {said}"[:300]}


def _find_d2l(is_unwanted: bool) -> str:
    """Make d2l importable here and in what is started from here; whose it is, in words."""
    from importlib.metadata import PackageNotFoundError, version

    if not is_unwanted and find_spec("d2l") is not None:
        try:
            return version("d2l")
        except PackageNotFoundError:
            return "of unknown version"
    place = KIT if not is_unwanted and (KIT / "d2l").is_dir() else WRITTEN_OUT
    sys.path.insert(0, str(place))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    return "of the kit" if place is KIT else "not installed; what the course takes from it is written out"


def run_tests(names: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """The library's tests in a pytest of their own: without the suite's conftest, which needs a browser's driver."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider"]
        command += ["-m", "not slow or gpu", f"--junitxml={report}", *(f"tests/{name}.py" for name in names)]
        problem = _ended(command, seconds)
        cases = list(ElementTree.parse(report).iter("testcase")) if report.is_file() else []
    failed = [
        f"{case.get('classname')}::{case.get('name')}: {(bad.get('message') or '')[:200]}"
        for case in cases
        for bad in case
        if bad.tag in ("failure", "error")
    ]
    skipped = sum(any(part.tag == "skipped" for part in case) for case in cases)
    problem = problem if not cases else ""  # otherwise the failures say it
    took = round(time.perf_counter() - began, 1)
    print(f"tests: {len(cases) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped, {took:.0f} s")
    for line in [*failed, *filter(None, [problem])]:
        print(f"  {line}")
    passed = len(cases) - len(failed) - skipped
    return {"passed": passed, "failed": failed, "skipped": skipped, "problem": problem, "seconds": took}


def run_chapters(size: Size, left: Callable[[], float], is_real: bool) -> dict[str, Any]:
    """Each chapter's code cells in a Python of its own, while there is time.

    A chapter's claims about Fashion-MNIST, its assertions, are not held against images that are made up.
    """
    results: dict[str, Any] = {}
    for number, chapter in enumerate(size.chapters):
        seconds = left() / (len(size.chapters) - number)
        command = [sys.executable, str(BENCHMARKS / "plainly.py"), str(ROOT / "book" / f"{chapter}.ipynb")]
        command += [str(size.cells)] if size.cells else []
        output: list[str] = []
        problem = _ended(command, seconds, output)
        try:
            outcome = json.loads(output[-1])
        except (IndexError, ValueError):
            outcome = {"cells": 0, "seconds": round(seconds, 1), "problem": problem, "kind": "did not end"}
        outcome["counts"] = is_real or outcome["kind"] != "AssertionError"
        results[chapter] = outcome
        print(f"chapter {chapter}: {outcome['cells']} cells, {outcome['seconds']:.1f} s {outcome['problem']}")
    return results


def _ended(command: list[str], seconds: float, output: list[str] | None = None) -> str:
    """Run a command for so many seconds at most; why it did not end well, and "" where it did."""
    path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # plugins are none of ours
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=max(seconds, 1)
        )
    except subprocess.TimeoutExpired:
        return f"not over after {seconds:.0f} s"
    if output is not None:
        output += done.stdout.splitlines()
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else f"ended with {done.returncode}: {said[-1] if said else ''}"[:300]


def train(device: torch.device, size: Size, seconds: float) -> dict[str, Any]:
    from training import has_torchvision, measure

    measured = measure(device, size.epochs, size.rounds, size.share, seconds)
    return {"loads with": "torchvision" if has_torchvision() else "PIL, as torchvision does", **measured}


def ladder_of(device: torch.device, size: Size, seconds: float) -> dict[str, Any]:
    from ladder import RUNGS, climb

    rungs = RUNGS[: size.rungs] if size is WHOLE else tuple(replace(rung, epochs=1) for rung in RUNGS[: size.rungs])
    return climb(device, size.seeds, seconds, rungs)


def _versions(whose: str) -> dict[str, str | None]:
    return {
        "python": platform.python_version(), "torch": torch.__version__, "cuda": torch.version.cuda,
        "numpy": numpy.__version__, "d2l": whose,
    }  # fmt: skip


def _say(figures: dict[str, Any], kept: bool, folder: Path) -> int:
    """The last lines; the exit status."""
    fits = {name: result for name, result in figures["training"].items() if name.startswith("fit")}
    slow = [
        name
        for name, result in fits.items()
        if result["times_faster_than_d2l"] < TIMES_D2L or result["times_the_bare_loop"] > TIMES_BARE
    ]
    broken = [*figures["tests"]["failed"], *filter(None, [figures["tests"]["problem"]])]
    broken += [figures[part]["problem"] for part in ("training", "ladder") if "problem" in figures[part]]
    broken += [name for name, ran in figures["chapters"].items() if ran["problem"] and ran["counts"]]
    is_test = figures["device"] == SELF_TEST
    if not is_test:
        asked = f"at least {TIMES_D2L} times d2l, at most {TIMES_BARE} times the bare loop"
        print(f"asked is {asked}: {'missed by ' + ', '.join(slow) if slow else 'so it is'}")
    if not kept:
        print(f"{folder / 'gpu.json'} holds the figures of a GPU, and keeps them")
    ended = f"failed: {'; '.join(broken)}" if broken else "every part ran"
    what = "a test of this script on the CPU, small: there is no GPU here" if is_test else figures["device"]
    print(f"make gpu: {ended}, in {figures['seconds']:.0f} s ({what})")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
