"""One grading run: every submission of a problem set gets exactly one result, whatever it holds.

This module imports nothing heavy: what submissions are forked from starts first, which takes seconds, and all that
reads, judges and records them is imported meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from autograder.course import Course
from autograder.engine.sandbox import SandboxError, WarmProcess
from autograder.gradebook.settings import store_of
from autograder.grading.run_options import RunOptions

if TYPE_CHECKING:
    from autograder.grading.class_run import Progress
    from autograder.records.report import Report

__all__ = ["RunOptions", "grade"]

_USUAL = RunOptions()


def grade(course: Course, problem_set: str, options: RunOptions = _USUAL, progress: Progress | None = None) -> Report:
    """Grade all submissions for a problem set, write their feedback, and report.

    A submission whose result is on disk, under everything that its marks depend on, is not run again. So a run that
    died is gone on with by starting it again, and one that is done is repeated cheaply. A run that gave every
    submission its result removes the results of earlier runs that it did not use.

    Args:
        progress: called with a student's name, the submissions done and those in all.

    Raises:
        GradusError: the run cannot be done: no such problem set, no submissions, stale release, a solution that fails,
            no sandbox, a full disk, another run. What was graded until then is kept.
    """
    course.require(problem_set)
    if not course.submitted.is_dir():
        from autograder.submissions.folders import find_submissions

        find_submissions(course, problem_set)  # raises: it says where they belong
    with course.grading() as notes:
        store_of(course).require_sound()
        with begun(options.sandbox, here=options.scheduler is None) as warm:
            from autograder.grading.run import graded_class

            report = graded_class(course, problem_set, options, progress or (lambda *_: None), warm)
        return replace(report, notes=[*notes, *report.notes])


@contextmanager
def begun(sandbox: bool, here: bool = True) -> Iterator[WarmProcess]:
    """A warm process that begins to start, unless nothing will run `here`. When this is left, it has gone."""
    warm = WarmProcess(unsafe_no_sandbox=not sandbox)
    try:
        if here:
            with suppress(SandboxError):  # who needs it is told why it cannot start
                warm.begin()
        yield warm
    finally:
        warm.close()
