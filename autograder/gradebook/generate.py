"""nbgrader's converter from sources to student notebooks, run in this process."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbgrader.converters.base
import nbgrader.utils
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.patterns import take_as_it_stands
from autograder.gradebook.settings import set_options


class StageError(Exception):
    """A converter gave up; the message is what made it."""


class _RemembersItsFailure:
    """nbgrader logs an exception, of the database too, and forgets it; this keeps it."""

    failure: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)  # type: ignore[misc]
        except Exception as error:
            self.failure = error
            raise

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        try:
            super().init_assignment(assignment_id, student_id)  # type: ignore[misc]
        except Exception as error:
            self.failure = error
            raise


class _Generate(_RemembersItsFailure, GenerateAssignment):
    pass


def generate(course: Course, problem_set: str, gradebook_url: str | None = None) -> str:
    """The student notebook made from a problem set's source, as text; recorded in the gradebook when one is given.

    Works in a scratch folder: no course is needed, and nothing in `exercises` is touched.

    Raises:
        StageError: nbgrader or the lint refused; the message has a line for each finding.
    """
    with tempfile.TemporaryDirectory(prefix="gradus-release-") as scratch:
        source = Path(scratch) / "source" / problem_set / f"{problem_set}.ipynb"
        source.parent.mkdir(parents=True)
        shutil.copyfile(course.source_notebook(problem_set), source)
        take_as_it_stands(Path(scratch), nbgrader.converters.base, nbgrader.utils)
        config = set_options(Config(), Course(Path(scratch), Path(scratch) / "source", Path(scratch) / "release"))
        if gradebook_url is None:
            config.SaveCells.enabled = False
            config.GenerateAssignment.no_database = True
        else:
            config.CourseDirectory.db_url = gradebook_url
        _start(_Generate, CourseDirectory(config=config, assignment_id=problem_set), config)
        return (Path(scratch) / "release" / problem_set / source.name).read_text(encoding="utf-8")


def _start(stage: type[Any], folder: CourseDirectory, config: Config) -> None:
    converter = stage(coursedir=folder, config=config)
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        raise StageError(str(converter.failure or error)) from converter.failure or error
