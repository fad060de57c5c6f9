"""Write how long a chapter runs into the table at its head, as `python benchmarks/chapters.py` has measured it last.

`python tools/running_times.py` reads `benchmarks/results/chapters.json`, rounds up to whole seconds, and leaves a
chapter that was not measured as it is. A test compares, with some room: a second more or less is no news.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

from chapter_heads import head_of, rewrite

ROOT = Path(__file__).resolve().parent.parent
ANSWER = re.compile(r"(\| How long does it run\? \| About )(\d+)( (?:s|seconds)\b)")


def measured(root: Path) -> dict[Path, int]:
    """The seconds of each chapter that was measured, rounded up."""
    record = json.loads((root / "benchmarks" / "results" / "chapters.json").read_text(encoding="utf-8"))
    return {root / name: math.ceil(figures["median"]) for name, figures in record["seconds"].items()}


def stated(path: Path) -> int | None:
    """The seconds in the chapter's own table; None where it names none."""
    said = ANSWER.search(head_of(path))
    return int(said[2]) if said else None


def write(path: Path, seconds: int) -> bool:
    """Put the measured seconds into a chapter that says others; whether it did."""
    return rewrite(path, lambda head: ANSWER.sub(rf"\g<1>{seconds}\g<3>", head, count=1))


def main() -> int:
    for path, seconds in measured(ROOT).items():
        if path.is_file() and write(path, seconds):
            print(f"{path.relative_to(ROOT)}: about {seconds} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
