"""How long each chapter takes to run from top to bottom, one after the other, with all cores: the times on the pages.

    python benchmarks/chapters.py            # three runs of each, the median
    python benchmarks/chapters.py --runs 1

Kernel start and imports are part of each time, ending the kernel is not. Results go to
`benchmarks/results/chapters.json`.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 600
sys.path.insert(0, str(ROOT / "tools"))

from book_pages import executed_pages  # noqa: E402
from execute_chapters import available_cores, execute  # noqa: E402
from history import keep  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description="Time each chapter, serially.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each chapter; the median counts")
    options = parser.parse_args()
    cores = available_cores()
    seconds = {}
    for chapter in executed_pages(ROOT):
        name = chapter.relative_to(ROOT).as_posix()
        outcomes = [execute(chapter, cores, CELL_SECONDS) for _ in range(options.runs)]
        broken = next((outcome.problem for outcome in outcomes if outcome.problem), "")
        if broken:
            print(f"{name}: {broken}", file=sys.stderr)
            return 1
        times = sorted(outcome.seconds for outcome in outcomes)
        seconds[name] = {"median": round(statistics.median(times), 2), "runs": [round(time, 2) for time in times]}
        print(f"{seconds[name]['median']:7.1f} s  {name}", flush=True)
    machine = {"cores": cores, "python": platform.python_version(), "torch": torch.__version__}
    keep("chapters", {"machine": machine, "seconds": seconds})
    medians = [figures["median"] for figures in seconds.values()]
    print(f"{len(seconds)} chapters, {sum(medians):.0f} s in all, the slowest {max(medians):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
