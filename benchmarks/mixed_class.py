"""Hostile and broken submissions beside honest students, and the honest students alone.

    python benchmarks/mixed_class.py            # both classes
    python benchmarks/mixed_class.py --only slow

Two classes: `mixed`, 160 honest students and 40 attacks, taken evenly from all rows of the catalogue; `slow`, a class
of 30 in which one submission of each kind is slow on the grader's own side (`attacks.slow`), with the usual limits.
Compared are the marks of the honest students, the time of both runs with what the stated limits allow the others to
cost, the bytes that a submission leaves on disk, and the memory of the grader with everything below it (pages shared by
several processes are counted once). Results go to `benchmarks/results/mixed_class.json` and `slow_class.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "adversarial"), str(ROOT / "benchmarks"), str(ROOT)]

from attacks import ATTACKS, Attack, Targets, slow  # noqa: E402
from grading import make_class  # noqa: E402
from history import keep  # noqa: E402
from hostile_class import as_reported, grade_command, set_limits  # noqa: E402
from supervised import Outcome, supervise  # noqa: E402

from autograder.course import Course  # noqa: E402
from autograder.records.execution import Limits  # noqa: E402
from gradus.cores import available_cores  # noqa: E402
from gradus.notebook.form import read  # noqa: E402

WORKERS = 2
# What a cautious instructor might set, and the same in every measurement.
LIMITS = {
    "cell_seconds": 2, "visible_seconds": 9, "question_seconds": 2, "total_seconds": 25, "cpu_seconds": 10,
    "memory_bytes": 700_000_000, "tmpfs_bytes": 64_000_000, "file_bytes": 48_000_000, "output_bytes": 1_000_000,
}  # fmt: skip
SLOW = [attack for attack in vars(slow).values() if isinstance(attack, Attack)]


@dataclass(frozen=True)
class Class:
    """Who is in a class, and what the instructor of it has set; an empty `limits` leaves what is usual."""

    kept_as: str
    honest: int
    hostile: list[Attack]
    limits: Mapping[str, float]


CLASSES = {
    "mixed": Class("mixed_class", 160, [ATTACKS[place * len(ATTACKS) // 40] for place in range(40)], LIMITS),
    "slow": Class("slow_class", 30 - len(SLOW), SLOW, {}),
}


def graded(course: Course) -> tuple[Outcome, dict[str, Any]]:
    """One run, and the submissions of its report by student."""
    outcome = supervise(grade_command(course, "--workers", str(WORKERS)), timeout=3600)
    if outcome.status != 0:
        raise SystemExit(f"gradus grade ended with {outcome.status}:\n{outcome.output[-4000:]}")
    report = json.loads((course.root / "marks.json").read_text(encoding="utf-8"))
    return outcome, {one["student"]: one for one in report["submissions"]}


def hand_in_hostile(course: Course, loot: Path, chosen: list[Attack]) -> list[str]:
    """Give the names in the report."""
    released = read(course.released_notebook("ps4"))
    targets = Targets(loot, (course.root, ROOT), course.submitted_notebook("student000", "ps4"), 9, "nobody")
    for attack in chosen:
        attack.write(course.submitted, released, targets)
    return [as_reported(attack.student) for attack in chosen]


def bytes_left(course: Course, student: str) -> int:
    """What a run keeps of one submission for people to look at: the notebook and its feedback."""
    folders = [top / student for top in (course.root / "autograded", course.root / "feedback")]
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def measure(chosen: Class) -> int:
    with tempfile.TemporaryDirectory(prefix="gradus-mixed-") as folder:
        alone, mixed = Course(Path(folder) / "alone"), Course(Path(folder) / "mixed")
        for course in (alone, mixed):
            set_limits(course, chosen.limits)
            make_class(course.submitted, chosen.honest)
        hostile = hand_in_hostile(mixed, Path(folder), chosen.hostile)
        calm, before = graded(alone)
        print(f"{chosen.honest} honest submissions alone: {calm.seconds:.1f} s", flush=True)
        disturbed, after = graded(mixed)
        print(f"the same with {len(hostile)} hostile ones: {disturbed.seconds:.1f} s", flush=True)
        left = {name: bytes_left(mixed, name) for name in after}
    differing = [name for name in before if before[name]["marks"] != after[name]["marks"]]
    missing = [name for name in (*before, *hostile) if name not in after]
    total = chosen.limits.get("total_seconds", Limits().total_seconds)
    allowed = calm.seconds + len(hostile) * total / WORKERS
    result = {
        "cores": available_cores(),
        "honest": chosen.honest,
        "hostile": len(hostile),
        "seconds alone": calm.seconds,
        "seconds with the hostile": disturbed.seconds,
        "seconds that the limits allow": allowed,
        "most memory, MB": {
            "alone": calm.most_memory / 1e6,
            "with the hostile": disturbed.most_memory / 1e6,
        },
        "most bytes left": {
            "by an honest one": max(left[name] for name in before),
            "by a hostile one": max(left[name] for name in hostile if name in left),
        },
        "honest students whose marks differ": differing,
        "submissions without a result": missing,
        "processes left": calm.left + disturbed.left,
        "hostile ones with a stated problem": sum(bool(after[name]["problems"]) for name in hostile),
        "limits": dict(chosen.limits),
    }
    keep(chosen.kept_as, result)
    print(json.dumps({name: value for name, value in result.items() if name != "limits"}, indent=1))
    return 1 if differing or missing or result["processes left"] or disturbed.seconds > allowed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Grade honest students with and without hostile submissions.")
    parser.add_argument("--only", choices=CLASSES, help="one of the two classes")
    options = parser.parse_args()
    return max(measure(one) for name, one in CLASSES.items() if options.only in (None, name))


if __name__ == "__main__":
    raise SystemExit(main())
