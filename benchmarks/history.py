"""Keep what a benchmark measured: its last run as a file of its own, and every run as a line of `history.jsonl`.

    python benchmarks/history.py    # how the figures went, run by run

A line has the benchmark's name, the date (UTC), the commit, whether files differed from it, and the figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "results"
FILE = "history.jsonl"
_NO_DIFFERENCE = ":(exclude)benchmarks/results"  # what a run before this one wrote there


def keep(name: str, figures: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write the figures of a run to `<name>.json`, and add them to the history."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    run = {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", _NO_DIFFERENCE)),
        "figures": figures,
    }
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def runs(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Every run that was kept, the oldest first."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def numbers(figures: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """The figures of a run that can be followed from run to run, each with where it stands."""
    if isinstance(figures, dict):
        for name, value in figures.items():
            yield from numbers(value, f"{place}, {name}" if place else str(name))
    elif isinstance(figures, (int, float)) and not isinstance(figures, bool):
        yield place, float(figures)


def _git(*arguments: str) -> str:
    """What git says; "" where there is none."""
    try:
        done = subprocess.run(["git", *arguments], cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def main() -> int:
    for run in runs():
        print(f"{run['benchmark']}, {run['date']}, {run['commit']}{' with changes' if run['changed'] else ''}")
        for place, number in numbers(run["figures"]):
            print(f"  {place}: {number:.4g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
