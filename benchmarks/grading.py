"""The same class through stock `nbgrader autograde` and through `gradus grade`, in one run on one machine.

    python benchmarks/grading.py                  # 100 submissions through ours, 40 through stock nbgrader
    python benchmarks/grading.py --students 20 --stock 6

The class: right and wrong answers of the sample class, each notebook different in a comment. Before the clock starts
both have the problem set in their gradebook: stock by `generate_assignment`, ours by grading one submission. Stock
nbgrader runs one half of its share before ours and the other after it. Rates are submissions per minute of the whole
command, start-up included, and beside it without start-up. Marks are compared question by question. Neither writes
feedback pages. Results go to `benchmarks/results/grading.json`, and a line to the history beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from history import keep  # noqa: E402

from autograder.assignment.jobs import Assignment, load_assignment, reference_job  # noqa: E402
from autograder.assignment.regions import SOLUTION  # noqa: E402
from autograder.course import Course  # noqa: E402
from autograder.engine.sandbox import Worker, preload_for  # noqa: E402
from autograder.records.execution import Job, Limits  # noqa: E402
from autograder.sample_class import make_sample_class  # noqa: E402
from gradus.cores import available_cores  # noqa: E402
from gradus.notebook.form import read, source_of, write  # noqa: E402

PROBLEM_SET = "ps4"
SEED = 20261121
HONEST = ("amara", "bojan", "chidi", "dalia", "emre", "fatou", "goran", "hana")
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}",
    "OMP_WAIT_POLICY": "PASSIVE",
}
STOCK_CONFIG = "c = get_config()\nc.CourseDirectory.root = {root!r}\nc.ExecutePreprocessor.timeout = 60\n"


def make_class(folder: Path, students: int) -> None:
    """Hand in `students` notebooks below `folder`: the honest ones of the sample class, again and again."""
    with tempfile.TemporaryDirectory() as scratch:
        make_sample_class(Course(folder.parent).released_notebook(PROBLEM_SET), Path(scratch))
        originals = [read(Path(scratch) / name / PROBLEM_SET / f"{PROBLEM_SET}.ipynb") for name in HONEST]
    for number in range(students):
        notebook = json.loads(json.dumps(originals[number % len(originals)]))
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
                cell["source"] = source_of(cell) + f"\n\n# student {number}\n"
        path = folder / f"student{number:03}" / PROBLEM_SET / f"{PROBLEM_SET}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")


def make_stock_course(course: Path, assignment: Assignment) -> None:
    """A course as nbgrader's own documentation sets it up; its hidden tests ask our questions in the kernel."""
    facts = course / "facts.json"
    source = read(assignment.source_path)
    solution = [cell for cell in source["cells"] if cell["cell_type"] == "code" and not _nbgrader(cell).get("grade")][
        1:
    ]  # the first cell installs what is missing
    tests = {question.name: question.test for question in assignment.questions}
    visible = {}
    for cell in source["cells"]:
        name = _nbgrader(cell).get("grade_id", "")
        if name in tests:
            visible[name] = source_of(cell).partition("### BEGIN HIDDEN TESTS")[0]
            call = f"from in_kernel import share\nshare({str(facts)!r}, {name!r}, globals())"
            cell["source"] = f"### BEGIN HIDDEN TESTS\n{call}\n### END HIDDEN TESTS"
    write(course / "source" / PROBLEM_SET / f"{PROBLEM_SET}.ipynb", source)
    text = "\n\n".join(_without_markers(source_of(cell)) for cell in solution)
    known = {"seed": SEED, "solution": text, "visible": visible, "tests": tests, "points": dict(assignment.points)}
    facts.write_text(json.dumps(known), encoding="utf-8")
    (course / "nbgrader_config.py").write_text(STOCK_CONFIG.format(root=str(course)), encoding="utf-8")


def _nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    return cell["metadata"].get("nbgrader", {})


def _without_markers(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if f" {SOLUTION}" not in line)


def timed(command: list[str], cwd: Path) -> float:
    """Run a command to its end and give its wall time in seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return seconds


def stock_marks(course: Path) -> dict[str, dict[str, float]]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student_id: {grade.name: grade.auto_score or 0.0 for grade in submission.notebooks[0].grades}
            for submission in gradebook.assignment_submissions(PROBLEM_SET)
        }


def floor(assignment: Assignment) -> dict[str, float]:
    """Milliseconds that the solution's own cells and questions take in a warm process, median of nine runs."""
    job: Job = reference_job(assignment, SEED)
    runs = []
    modules = preload_for(source_of(cell) for cell in read(assignment.source_path)["cells"])
    with Worker(preload=modules) as worker:
        for _ in range(9):
            execution = worker.run(job, Limits())
            cells = sum(cell.seconds for cell in execution.cells)
            questions = sum(question.seconds for question in execution.questions)
            runs.append((cells, questions, execution.seconds["total"]))
    cells, questions, total = (1000 * statistics.median(column) for column in zip(*runs, strict=True))
    return {"visible cells": cells, "questions": questions, "whole run": total}


