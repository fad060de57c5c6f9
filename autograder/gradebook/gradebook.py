"""What goes into nbgrader's gradebook and comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import selectinload

from autograder.course import Course
from autograder.files.writing import write_whole
from autograder.gradebook import new_gradebook  # noqa: F401  (nbgrader asks it for the version)
from autograder.gradebook.settings import store_of
from autograder.gradebook.store import Store, store_at
from autograder.records.report import GradedCell
from gradus.errors import GradusError
from gradus.notebook.cells import has_points, is_answer, is_by_hand, label_of, points_of
from gradus.notebook.form import read

if TYPE_CHECKING:
    from autograder.gradebook.late import LatePenalties


_REGISTERED = "registered"


def questions(course: Course, problem_set: str) -> list[GradedCell]:
    """The graded cells of a problem set in the order of its notebook."""
    found = []
    for cell in read(course.released_notebook(problem_set))["cells"]:
        if has_points(cell):
            found.append(GradedCell(label_of(cell), points_of(cell), is_by_hand(cell)))
    return found


def register(course: Course, problem_set: str, digest: str = "") -> list[str]:
    """Make the gradebook know the problem set as it is now, tests included; nothing is done where it does.

    Where its questions are others than when submissions were graded, what was recorded for them goes on with it.

    Args:
        digest: a hash of the problem set and of what registers it; without one it is registered anew.

    Returns:
        Sentences on what that did; none when nothing had changed.

    Raises:
        GradusError: the released notebook is stale, or the gradebook cannot be written.
    """
    from autograder.gradebook.generate import StageError, generate
    from autograder.gradebook.migration import migrate

    store, known = store_of(course), course.results / problem_set / _REGISTERED
    if _is_registered(course, problem_set, store, known, digest):
        return []
    released, said = course.released_notebook(problem_set), []
    try:
        store.make_whole()
        try:
            text = generate(course, problem_set, store.address)
        except StageError as error:
            if "Cannot add or remove cells" not in str(error):
                raise
            said = migrate(course, problem_set)
            text = generate(course, problem_set, store.address)
    except StageError as error:
        if (refused := _refusal(error)) is not None:
            raise GradusError(store.what_is_wrong(refused)) from None
        raise GradusError(f"{problem_set} cannot be graded.\n{error}") from None
    except (SQLAlchemyError, InvalidEntry) as error:
        raise GradusError(store.what_is_wrong(_refusal(error) or error)) from None
    if not released.is_file() or released.read_bytes() != text.encode():
        raise GradusError(f"{released} is not what its solution gives; run `gradus release {problem_set}` first.")
    if digest:
        write_whole(known, digest.encode())
    return said


def _is_registered(course: Course, problem_set: str, store: Store, known: Path, digest: str) -> bool:
    """Whether this very problem set was registered, and the gradebook has its cells: it may be an older copy."""
    try:
        if not digest or known.read_text(encoding="utf-8") != digest or not store.is_there():
            return False
        cells = read(course.released_notebook(problem_set))["cells"]
        with Gradebook(store.address) as gradebook:
            notebooks = gradebook.find_assignment(problem_set).notebooks
            points = {cell.name: cell.max_score for one in notebooks for cell in (*one.grade_cells, *one.task_cells)}
            answers = {cell.name for one in notebooks for cell in one.solution_cells}
    except (OSError, ValueError, GradusError, MissingEntry, SQLAlchemyError):  # what it is, registering says
        return False
    return points == {label_of(cell): points_of(cell) for cell in cells if has_points(cell)} and answers == {
        label_of(cell) for cell in cells if is_answer(cell)
    }


def _refusal(error: BaseException | None) -> SQLAlchemyError | None:
    """The database's refusal that an error comes from, if one does: nbgrader says its words in an error of its own."""
    while error is not None:
        if isinstance(error, SQLAlchemyError) and not isinstance(error, IntegrityError):  # that is the entry's fault
            return error
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """The gradebook of a course.

    Raises:
        GradusError: the database refuses, now or before this is closed; what was not committed is not in it then.
    """
    store = store_of(course)
    try:
        with Gradebook(store.address) as gradebook:
            yield gradebook
    except (SQLAlchemyError, InvalidEntry) as error:
        raise GradusError(store.what_is_wrong(_refusal(error) or error)) from error


