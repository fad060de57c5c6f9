"""Run a problem set in this process: as the grader's engine would, but without its walls, and much faster."""

from __future__ import annotations

import functools
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.answers.stream import run_test
from autograder.assignment.jobs import source_job
from autograder.assignment.source import read_source
from autograder.engine.inside.own_names import OwnNames
from autograder.judging.judge import Verdict, judge
from autograder.misconceptions.jobs import asked_instead, substitute
from autograder.records.execution import Job
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 60.0
SEED = 7

Streams = dict[str, list[bytes]]


class TooLong(Exception):  # noqa: N818
    """A cell or a question did not end in its time."""


def source_notebook(name: str) -> Notebook:
    """The problem set with its solutions and hidden tests."""
    return read_source(ROOT / "solutions" / name / f"{name}.ipynb")


def test_cells(notebook: Notebook) -> dict[str, Notebook]:
    """The automatically marked test cells, by grade_id."""
    return {label_of(c): c for c in notebook["cells"] if c["cell_type"] == "code" and _flag(c, "grade")}


test_cells.__test__ = False  # type: ignore[attr-defined]  # not a test itself


def answer_cells(notebook: Notebook) -> dict[str, Notebook]:
    """The cells for the student's code, by grade_id."""
    return {label_of(c): c for c in notebook["cells"] if c["cell_type"] == "code" and _flag(c, "solution")}


def points_of(notebook: Notebook) -> dict[str, float]:
    """What each test cell is worth, by grade_id."""
    return {label: float(cell["metadata"]["nbgrader"]["points"]) for label, cell in test_cells(notebook).items()}


def _flag(cell: Notebook, name: str) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get(name))


def run(code: str, names: dict[str, Any], seconds: float = SECONDS) -> None:
    """Execute a cell's source (magics allowed) in `names`; TooLong when it does not end."""
    with _limit(seconds):
        exec(compile(_plain(code), "<cell>", "exec"), names)


@functools.cache
def _plain(code: str) -> str:
    return TransformerManager().transform_cell(code)


def run_job(job: Job, seconds: float = SECONDS) -> Streams:
    """The frames of each question. A cell that fails stops nothing, and no question sees what another one did."""
    streams, _ = run_and_report(job, seconds)
    return streams


def run_and_report(job: Job, seconds: float = SECONDS) -> tuple[Streams, dict[int, str]]:
    """The frames of each question, and why cells failed, by index."""
    asked = {question.name: question for question in job.questions}
    names: dict[str, Any] = {"__name__": "__main__"}
    streams: Streams = {}
    failed: dict[int, str] = {}
    own_names = OwnNames()
    with redirect_stdout(StringIO()):
        for cell in job.cells:
            try:
                with own_names.kept(names) if cell.question is not None else nullcontext():
                    run(cell.source, names, seconds)
            except Exception as error:
                failed[cell.index] = f"{type(error).__name__}: {error}"
            if cell.question is not None:
                sent = streams[cell.question] = []
                with _limit(seconds), _as_it_was(names):
                    run_test(
                        asked[cell.question].test, names, job.seed, sent.append,
                        question=asked[cell.question].drawn_as, ambient=job.ambient,
                        prelude=asked[cell.question].prelude, of_tests=own_names.of_tests,
                    )  # fmt: skip
    return streams, failed


@contextmanager
def _as_it_was(names: dict[str, Any]) -> Iterator[None]:
    """Undo what a question binds. It is given the namespace itself, where the functions it asks look their names up."""
    before = dict(names)
    try:
        yield
    finally:
        names.clear()
        names.update(before)


class Reference:
    """The solution notebook as the `Run` that `autograder.authoring.reference` takes."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook

    def __call__(self, seed: int, *, ambient: int = 0, before: Mapping[str, str] | None = None) -> Streams:
        return run_job(asked_instead(source_job(self.notebook, seed, ambient), before or {}))


def handed_in(notebook: Notebook, answers: Mapping[str, str]) -> Notebook:
    """The notebook with these sources in its answer cells."""
    for question, source in answers.items():
        notebook = substitute(notebook, question, source)
    return notebook


def verdicts(name: str, answers: Mapping[str, str], seed: int = SEED, seconds: float = SECONDS) -> dict[str, Verdict]:
    """How each test cell marks a submission: the problem set called `name` with these sources in its answer cells."""
    notebook = source_notebook(name)
    points, expected = points_of(notebook), _expected(name, seed)
    received = run_job(source_job(handed_in(notebook, answers), seed), seconds)
    return {test: judge(expected[test], received[test], points[test]) for test in points}


@functools.cache
def _expected(name: str, seed: int) -> Streams:
    return run_job(source_job(source_notebook(name), seed))


def visible_failures(name: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Why the visible lines of each test cell fail for a submission, by grade_id."""
    notebook = source_notebook(name)
    _, failed = run_and_report(source_job(handed_in(notebook, answers), SEED))
    labels = {index: label_of(cell) for index, cell in enumerate(notebook["cells"])}
    return {labels[index]: reason for index, reason in failed.items()}


def solutions(notebook: Notebook) -> dict[str, str]:
    """The reference's answers, by question."""
    return {question: source_of(cell) for question, cell in answer_cells(notebook).items()}


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """TooLong after some seconds, and again and again for whatever catches it."""

    def stop(*_: object) -> None:
        raise TooLong(f"not over after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
