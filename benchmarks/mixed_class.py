"""A class of 200 of which 40 are hostile or broken, beside its 160 honest students alone.

    python benchmarks/mixed_class.py

Compared are the marks of the 160, the time of both runs with what the stated limits allow the 40 to cost, and the
memory of the grader with everything below it (pages shared by several processes are counted once). Results go to
`benchmarks/results/mixed_class.json`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "adversarial"), str(ROOT / "benchmarks"), str(ROOT)]

from attacks import ATTACKS, Targets  # noqa: E402
from grading import make_class  # noqa: E402
from history import keep  # noqa: E402
from hostile_class import LIMITS, grade_command, set_limits  # noqa: E402
from supervised import Outcome, supervise  # noqa: E402

from autograder.course import Course  # noqa: E402
from gradus.cores import available_cores  # noqa: E402
from gradus.notebook.form import read  # noqa: E402

HONEST, HOSTILE, WORKERS = 160, 40, 2


def graded(course: Course) -> tuple[Outcome, dict[str, Any]]:
    """One run, and the submissions of its report by student."""
    outcome = supervise(grade_command(course, "--workers", str(WORKERS), "--no-feedback"), timeout=3600)
    if outcome.status != 0:
        raise SystemExit(f"gradus grade ended with {outcome.status}:\n{outcome.output[-4000:]}")
    report = json.loads((course.root / "marks.json").read_text(encoding="utf-8"))
    return outcome, {one["student"]: one for one in report["submissions"]}


def hand_in_hostile(course: Course, loot: Path) -> list[str]:
    """Forty attacks, taken evenly from all of the catalogue's rows; gives the names in the report."""
    released = read(course.released_notebook("ps4"))
    targets = Targets(loot, (course.root, ROOT), course.submitted_notebook("student000", "ps4"), 9, "nobody")
    chosen = [ATTACKS[place * len(ATTACKS) // HOSTILE] for place in range(HOSTILE)]
    for attack in chosen:
        attack.write(course.submitted, released, targets)
    return [attack.student.encode("utf-8", "replace").decode() for attack in chosen]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="gradus-mixed-") as folder:
        alone, mixed = Course(Path(folder) / "alone"), Course(Path(folder) / "mixed")
        for course in (alone, mixed):
            set_limits(course, LIMITS)
            make_class(course.submitted, HONEST)
        hostile = hand_in_hostile(mixed, Path(folder))
        calm, before = graded(alone)
        print(f"{HONEST} honest submissions alone: {calm.seconds:.1f} s", flush=True)
        disturbed, after = graded(mixed)
        print(f"the same with {HOSTILE} hostile ones: {disturbed.seconds:.1f} s", flush=True)
    differing = [name for name in before if before[name]["marks"] != after[name]["marks"]]
    missing = [name for name in (*before, *hostile) if name not in after]
    allowed = calm.seconds + HOSTILE * LIMITS["total_seconds"] / WORKERS
    result = {
        "cores": available_cores(),
        "honest": HONEST,
        "hostile": HOSTILE,
        "seconds alone": calm.seconds,
        "seconds with the hostile": disturbed.seconds,
        "seconds that the limits allow": allowed,
        "most memory, MB": {
            "alone": calm.most_memory / 1e6,
            "with the hostile": disturbed.most_memory / 1e6,
        },
        "honest students whose marks differ": differing,
        "submissions without a result": missing,
        "processes left": calm.left + disturbed.left,
        "hostile ones with a stated problem": sum(bool(after[name]["problems"]) for name in hostile),
        "limits": LIMITS,
    }
    keep("mixed_class", result)
    print(json.dumps({name: value for name, value in result.items() if name != "limits"}, indent=1))
    return 1 if differing or missing or result["processes left"] or disturbed.seconds > allowed else 0


if __name__ == "__main__":
    raise SystemExit(main())
