"""What nbgrader reads by itself of the folders of a course, read as we read it.

Whatever lies in a submission's folder, its list of submissions, its command and its copies go on; and a course folder
may have a name with characters that mean something in its search patterns. These are functions of nbgrader's that are
replaced, because it has no option for them.
"""

from __future__ import annotations

import logging
import shutil
from datetime import datetime
from pathlib import Path

import nbgrader.apps.api
import nbgrader.converters.base
import nbgrader.utils
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.patterns import take_as_it_stands
from autograder.gradebook.settings import course_zone
from autograder.nbgrader_bridge.exporters import course_of
from autograder.submissions.attempts import submitted_folder
from autograder.submissions.students import student_of
from autograder.submissions.timestamps import TIMESTAMP, timestamp_in

_log = logging.getLogger("traitlets")  # nbgrader's own
_copy_all = BaseConverter.init_assignment


def read_as_we_do(course: Course) -> None:
    """Let nbgrader read times and folders as this grader does, in this process and for `course`."""
    CourseDirectory.get_existing_timestamp = lambda self, folder: _when(folder, self.config)
    NbGraderAPI.get_submitted_timestamp = _submitted
    BaseConverter.init_assignment = _copy
    take_as_it_stands(course.root, nbgrader.apps.api, nbgrader.converters.base, nbgrader.utils)


def _submitted(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    return _when(str(submitted_folder(course_of(self.coursedir), assignment_id, student_of(student_id))), self.config)


def _when(folder: str, config: Config) -> datetime | None:
    stamp = timestamp_in(folder, course_zone(config))
    if stamp.doubt:
        _log.warning("%s: %s", folder, stamp.doubt)
    return stamp.when


def _copy(self: BaseConverter, assignment_id: str, student_id: str) -> None:
    """Of a submission only its time is copied: links, pipes and modules that lie beside the notebook are not."""
    if not isinstance(self, Autograde):
        _copy_all(self, assignment_id, student_id)
        return
    submitted, graded = self._format_source(assignment_id, student_id), self._format_dest(assignment_id, student_id)
    if timestamp_in(submitted, course_zone(self.config)).when is not None:
        Path(graded).mkdir(parents=True, exist_ok=True)
        (Path(graded) / TIMESTAMP).unlink(missing_ok=True)
        shutil.copy(Path(submitted) / TIMESTAMP, graded)
