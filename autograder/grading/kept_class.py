"""A class as its last run left it: what is on the disk, read again. Nothing is run and nothing written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace

from autograder.course import Course
from autograder.grading.results import Results
from autograder.records.graded import Graded, graded_from
from autograder.submissions.folders import find_submissions
from gradus.errors import GradusError
from gradus.notebook.cells import label_of

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class KeptSubmission:
    """What is kept of one submission, its notebook aside: of that `code`, the code cells by nbgrader's name.

    Cells without such a name are the student's own, and are named by their place: "#3".
    """

    student: str
    graded: Graded
    code: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class KeptClass:
    """`missing` are students who handed in, and of whom nothing is kept: the next run grades them. `obstacles` says of
    those whom no run grades why that is so.
    """

    problem_set: str
    submissions: list[KeptSubmission]
    missing: list[str]
    obstacles: dict[str, str] = field(default_factory=dict)


def kept_class(course: Course, problem_set: str) -> KeptClass:
    """The results of the last run of a problem set.

    They may be of other versions than those that would grade now: what is told of a class is what it was told.

    Raises:
        GradusError: there is no such problem set, nothing was handed in, or nothing was graded yet.
    """
    course.require(problem_set)
    results = Results(course, problem_set)
    kept, missing, obstacles = [], [], {}
    for submission in find_submissions(course, problem_set):
        if submission.obstacle:
            obstacles[submission.student] = submission.obstacle
            continue
        found = _kept(course, problem_set, submission.student, results)
        if found is None:
            missing.append(submission.student)
        else:
            kept.append(found)
    if not kept:
        raise GradusError(f"{problem_set} was not graded in {course.root} yet: run `gradus grade {problem_set}`.")
    return KeptClass(problem_set, kept, missing, obstacles)


def _kept(course: Course, problem_set: str, student: str, results: Results) -> KeptSubmission | None:
    """What the graded notebook of a student names as its result."""
    try:
        notebook = json.loads(course.autograded_notebook(student, problem_set).read_bytes())
        key = notebook["metadata"]["gradus"]["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        return None
    found = results.find("graded", key)
    graded = None if found is None else graded_from(found, key)
    if graded is None:
        return None
    cells = [cell for cell in graded.notebook["cells"] if cell["cell_type"] == "code"]
    code = {label_of(cell) or f"#{place}": cell["source"] for place, cell in enumerate(cells)}
    return KeptSubmission(student, replace(graded, notebook={}), code)