def marks(course: Course, problem_set: str, student: str) -> dict[str, float | None] | None:
    """A student's marks by question; None for one that waits for a person. None at all when nothing is recorded."""
    return all_marks(course, problem_set).get(student)


def all_marks(course: Course, problem_set: str) -> dict[str, dict[str, float | None]]:
    """The marks of every student by question, as `marks` gives them."""
    with opened(course) as gradebook:
        try:
            return Class(gradebook, problem_set).marks()
        except MissingEntry:
            return {}


class Class:
    """The recorded submissions of a problem set, read at once and written in batches.

    What a person has entered (marks by hand, extra credit, comments, extensions) is never changed.

    Args:
        gradebook: open as long as this is used; nothing else may write through it.
        late: what the instructor takes off for being late; None for nothing.
    """

    def __init__(self, gradebook: Gradebook, problem_set: str, late: LatePenalties | None = None) -> None:
        self._gradebook, self._db, self._late = gradebook, gradebook.db(), late
        self._db.expire_on_commit = False  # the rows stay as they were read: nobody else writes them meanwhile
        self._assignment = gradebook.find_assignment(problem_set)
        self._students = {student.id for student in self._db.query(Student)}
        found = self._db.query(SubmittedAssignment).filter_by(assignment_id=self._assignment.id)
        loaded = selectinload(SubmittedAssignment.notebooks)
        found = found.options(
            loaded.selectinload(SubmittedNotebook.grades), loaded.selectinload(SubmittedNotebook.comments)
        )
        self._submissions = {submission.student_id: submission for submission in found}
        self._notebooks = {notebook.id: notebook for notebook in self._assignment.notebooks}
        cells = [cell for notebook in self._notebooks.values() for cell in notebook._base_cells]
        self._names = {cell.id: cell.name for cell in cells}

    def record(
        self, student: str, given: dict[str, float | None], unanswered: dict[str, bool], submitted: datetime | None
    ) -> None:
        """Put what the grader found for one student into the open batch.

        Args:
            given: the mark of each graded cell; None for one that a person marks.
            unanswered: for each cell for answers, whether it is as it was released.
            submitted: when, if that is known (UTC).
        """
        submission = self._submission(student)
        if submitted is not None and submission.timestamp != submitted:
            submission.timestamp = submitted
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if (name := self._names[grade.cell_id]) in given:
                    _set(grade, "auto_score", given[name])
                    _set(grade, "needs_manual_grade", grade.manual_score is not None or grade.auto_score is None)
            for comment in notebook.comments:
                if (name := self._names[comment.cell_id]) in unanswered:
                    _set(comment, "auto_comment", "No response." if unanswered[name] else None)
            self._penalise(student, submission, notebook)

    def commit(self) -> None:
        """Write the batch.

        Raises:
            GradusError: the database cannot be written; nothing of the batch is in it then.
        """
        try:
            self._db.commit()
        except SQLAlchemyError as error:
            self._db.rollback()
            address = self._gradebook.engine.url.render_as_string(hide_password=False)
            raise GradusError(store_at(address, Path()).what_is_wrong(error)) from error

    def marks(self) -> dict[str, dict[str, float | None]]:
        """Every student's marks by question."""
        return {student: self.marks_of(student) for student in self._submissions}

    def marks_of(self, student: str) -> dict[str, float | None]:
        """A student's marks by question, those given by hand included."""
        notebooks = self._submissions[student].notebooks
        return {self._names[grade.cell_id]: _score(grade) for notebook in notebooks for grade in notebook.grades}

    def automatic(self, student: str) -> dict[str, float | None]:
        """What the grader has given a student, by question; {} for one who is not recorded."""
        return self._column(student, "auto_score")

    def by_hand(self, student: str) -> dict[str, float | None]:
        """What a person has given a student, by question; {} for one who is not recorded."""
        return self._column(student, "manual_score")

    def _column(self, student: str, name: str) -> dict[str, float | None]:
        notebooks = self._submissions[student].notebooks if student in self._submissions else []
        return {self._names[grade.cell_id]: getattr(grade, name) for notebook in notebooks for grade in notebook.grades}

    def points(self) -> dict[str, float]:
        """The points of each graded cell."""
        return {cell.name: float(cell.max_score) for cell in self._graded_cells()}

    def set_points(self, points: dict[str, float]) -> None:
        """Change the points of graded cells, for everybody, in the open batch."""
        for cell in self._graded_cells():
            _set(cell, "max_score", points[cell.name])

    def _graded_cells(self) -> list[Any]:
        return [cell for notebook in self._notebooks.values() for cell in (*notebook.grade_cells, *notebook.task_cells)]

    def comments(self, student: str) -> dict[str, str | None]:
        """A student's comments by cell: a person's, or else the grader's own."""
        return {
            self._names[comment.cell_id]: comment.manual_comment or comment.auto_comment
            for notebook in self._submissions[student].notebooks
            for comment in notebook.comments
        }

    def late_penalty(self, student: str) -> float:
        """The marks that a student loses for being late, at most what was earned."""
        return sum(notebook.late_submission_penalty or 0.0 for notebook in self._submissions[student].notebooks)

    def _submission(self, student: str) -> SubmittedAssignment:
        if student not in self._students:
            self._db.add(Student(id=student))
            self._students.add(student)
        if student not in self._submissions:
            submission = SubmittedAssignment(id=new_uuid(), assignment_id=self._assignment.id, student_id=student)
            for master in self._notebooks.values():
                notebook = SubmittedNotebook(id=new_uuid(), notebook_id=master.id, assignment=submission)
                graded = [*master.grade_cells, *master.task_cells]
                notebook.grades = [Grade(cell_id=cell.id) for cell in graded]
                notebook.comments = [Comment(cell_id=cell.id) for cell in (*master.solution_cells, *master.task_cells)]
            self._db.add(submission)
            self._submissions[student] = submission
        return self._submissions[student]

    def submitted(self, student: str) -> datetime | None:
        """When a student's submission was handed in (UTC), if that is known."""
        return self._submissions[student].timestamp if student in self._submissions else None

    def due(self, student: str) -> datetime | None:
        """Until when a student may hand in (UTC), extension included; None when no date is set."""
        return self._due(self._submissions[student]) if student in self._submissions else self._assignment.duedate

    def _penalise(self, student: str, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> None:
        due = self._due(submission)
        late = (submission.timestamp - due).total_seconds() if submission.timestamp and due else 0.0
        penalty = None
        if late > 0 and self._late is not None:
            self._db.flush()
            self._db.expire(notebook, ["score"])
            penalty = self._late.of(student, notebook, late)
        _set(notebook, "late_submission_penalty", penalty)

    def _due(self, submission: SubmittedAssignment) -> datetime | None:
        date: datetime | None = self._assignment.duedate
        return date and date + (submission.extension or timedelta())


def _set(row: Any, name: str, value: Any) -> None:
    """Set a column that differs: what is equal is not written."""
    if getattr(row, name) != value:
        setattr(row, name, value)


def _score(grade: Grade) -> float | None:
    """As nbgrader's `Grade.score`, but for rows that may not be in the database yet."""
    own = grade.auto_score if grade.manual_score is None else grade.manual_score
    return None if own is None else float(own) + float(grade.extra_credit or 0.0)
