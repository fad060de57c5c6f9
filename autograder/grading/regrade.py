"""Regrading with a difference: after a change of a problem set, whose mark moves, from what to what, and why.

Nothing is written unless that is asked for. This module imports nothing heavy, as `autograder.grading.grade`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from autograder.course import Course
from autograder.gradebook.settings import store_of
from autograder.grading.grade import begun
from autograder.grading.run_options import RegradeOptions, RunOptions
from gradus.errors import GradusError

if TYPE_CHECKING:
    from autograder.grading.class_run import Progress
    from autograder.records.plan import Plan

__all__ = ["RegradeOptions", "regrade"]


def regrade(course: Course, problem_set: str, options: RegradeOptions, progress: Progress | None = None) -> Plan:
    """Find out what a changed problem set changes, and write it if that is asked for.

    The marks and points of a class are written in one step, or not at all: an interrupted regrade is begun again.

    Args:
        progress: called with a student's name, the submissions done and those in all.

    Raises:
        GradusError: it cannot be done: nothing was graded yet, stale release, a solution that fails, no sandbox, no
            such student or question; or it cannot be accepted as it is. The gradebook is as it was then.
    """
    course.require(problem_set)
    if not ((course.results / problem_set / "run.json").is_file() and store_of(course).is_there()):
        raise GradusError(f"{problem_set} was not graded in {course.root} yet: run `gradus grade {problem_set}`.")
    if options.accept and options.students:
        raise GradusError("A student alone is only tried: without --student the whole class can be accepted.")
    progress = progress or (lambda *_: None)
    held: AbstractContextManager[list[str]] = course.grading() if options.accept else nullcontext([])
    with held as notes:
        if options.accept:
            store_of(course).require_sound()
        with begun(options.sandbox) as warm:
            from autograder.grading.regrade_class import regraded_class

            plan = regraded_class(course, problem_set, options, progress, warm)
        if options.accept:
            from autograder.grading.run import graded_class

            usual = RunOptions(workers=options.workers, feedback=options.feedback, sandbox=options.sandbox)
            with begun(options.sandbox) as warm:
                report = graded_class(course, problem_set, usual, progress, warm, without=plan.failures)
            plan = replace(plan, notes=[*plan.notes, *report.notes])
        return replace(plan, notes=[*notes, *plan.notes])
