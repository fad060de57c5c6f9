"""nbgrader's `autograde` shown every submission that we find, under the name and in the place where it looks.

nbgrader knows `submitted/<student>/psN/psN.ipynb` only: a file of another name would be no submission to it, and a name
in another Unicode form another student. Its converter is told the places that should be; what lies there is read by
our exporter, which looks where the submission really is.
"""

from __future__ import annotations

import fnmatch
import functools
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde

from autograder.nbgrader_bridge.exporters import course_of
from autograder.submissions.attempts import submitted_folder
from autograder.submissions.folders import find_submissions
from autograder.submissions.students import student_of
from gradus.errors import GradusError

_stock_init_notebooks = Autograde.init_notebooks
_stock_format_source = Autograde._format_source
_stock_submitted_students = NbGraderAPI.get_submitted_students


def _init_notebooks(self: Any) -> None:
    """Have every submission that `gradus grade` would grade, of the students that were asked for."""
    problem_set, asked = self.coursedir.assignment_id, student_of(self.coursedir.student_id)
    try:
        found = find_submissions(course_of(self.coursedir), problem_set)
    except GradusError:  # none: nbgrader says so
        found = []
    students = [one.student for one in found if not one.obstacle and fnmatch.fnmatchcase(one.student, asked)]
    if not students:
        _stock_init_notebooks(self)
        return
    folder = functools.partial(self.coursedir.format_path, self._input_directory, assignment_id=problem_set)
    folders = {folder(student_id=student) for student in students}
    self.assignments = {place: [f"{place}/{problem_set}.ipynb"] for place in folders}
    self.notebooks = []


def _format_source(self: Any, assignment_id: str, student_id: str, escape: bool = False) -> str:
    """Where the files of one student are; a pattern that is asked for stays one."""
    stock: str = _stock_format_source(self, assignment_id, student_id, escape)
    if escape or "*" in student_id or "*" in assignment_id:
        return stock
    return str(submitted_folder(course_of(self.coursedir), assignment_id, student_id))


def _submitted_students(self: Any, assignment_id: str) -> set[str]:
    return {student_of(student) for student in _stock_submitted_students(self, assignment_id)}


Autograde.init_notebooks = _init_notebooks
Autograde._format_source = _format_source
NbGraderAPI.get_submitted_students = _submitted_students
