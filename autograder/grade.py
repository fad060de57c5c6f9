"""One grading run: every submission of a problem set gets exactly one result, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.course import Course
from autograder.gradebook import Question, marks, questions, record_nothing_earned, register
from autograder.record import fingerprint, read_record
from autograder.release import require
from autograder.report import Report, Result
from autograder.settings import cell_seconds
from autograder.stages import StageError, autograde, feedback, log_to
from autograder.submissions import Submission, find_submissions

Progress = Callable[[str, int, int], Any]


def grade(course: Course, problem_set: str, *, fresh: bool = False, progress: Progress | None = None) -> Report:
    """Grade all submissions for a problem set, write their feedback, and report.

    A submission that was graded before and has not changed since, nor its problem set, is not run again.

    Args:
        fresh: run every submission again.
        progress: called with a student's name, the steps done and the steps in all.

    Raises:
        GradusError: the run itself cannot be done: no such problem set, no submissions, stale release, another run.
    """
    tell = progress or (lambda student, done, total: None)
    require(course, problem_set)
    submissions = find_submissions(course, problem_set)
    with course.grading():
        log_to(course.log)
        register(course, problem_set)
        failures: dict[str, str] = {}
        steps = 2 * len(submissions)
        for done, submission in enumerate(submissions):
            tell(submission.student, done, steps)
            try:
                _record_marks(course, problem_set, submission, fresh)
            except StageError as error:
                failures[submission.student] = f"the grader failed, not the submission ({_first_line(error)})"
        for done, submission in enumerate(submissions, len(submissions)):
            tell(submission.student, done, steps)
            try:
                _write_feedback(course, problem_set, submission)
            except StageError as error:
                failures.setdefault(submission.student, f"feedback could not be written ({_first_line(error)})")
        asked = questions(course, problem_set)
        results = [_result(course, problem_set, s, asked, failures.get(s.student)) for s in submissions]
    return Report(problem_set, asked, results, [f"{student}: {why}" for student, why in failures.items()])


def _record_marks(course: Course, problem_set: str, submission: Submission, fresh: bool) -> None:
    if submission.obstacle:
        if submission.recordable:
            record_nothing_earned(course, problem_set, submission.student)
    elif fresh or not _is_graded(course, problem_set, submission.student):
        autograde(course, problem_set, submission.student)


def _is_graded(course: Course, problem_set: str, student: str) -> bool:
    """Whether the marks of this very submission, problem set and grader are in the gradebook already."""
    record = read_record(course.autograded_notebook(student, problem_set))
    if record is None or not record.executed or marks(course, problem_set, student) is None:
        return False
    now = fingerprint(
        course.submitted_notebook(student, problem_set),
        course.released_notebook(problem_set),
        course.source_notebook(problem_set),
        cell_seconds(),
    )
    return record.fingerprint == now


def _write_feedback(course: Course, problem_set: str, submission: Submission) -> None:
    """Write the feedback page unless it is newer than the marks and comments it shows."""
    page = course.feedback_page(submission.student, problem_set)
    graded = course.autograded_notebook(submission.student, problem_set)
    if submission.obstacle or not graded.is_file():
        return
    shown = (graded, course.root / "gradebook.db")
    if not page.is_file() or page.stat().st_mtime < max(path.stat().st_mtime for path in shown):
        feedback(course, problem_set, submission.student)


def _result(
    course: Course, problem_set: str, submission: Submission, asked: list[Question], failure: str | None
) -> Result:
    problems = [failure] if failure else []
    recorded: dict[str, float | None] = {}
    page = course.feedback_page(submission.student, problem_set)
    if submission.obstacle:
        problems.append(submission.obstacle)
    else:
        record = read_record(course.autograded_notebook(submission.student, problem_set))
        problems += record.problems if record else ()
    if submission.recordable:
        recorded = marks(course, problem_set, submission.student) or {}
    by_question = {question.name: recorded.get(question.name, 0.0) for question in asked}
    return Result(
        student=submission.student,
        state="problem" if problems else "graded",
        score=sum(mark or 0.0 for mark in by_question.values()),
        marks=by_question,
        problems=problems,
        feedback=str(page) if page.is_file() and not submission.obstacle else "",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
