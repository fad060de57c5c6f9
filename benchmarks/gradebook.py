"""Writing marks: a thousand students and eight problem sets, into SQLite and PostgreSQL, and as nbgrader writes them.

    python benchmarks/gradebook.py                  # takes PostgreSQL's server (Debian: postgresql), or leaves it out
    python benchmarks/gradebook.py --students 200

Each problem set is registered, then every student's marks are recorded, in batches as in a grading run. Then the last
problem set again with the same marks, as in a run that has nothing to do, and all of its marks read. nbgrader's way is
what `nbgrader autograde` does a submission: look it up or make it, find each grade, set it, commit; it is measured for
some more students of the gradebook that has all these. Results go to `benchmarks/results/gradebook.json`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks"), str(ROOT)]

from history import keep  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from postgresql_server import Server, keep_in, programs, running  # noqa: E402

from autograder.course import Course  # noqa: E402
from autograder.gradebook.gradebook import Class, opened, questions, register  # noqa: E402
from autograder.gradebook.settings import store_of  # noqa: E402
from autograder.grading.class_run import BATCH  # noqa: E402
from autograder.records.report import GradedCell  # noqa: E402

STOCK = 20  # students whose marks are recorded in nbgrader's way


@contextmanager
def seconds(of: dict[str, float], what: str, times: int = 1) -> Iterator[None]:
    began = time.perf_counter()
    yield
    of[what] = round((time.perf_counter() - began) / times, 4)


def record(course: Course, name: str, students: list[str], asked: list[GradedCell]) -> None:
    given = {one.name: None if one.by_hand else one.points for one in asked}
    with opened(course) as gradebook:
        marks = Class(gradebook, name)
        for number, student in enumerate(students, start=1):
            marks.record(student, given, {}, None)
            if number % BATCH == 0:
                marks.commit()
        marks.commit()


def record_as_nbgrader(course: Course, name: str, students: list[str], asked: list[GradedCell]) -> None:
    for student in students:
        with Gradebook(store_of(course).address) as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(name, student)
        with Gradebook(store_of(course).address) as gradebook:
            for one in asked:
                grade = gradebook.find_grade(one.name, name, name, student)
                grade.auto_score, grade.needs_manual_grade = one.points, one.by_hand
            gradebook.db.commit()


def measured(course: Course, students: list[str]) -> dict[str, float]:
    course.root.mkdir(exist_ok=True)
    found: dict[str, float] = {}
    names = course.problem_sets()
    for name in names:
        asked = questions(course, name)
        with seconds(found, f"register {name}"):
            register(course, name)
        with seconds(found, f"record {name}"):
            record(course, name, students, asked)
    with seconds(found, f"record {name} again"):
        record(course, name, students, asked)
    with seconds(found, "read all marks"), opened(course) as gradebook:
        Class(gradebook, name).marks()
    found["a student"] = round(found[f"record {name}"] / len(students), 4)
    few = [f"other{number:05}" for number in range(STOCK)]
    with seconds(found, "a student as nbgrader", len(few)):
        record_as_nbgrader(course, name, few, asked)
    found["nbgrader's way takes"] = round(found["a student as nbgrader"] / found["a student"], 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the marks of a class into SQLite and PostgreSQL.")
    parser.add_argument("--students", type=int, default=1000)
    students = [f"student{number:05}" for number in range(parser.parse_args().students)]
    results: dict[str, dict[str, float]] = {}
    server: AbstractContextManager[Server | None] = running() if programs() else nullcontext()
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as scratch, server as postgresql:
        results["SQLite"] = measured(Course(Path(scratch) / "file"), students)
        if postgresql is not None:
            course = Course(Path(scratch) / "server")
            course.root.mkdir()
            results["PostgreSQL"] = measured(keep_in(course, postgresql.database("course")), students)
    for kind, figures in results.items():
        print(f"{kind}, {len(students)} students:")
        for what, took in figures.items():
            print(f"  {what:24} {took:8.4f} {'times as long' if what.startswith('nbgrader') else 's'}")
    keep("gradebook", {"students": len(students), **results})


if __name__ == "__main__":
    main()
