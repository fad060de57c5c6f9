"""One hidden test of ps4 is changed after a class was graded: how long `gradus regrade` takes, beside grading again.

    python benchmarks/regrade.py                  # 1,000 submissions
    python benchmarks/regrade.py --students 200 --question test_accuracy_gap

The class: right and wrong answers of the sample class, each notebook different in a comment. It is graded from nothing;
then one more case is put into a hidden test, and the plan of a regrade is made, of which nothing is written. Then the
points of the question are changed as well, for which nothing is run. Then all is accepted, and the class is graded from
nothing once more, to the same marks. Seconds are those of whole commands, without feedback pages. Results go to
`benchmarks/results/regrade.json`, and a line to the history beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grading import PROBLEM_SET, SEED, make_class, timed  # noqa: E402
from history import keep  # noqa: E402

from autograder.authoring.release import make_releases  # noqa: E402
from autograder.course import Course  # noqa: E402
from autograder.gradebook.gradebook import all_marks  # noqa: E402
from gradus.cores import available_cores  # noqa: E402
from gradus.notebook.cells import label_of  # noqa: E402
from gradus.notebook.form import read, source_of, write  # noqa: E402

END = "### END HIDDEN TESTS"
START = """from pathlib import Path
import autograder.cli
from autograder.course import Course
autograder.cli._course = lambda _: Course(*map(Path, {folders}))
from gradus.cli import main
main()"""


def command(course: Course, *arguments: str) -> list[str]:
    """A command of `gradus` on a course whose problem sets lie elsewhere than usual."""
    start = START.format(folders=[str(course.root), str(course.solutions), str(course.exercises)])
    return [sys.executable, "-c", start, *arguments, "--course", str(course.root)]


def change(course: Course, question: str, more: str = "", points: float | None = None) -> None:
    """Put a line into a hidden test, or give a question other points, and release that."""
    path = course.source_notebook(PROBLEM_SET)
    source = read(path)
    (cell,) = [cell for cell in source["cells"] if label_of(cell) == question]
    cell["source"] = source_of(cell).replace(END, f"{more}\n{END}") if more else source_of(cell)
    if points is not None:
        cell["metadata"]["nbgrader"]["points"] = points
    write(path, source)
    make_releases(course, [PROBLEM_SET])[0].write()


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    parser = argparse.ArgumentParser(description="Time a regrade after one question was changed.")
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--question", default="test_softmax")
    parser.add_argument("--more", default="answer(softmax, cases.tensors(2, 3, n=1)[0] - 2.0, **single)")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as scratch:
        course = Course(Path(scratch) / "course", Path(scratch) / "solutions", Path(scratch) / "exercises")
        shutil.copytree(ROOT / "solutions" / PROBLEM_SET, course.solutions / PROBLEM_SET)
        shutil.copytree(ROOT / "exercises" / PROBLEM_SET, course.exercises / PROBLEM_SET)
        make_class(course.submitted, options.students)
        plan_file = Path(scratch) / "plan.json"
        usual = (PROBLEM_SET, "--no-feedback")
        regrade = command(course, "regrade", *usual, "--json", str(plan_file))
        seconds: dict[str, float] = {}
        plans: dict[str, dict[str, Any]] = {}

        def measure(name: str, what: list[str]) -> None:
            seconds[name] = timed(what, ROOT)
            if plan_file.is_file():
                plans[name] = json.loads(plan_file.read_text(encoding="utf-8"))
                plan_file.unlink()
            print(f"{name}: {seconds[name]:.1f} s {plans.get(name, {}).get('ran', '')}", flush=True)

        measure("grade from nothing", command(course, "grade", *usual, "--seed", str(SEED)))
        kept = {kind: size(course.results / PROBLEM_SET / kind) for kind in ("graded", "runs")}
        change(course, options.question, options.more)
        measure("plan, one hidden test", regrade)
        measure("accept, one hidden test", [*regrade, "--accept-falls"])
        change(course, options.question, points=20)
        measure("plan, other points", regrade)
        measure("accept, other points", [*regrade, "--accept-falls"])
        regraded = all_marks(course, PROBLEM_SET)
        shutil.rmtree(course.results)
        measure("grade again", command(course, "grade", *usual, "--seed", str(SEED)))
        again = all_marks(course, PROBLEM_SET)
    equal = sum(marks == again[student] for student, marks in regraded.items())
    ratio = seconds["grade again"] / seconds["plan, one hidden test"]
    print(f"a plan takes 1/{ratio:.1f} of grading again; {equal} of {options.students} students have the same marks")
    print(f"bytes kept for a submission: { ({kind: each // options.students for kind, each in kept.items()}) }")
    keep(
        "regrade",
        {
            "machine": {"cores": available_cores(), "python": platform.python_version(), "load before": load},
            "submissions": options.students,
            "question": options.question,
            "seconds": seconds,
            "ratio": ratio,
            "ran": {name: plan["ran"] for name, plan in plans.items()},
            "same marks": equal,
            "bytes kept for each submission": {kind: each / options.students for kind, each in kept.items()},
        },
    )
    return 0 if equal == options.students else 1


if __name__ == "__main__":
    sys.exit(main())