def main() -> int:
    parser = argparse.ArgumentParser(description="Time stock nbgrader and gradus on the same class.")
    parser.add_argument("--students", type=int, default=100, help="submissions through ours")
    parser.add_argument("--stock", type=int, default=40, help="of these, submissions through stock nbgrader")
    parser.add_argument("--workers", type=int, default=0, help="0: one for each core")
    options = parser.parse_args()
    cores = available_cores()
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as scratch:
        ours, stock = Path(scratch) / "ours", Path(scratch) / "stock"
        make_class(ours / "submitted", options.students)
        assignment = load_assignment(Course(ours), PROBLEM_SET)
        stock.mkdir()
        make_stock_course(stock, assignment)
        nbgrader = [sys.executable, "-m", "nbgrader"]
        timed([*nbgrader, "generate_assignment", PROBLEM_SET], stock)

        names = sorted(path.name for path in (ours / "submitted").iterdir())[: options.stock]
        stock_seconds = []

        def run_stock(part: list[str]) -> None:
            shutil.rmtree(stock / "submitted", ignore_errors=True)
            for name in part:
                shutil.copytree(ours / "submitted" / name, stock / "submitted" / name)
            stock_seconds.append(timed([*nbgrader, "autograde", PROBLEM_SET], stock))
            print(f"stock nbgrader: {len(part)} submissions in {stock_seconds[-1]:.1f} s", flush=True)

        run_stock(names[: len(names) // 2])
        gradus = [sys.executable, "-c", "from gradus.cli import main; main()", "grade", PROBLEM_SET]
        gradus += ["--seed", str(SEED), "--no-feedback", "--fresh"]
        class_of_ours = ["--course", str(ours), "--json", str(ours / "marks.json")]
        single = Path(scratch) / "single"
        shutil.copytree(ours / "submitted" / names[0], single / "submitted" / names[0])
        whole_class = (ours / "submitted").rename(ours / "waiting")
        shutil.copytree(single / "submitted", ours / "submitted")
        timed([*gradus, *class_of_ours], ROOT)
        shutil.rmtree(ours / "submitted")
        whole_class.rename(ours / "submitted")
        ours_seconds = {}
        for label, workers in (("1 worker", 1), (f"{options.workers or cores} workers", options.workers)):
            ours_seconds[label] = timed([*gradus, *class_of_ours, "--workers", str(workers)], ROOT)
            print(f"gradus, {label}: {options.students} submissions in {ours_seconds[label]:.1f} s", flush=True)
        run_stock(names[len(names) // 2 :])

        # Start-up: the whole command for a class of one.
        timed([*gradus, "--course", str(single)], ROOT)
        start_up = timed([*gradus, "--course", str(single)], ROOT)
        report = json.loads((ours / "marks.json").read_text(encoding="utf-8"))
        marks = {s["student"]: s["marks"] for s in report["submissions"]}
        theirs = stock_marks(stock)
        differing = [
            f"{name} {question}: stock {theirs[name][question]}, gradus {marks[name][question]}"
            for name in names
            for question in assignment.points
            if abs(theirs[name][question] - marks[name][question]) > 1e-9
        ]
        split = {
            phase: round(1000 * statistics.median(s["seconds"][phase] for s in report["submissions"]), 1)
            for phase in report["submissions"][0].get("seconds", {})
        }

    stock_rate = 60 * len(names) / sum(stock_seconds)
    result: dict[str, Any] = {
        "machine": {"cores": cores, "python": platform.python_version()},
        "stock": {"submissions": len(names), "seconds": stock_seconds, "per_minute": stock_rate},
        "gradus": {},
        "marks": {"questions compared": len(names) * len(assignment.points), "differing": differing},
        "milliseconds per submission, by phase": split,
        "floor, milliseconds": floor(assignment),
    }
    for label, seconds in ours_seconds.items():
        rate = 60 * options.students / seconds
        warm_rate = 60 * (options.students - 1) / max(seconds - start_up, 1e-9)
        result["gradus"][label] = {
            "submissions": options.students, "seconds": seconds, "per_minute": rate, "ratio": rate / stock_rate,
            "start_up_seconds": start_up, "ratio without start-up": warm_rate / stock_rate,
        }  # fmt: skip
        print(f"{label}: {rate:.0f} per minute against {stock_rate:.1f}: {rate / stock_rate:.1f} times as fast")
    compared = result["marks"]["questions compared"]
    print(f"marks: {compared - len(differing)} of {compared} equal; {'; '.join(differing[:5])}")
    print(f"per submission, ms: {split}; floor, ms: {result['floor, milliseconds']}")
    keep("grading", result)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
