"""Keep what a benchmark measured: its last run as a file of its own, and every run as a line of `history.jsonl`.

    python benchmarks/history.py    # how the figures went, run by run; and the table of training, written anew

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
    run = {"benchmark": name, **stamp(), "figures": figures}
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def stamp() -> dict[str, Any]:
    """When and on which commit this is, and whether files differ from it; no commit where this is no clone."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", _NO_DIFFERENCE)),
    }


def keep_best_device(name: str, figures: dict[str, Any], stand_in: str, folder: Path = FOLDER) -> bool:
    """`keep`, unless figures of a real device are there and these are of its `stand_in`; whether they were kept."""
    before = last(name, folder)
    if before and before["device"] != stand_in and figures["device"] == stand_in:
        return False
    keep(name, figures, folder)
    return True


def last(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The figures of a benchmark's last run that was kept; none where there was none."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_training_table(folder: Path = FOLDER) -> str:
    """Write `training.md`, a table for the site: training on the CPU, and on a GPU beside it where there was one."""
    cpu, gpu = last("training", folder), last("gpu", folder)
    measured = {"CPU, two cores": cpu.get("devices", {}).get("cpu", {})}
    is_real = bool(gpu) and not gpu["device"].startswith("cpu")
    if is_real:
        measured[gpu["device"]] = gpu["training"]
    head = ["on", "measured", "d2l, s", "Gradus, s", "bare loop, s", "times as fast as d2l", "times the bare loop"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for device, results in measured.items():
        for name, result in results.items():
            if isinstance(result, dict):
                seconds = [f"{result['seconds'][who]:.3f}" for who in ("d2l", "gradus", "bare")]
                ratios = [f"{result[key]:.3g}" for key in ("times_faster_than_d2l", "times_the_bare_loop")]
                lines.append(f"| {' | '.join([device, name, *seconds, *ratios])} |")
    if is_real:
        rungs = gpu["ladder"].get("rungs", {}).items()
        below = gpu["ladder"].get("target")  # of runs that were kept before each rung had a target of its own
        climbed = [
            f"{name}, to {rung.get('target', below)}: {rung['seconds']} s ({rung['reached']} seeds)"
            for name, rung in rungs
            if rung["reached"]
        ]
        lines += ["", f"To a validation accuracy on {gpu['images']}: {'; '.join(climbed) or 'not reached'}."]
        lines += [f"Measured on {gpu['date'][:10]}, commit {gpu['commit'] or 'unknown'}, d2l {gpu['versions']['d2l']}."]
    else:
        lines += ["", "On a GPU: not measured yet; `make gpu` does it."]
    (folder / "training.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "\n".join(lines)


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
    write_training_table()
    for run in runs():
        print(f"{run['benchmark']}, {run['date']}, {run['commit']}{' with changes' if run['changed'] else ''}")
        for place, number in numbers(run["figures"]):
            print(f"  {place}: {number:.4g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
