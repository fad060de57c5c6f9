"""From notebooks to jobs for the engine: a problem set, its questions, and what of a notebook is to be run.

The visible lines of a test cell run with all other cells. Its hidden region becomes a question, which reaches a
submission's process only when the visible run is over; no notebook that leaves the grader holds it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.assignment.asked import Asked, asked_questions, hidden_source
from autograder.assignment.names import bound_names
from autograder.assignment.regions import HIDDEN, without
from autograder.assignment.source import FILE, read_source, stand_in
from autograder.assignment.tools import with_tools
from autograder.course import Course
from autograder.records.execution import CodeCell, Job, Question
from gradus.errors import GradusError
from gradus.notebook.cells import budget_of, kind_of, label_of
from gradus.notebook.form import Notebook, read, source_of


@dataclass(frozen=True)
class Assignment:
    """A problem set as the grader needs it, loaded once.

    `points` are those of the automatically marked questions. `digest` is a hash of everything that belongs to it.
    """

    name: str
    source_path: Path
    source: Notebook
    released: NotebookNode
    questions: tuple[Question, ...]
    points: Mapping[str, float]
    digest: str

    @functools.cached_property
    def asked(self) -> tuple[Asked, ...]:
        """What each question asks for; found out once for a class."""
        return tuple(asked_questions(self.source))

    @functools.cached_property
    def stubs(self) -> Mapping[str, set[str]]:
        """The names that each released answer cell defines, by its label."""
        return {
            label_of(cell): bound_names(cell["source"]) for cell in self.released.cells if kind_of(cell) == "answer"
        }


def load_assignment(course: Course, problem_set: str) -> Assignment:
    """The problem set of this name.

    Raises:
        GradusError: its source or its released notebook is missing or broken.
    """
    source_path, released_path = course.source_notebook(problem_set), course.released_notebook(problem_set)
    source = read_source(source_path)
    try:
        released = from_dict(read(released_path))
    except GradusError as error:
        raise GradusError(f"{error} Run `gradus release {problem_set}` first.") from None
    for cell in released.cells:
        cell.source = source_of(cell)
    tests = [cell for cell in source["cells"] if kind_of(cell) == "test"]
    digest = hashlib.sha256()
    for path in (
        source_path,
        released_path,
        *sorted(source_path.parent.glob("variants/*.md")),
        *source_path.parent.glob(FILE),
    ):
        digest.update(hashlib.sha256(path.name.encode() + b"\0" + path.read_bytes()).digest())
    return Assignment(
        name=problem_set,
        source_path=source_path,
        source=source,
        released=released,
        questions=tuple(_questions(source)),
        points={label_of(cell): float(cell["metadata"]["nbgrader"]["points"]) for cell in tests},
        digest=digest.hexdigest(),
    )


def job_of(cells: list[Any], assignment: Assignment, seed: int) -> Job:
    """The job of a notebook in the frame of the release: its code cells in order, and every question."""
    names = {question.name for question in assignment.questions}
    code = tuple(
        CodeCell(
            index,
            cell["source"],
            label_of(cell) if label_of(cell) in names else None,
            added=not label_of(cell),
            budget=budget_of(cell),
        )
        for index, cell in enumerate(cells)
        if cell["cell_type"] == "code"
    )
    return Job(code, assignment.questions, seed)


def reference_job(assignment: Assignment, seed: int) -> Job:
    """The job of the solution notebook, whose answers are the expected ones."""
    return source_job(assignment.source, seed)


def source_job(notebook: Notebook, seed: int, ambient: int = 0) -> Job:
    """The run of a source notebook: its solutions, the visible lines of its tests, and their hidden regions.

    A cell with a budget of its own has what it left when it was last run, as far as that is known.
    """
    questions = {question.name: question for question in _questions(notebook)}
    cells = tuple(
        CodeCell(
            index,
            stand_in(notebook, cell) or without(source_of(cell), HIDDEN, "").rstrip("\n"),
            label_of(cell) if label_of(cell) in questions else None,
            budget=budget_of(cell),
        )
        for index, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    )
    return Job(cells, tuple(questions.values()), seed, ambient)


def _questions(notebook: Notebook) -> Iterator[Question]:
    for index, cell in enumerate(notebook["cells"]):
        if kind_of(cell) == "test" and hidden_source(cell).strip():
            yield Question(label_of(cell), with_tools(hidden_source(cell), notebook["cells"][: index + 1]))
