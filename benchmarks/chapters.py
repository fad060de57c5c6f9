"""How long each chapter takes to run from top to bottom: the times on the pages.

    python benchmarks/chapters.py            # a run of each
    python benchmarks/chapters.py --runs 3   # the median of three

Several chapters run side by side, each on a core of its own, as they do when the book is built: a second thread hardly
helps networks of this size. Importing is part of each time; starting and ending the kernel are not, nor is what the
build runs once more to check it. Results go to `benchmarks/results/chapters.json`.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 600
sys.path.insert(0, str(ROOT / "tools"))

from book_pages import executed_pages  # noqa: E402
from execute_chapters import Outcome, available_cores, execute  # noqa: E402
from history import keep  # noqa: E402


def timed(chapter: Path) -> Outcome:
    return execute(chapter, 1, CELL_SECONDS, again=False)


def main() -> int:
    parser = argparse.ArgumentParser(description="Time each chapter, on a core of its own.")
    parser.add_argument("--runs", type=int, default=1, help="runs of each chapter; the median counts")
    options = parser.parse_args()
    cores = available_cores()
    chapters = executed_pages(ROOT)
    times: dict[str, list[float]] = {chapter.relative_to(ROOT).as_posix(): [] for chapter in chapters}
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for name, outcome in zip([*times] * options.runs, pool.map(timed, chapters * options.runs), strict=True):
            if outcome.problem:
                print(f"{name}: {outcome.problem}", file=sys.stderr)
                return 1
            times[name].append(outcome.seconds)
            print(f"{outcome.seconds:7.1f} s  {name}", flush=True)
    seconds = {
        name: {"median": round(statistics.median(each), 2), "runs": sorted(round(time, 2) for time in each)}
        for name, each in times.items()
    }
    machine = {"cores": cores, "python": platform.python_version(), "torch": torch.__version__}
    keep("chapters", {"machine": machine, "seconds": seconds})
    medians = [figures["median"] for figures in seconds.values()]
    print(f"{len(seconds)} chapters, {sum(medians):.0f} s in all, the slowest {max(medians):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
