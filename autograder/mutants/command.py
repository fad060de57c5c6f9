"""`gradus mutants`: examine problem sets in the sandbox, keep what came of it, and show it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course import Course
from autograder.engine.pool import Sandbox
from autograder.misconceptions.variants import answers_of, pages_of
from autograder.mutants.examination import Examined, examine_mutants, subjects
from autograder.mutants.results import FILE, Counted, read_results, write_results
from autograder.records.execution import Job, Limits
from gradus.errors import GradusError
from gradus.notebook.form import read

_LIMITS = Limits(question_seconds=300.0, total_seconds=3600.0, cpu_seconds=1200, answer_bytes=256 << 20)


def examine(
    course: Course, problem_sets: list[str], questions: Collection[str] | None = None, sandbox: bool = True
) -> Iterator[Examined]:
    """What became of the mutants of the problem sets, or of all that have variants, one after the other.

    What came of each question is kept beside its notebook.

    Raises:
        GradusError: there is no such problem set or question, a file is broken, or there is no sandbox.
    """
    if questions is not None and len(problem_sets) != 1:
        raise GradusError(
            "name the one problem set that has the question, as in `gradus mutants ps4 --question softmax`."
        )
    for name in problem_sets:
        course.require(name)
    names = problem_sets or [each for each in course.problem_sets() if pages_of(course.source_notebook(each).parent)]
    for name in names:  # what is broken is said before anything runs
        subjects(course.source_notebook(name).parent, questions)
    engine = Sandbox(_LIMITS, sandbox)

    def run(job: Job) -> dict[str, list[bytes]]:
        return {question.name: question.frames for question in engine.run(job).questions}

    try:
        for name in names:
            folder = course.source_notebook(name).parent
            examined = examine_mutants(folder, run, questions)
            write_results(folder, _with_others(course, examined, questions))
            yield examined
    finally:
        engine.close()


def _with_others(course: Course, examined: Examined, questions: Collection[str] | None) -> dict[str, Counted]:
    """What was counted, in the notebook's order; of questions that were not asked now, what was counted before."""
    path = course.source_notebook(examined.problem_set)
    is_there = questions is not None and (path.parent / FILE).exists()
    counted = (read_results(path.parent) if is_there else {}) | examined.counted
    return {question: counted[question] for question in answers_of(read(path)) if question in counted}


def show(examined: Examined, console: Console) -> int:
    """Print a line for each question, then the findings. Returns how many these are."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(examined.problem_set, no_wrap=True)
    for heading in ("misconceptions", "mutants", "equivalent", "caught"):
        table.add_column(heading, justify="right", no_wrap=True)
    for question, of in examined.counted.items():
        table.add_row(
            question,
            f"{of.misconceptions_caught} / {of.misconceptions}",
            f"{of.mutants_caught} / {of.mutants}",
            str(of.equivalent),
            f"{of.rate:.1%}",
        )
    console.print(table)
    for finding in examined.findings:
        console.print(Text(f"* {finding}"), soft_wrap=True)
    verdict = f"{len(examined.findings)} findings" if examined.findings else "every one is caught"
    console.print(f"{examined.problem_set}: {verdict}.", highlight=False)
    return len(examined.findings)
