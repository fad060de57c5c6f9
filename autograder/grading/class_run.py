"""The heavy half of a grading run: results into autograded/, the gradebook and feedback, by this thread alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from autograder.engine.pool import Pool, Runner
from autograder.feedback.writer import FeedbackWriter
from autograder.files.writing import remove_all_but, write_whole
from autograder.gradebook.gradebook import Class, opened, questions, register
from autograder.gradebook.settings import course_zone, late_penalties, nbgrader_options
from autograder.grading.content import versions
from autograder.grading.session import Session
from autograder.records.graded import Graded
from autograder.records.report import Report, Result
from autograder.submissions.attempts import submitted_folder
from autograder.submissions.folders import Submission
from autograder.submissions.timestamps import TIMESTAMP, timestamp_in
from gradus.errors import GradusError

if TYPE_CHECKING:
    from traitlets.config import Config

Progress = Callable[[str, int, int], Any]  # a student's name, the submissions done, and those in all
BATCH = 25  # submissions between two commits of the gradebook

_log = logging.getLogger("traitlets")  # nbgrader's own, which goes to the course's log file


class ClassRun:
    """A run from its first submission to the report.

    intake -> execute -> judge -> sanitise -> the result on disk      (the pool's threads, each with a sandbox)
           -> autograded/, gradebook, feedback/                       (this thread)
    """

    def __init__(
        self, session: Session, submissions: list[Submission], with_feedback: bool, progress: Progress
    ) -> None:
        self.course, self.session, self.submissions = session.course, session, submissions
        self.with_feedback = with_feedback
        self.name = session.assignment.name
        self.progress = progress
        self.graded: dict[str, Graded] = {}  # without their notebooks
        self.failures: dict[str, str] = {}
        self.doubts: dict[str, list[str]] = {}  # on when a submission was handed in
        self.done = 0

    def report(self, ready: list[Submission], waiting: list[Submission], pool: Pool[Submission, Graded]) -> Report:
        """Record the submissions that are ready, run and record those that wait."""
        config = nbgrader_options(self.course)
        self.zone = course_zone(config)
        late = late_penalties(self.course, config)
        outcomes = pool.map_unordered(self._grade, waiting)
        notes = register(
            self.course, self.name, self.session.content_digest()
        )  # seconds for a new course; the sandboxes have begun
        with opened(self.course) as gradebook:
            self.marks = Class(gradebook, self.name, late)
            with self._feedback_writer(config) as self.feedback:
                for submission in ready:
                    self._take(submission, lambda submission=submission: self._kept(submission))  # type: ignore[misc]
                for submission, future in outcomes:
                    self._take(submission, future.result)
            self.marks.commit()
            return replace(self._summary(self.marks.marks()), notes=[*notes, *(late.notes() if late else [])])

    def _feedback_writer(self, config: Config) -> AbstractContextManager[FeedbackWriter | None]:
        return FeedbackWriter(self.course, self.name, config) if self.with_feedback else nullcontext()

    def _kept(self, submission: Submission) -> Graded | None:
        return self.session.find(self.session.content_key(self.session.handed_in(submission.student)))

    def _grade(self, submission: Submission, runner: Runner) -> Graded:
        return self.session.grade_submission(submission.student, runner.run)

    def _take(self, submission: Submission, outcome: Callable[[], Graded | None]) -> None:
        """Record what came of one submission. A fault of ours concerns no other one."""
        try:
            if not submission.obstacle:
                self._record(submission.student, outcome())
        except (GradusError, SQLAlchemyError):
            raise
        except Exception as error:
            _log.exception("grading %s", submission.student)
            self.failures[submission.student] = f"the grader failed, not the submission ({first_line(error)})"
        self.done += 1
        self.progress(submission.student, self.done, len(self.submissions))
        if self.done % BATCH == 0:
            self.marks.commit()

    def _record(self, student: str, graded: Graded | None) -> None:
        if graded is None:
            raise FileNotFoundError("its result was taken away while the run was going on")
        stamp = timestamp_in(submitted_folder(self.course, self.name, student), self.zone)
        _write_graded(self.course.autograded_notebook(student, self.name), graded, stamp.content)
        self.marks.record(student, graded.marks, graded.unanswered, stamp.when)
        self.doubts[student] = stamp.doubts(self.marks.due(student))
        self.graded[student] = replace(graded, notebook={})
        if self.feedback is not None:
            marks = self.marks.marks_of(student)
            self.feedback.write(student, graded, marks, self.marks.comments(student), self.marks.late_penalty(student))

    def _summary(self, recorded: dict[str, dict[str, float | None]]) -> Report:
        asked = questions(self.course, self.name)
        results = []
        for submission in self.submissions:
            student, graded = submission.student, self.graded.get(submission.student)
            problems = [text for text in (self.failures.get(student), submission.obstacle) if text]
            problems += graded.problems if graded else []
            problems += self.doubts.get(student, [])
            penalty = self.marks.late_penalty(student) if student in recorded and not submission.obstacle else 0.0
            marks = {} if submission.obstacle else recorded.get(student, {})
            by_question = {question.name: marks.get(question.name, 0.0) for question in asked}
            if student in self.failures:
                by_question = {question.name: marks.get(question.name) for question in asked}
            page = self.course.feedback_page(student, self.name)
            raw = sum(mark or 0.0 for mark in by_question.values())
            when = self.marks.submitted(student)
            results.append(
                Result(
                    student=student,
                    state="problem" if problems else "graded",
                    score=max(0.0, raw - penalty),
                    marks=by_question,
                    problems=problems,
                    feedback=str(page) if graded and page.is_file() else "",
                    raw_score=raw,
                    late_penalty=penalty,
                    submitted=f"{when.isoformat()}Z" if when and not submission.obstacle else "",
                    verdicts=graded.verdicts if graded else {},
                    misconceptions=graded.misconceptions if graded else {},
                    seconds=graded.seconds if graded else {},
                    standing=graded.standing if graded else {},
                )
            )
        failures = [f"{student}: {why}" for student, why in self.failures.items()]
        return Report(self.name, asked, results, failures, self.session.seed, versions())


def _write_graded(path: Path, graded: Graded, stamp: bytes) -> None:
    """The graded notebook where formgrader looks for it, unless it is there; and nothing else beside it."""
    text = json.dumps(graded.notebook, ensure_ascii=False, sort_keys=True) + "\n"  # `indent` takes ten times as long
    wanted = {path.name: text.encode("utf-8", "replace")} | ({TIMESTAMP: stamp} if stamp else {})
    remove_all_but(wanted, path.parent)
    for name, content in wanted.items():
        if _content(path.with_name(name)) != content:
            write_whole(path.with_name(name), content, mode=0o444, durable=False)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def first_line(error: Exception) -> str:
    """What an error says, as far as it fits into a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
