"""`gradus variants`: run every variant of a problem set in the sandbox, and show which question catches which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from autograder.assignment.asked import asked_questions
from autograder.assignment.jobs import source_job
from autograder.assignment.source import read_source
from autograder.authoring.reference import reference_findings
from autograder.course import Course
from autograder.engine.pool import Sandbox
from autograder.misconceptions.jobs import asked_instead, only, test_of
from autograder.misconceptions.kill_matrix import KillMatrix, Row, kill_matrix
from autograder.misconceptions.variants import FOLDER, pages_of, read_variants
from autograder.records.execution import Job, Limits
from gradus.errors import GradusError

_LIMITS = Limits(question_seconds=20.0)


@dataclass(frozen=True)
class Checked:
    """One problem set. `findings` are those of its matrix, then those of its reference."""

    problem_set: str
    matrix: KillMatrix
    findings: list[str]


def examine(
    course: Course, problem_sets: list[str], seed: int, sandbox: bool = True, questions: Collection[str] | None = None
) -> list[Checked]:
    """Run the variants of the problem sets, or of all that have some.

    Args:
        questions: those of one problem set whose variants are wanted; None is all.

    Raises:
        GradusError: there are none, a variant is broken, or there is no sandbox.
    """
    if questions is not None and len(problem_sets) != 1:
        raise GradusError(
            "name the one problem set that has the question, as in `gradus variants ps4 --question softmax`."
        )
    for name in problem_sets:
        course.require(name)
    known = [name for name in course.problem_sets() if pages_of(course.source_notebook(name).parent)]
    names = problem_sets or known
    if not names:
        raise GradusError(f"no problem set in {course.solutions} has {FOLDER}/*.md; write some beside its notebook.")
    for path in map(course.source_notebook, names):  # what is broken is said before anything runs
        read_variants(path.parent, read_source(path), questions)
    engine = Sandbox(_LIMITS, sandbox)
    try:
        return [_checked(course, name, engine, seed, questions) for name in names]
    finally:
        engine.close()


def _checked(course: Course, name: str, engine: Sandbox, seed: int, questions: Collection[str] | None) -> Checked:
    path = course.source_notebook(name)
    notebook = read_source(path)
    tests = {test for question, test in test_of(notebook).items() if questions is None or question in questions}

    def run(job: Job) -> dict[str, list[bytes]]:
        return {question.name: question.frames for question in engine.run(job).questions}

    def run_reference(
        seed: int, *, ambient: int = 0, before: Mapping[str, str] | None = None
    ) -> dict[str, list[bytes]]:
        return run(asked_instead(only(source_job(notebook, seed, ambient), tests), before or {}))

    matrix = kill_matrix(path.parent, run, seed, questions)
    asked = [question for question in asked_questions(notebook) if question.name in tests]
    rules = reference_findings(run_reference, asked, str(path))
    return Checked(name, matrix, [*matrix.findings, *rules])


def show(checked: Checked, console: Console) -> None:
    """Print the matrix: a line for each variant, a column for each question with the share that it earns there."""
    matrix = checked.matrix
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("question", no_wrap=True)
    table.add_column("variant", no_wrap=True)
    for number, _ in enumerate(matrix.questions, 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    table.add_column("caught by answers", no_wrap=True)
    for kind, rows in (("wheat", matrix.wheats), ("chaff", matrix.chaffs)):
        for row in rows:
            shares = [_share(row.shares[question]) for question in matrix.questions]
            variant = Text(f"{kind}: {row.variant.title}")
            table.add_row(Text(row.variant.question), variant, *shares, _answers(row))
    whole = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    console.width = max(whole, console.width)
    console.print(table, crop=False)
    console.print(
        "  ".join(f"{number} {question}" for number, question in enumerate(matrix.questions, 1)), highlight=False
    )
    for finding in checked.findings:
        console.print(Text(f"* {finding}"), soft_wrap=True)
    count = f"{len(matrix.wheats)} wheats, {len(matrix.chaffs)} misconceptions"
    verdict = f"{len(checked.findings)} findings" if checked.findings else "every one is told apart"
    console.print(f"{checked.problem_set}: {count}: {verdict}.", highlight=False)


def as_dict(checked: Checked) -> dict[str, Any]:
    """For `--json`: problem_set, questions, findings, and variants with their shares by question."""
    rows = [("wheat", row) for row in checked.matrix.wheats] + [("misconception", row) for row in checked.matrix.chaffs]
    return {
        "problem_set": checked.problem_set,
        "questions": list(checked.matrix.questions),
        "findings": checked.findings,
        "variants": [
            {
                "kind": kind,
                "question": row.variant.question,
                "name": row.variant.name,
                "shares": row.shares,
                "caught_by": list(row.caught_by),
            }
            for kind, row in rows
        ],
    }


def _share(share: float) -> str:
    return "." if share == 1 else f"{share:.0%}"


def _answers(row: Row) -> str:
    shown = ", ".join(map(str, row.caught_by[:8]))
    return shown + (", …" if len(row.caught_by) > 8 else "")
