"""The two places where notebooks enter nbgrader: a source to be released, and a submission to be graded.

nbgrader makes these exporters whichever way it was started, so what they do holds for `gradus`, for nbgrader's own
commands and for formgrader's buttons.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter

from autograder.authoring.answer_lint import answer_findings
from autograder.authoring.collisions import collisions
from autograder.authoring.lint import refusals
from autograder.course import Course
from autograder.files.writing import remove_all_but
from autograder.grading.session import Session
from autograder.submissions.students import student_of
from autograder.submissions.timestamps import TIMESTAMP
from gradus.errors import GradusError
from gradus.notebook.form import canonical_text, read
from gradus.notebook.frame import KEY, frame_of


class ReleaseExporter(NotebookExporter):
    """Writes a student notebook in the committed form, with its frame, once the lint has nothing to say."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        path = Path(filename)
        text, resources = super().from_filename(filename, resources, **kw)
        released = nbformat.reads(text, as_version=4)
        source = read(path)
        findings = refusals(source, released, path.name)
        findings = findings or answer_findings(source, path.name) + collisions(source, path.name)
        if findings:
            raise GradusError("\n".join(findings))
        released.metadata[KEY] = frame_of(path.stem, released).as_dict()
        return canonical_text(released), resources


class SubmissionExporter(NotebookExporter):
    """Reads whatever was handed in as a notebook that can be graded; nothing that a file holds makes this fail."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        coursedir = self.parent.coursedir  # type: ignore[union-attr]  # the converter that made this exporter
        path = Path(filename)
        submitted = Path(coursedir.root) / coursedir.submitted_directory
        if not path.is_relative_to(submitted):  # the second reading, of what the first one wrote
            return super().from_filename(filename, resources, **kw)

        student, problem_set = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
        course = course_of(coursedir)
        remove_all_but([TIMESTAMP], course.autograded_notebook(student, problem_set).parent)

        with Session.open(course, problem_set) as session:
            found = session.handed_in(student_of(student))
            notebook = session.framed(found)
            notebook.metadata["gradus"]["fingerprint"] = session.content_key(found)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(notebook, resources, **kw)


def course_of(coursedir: Any) -> Course:
    """The course that nbgrader has been set up for."""
    root = Path(coursedir.root)
    return Course(root, root / coursedir.source_directory, root / coursedir.release_directory)
