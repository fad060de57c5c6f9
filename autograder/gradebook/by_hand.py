"""Marks that a person gives: read and written one by one, and never over what somebody else has given meanwhile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from autograder.course import Course
from autograder.gradebook.gradebook import opened
from gradus.errors import GradusError

MOST_COMMENT = 20_000  # characters
_AT_ONCE = 500  # rows that one statement names


class RefusedError(GradusError):
    """What cannot be written however often it is tried."""


@dataclass(frozen=True)
class Given:
    """What a person has given an answer: points, or None; a comment, or ""; and whether nbgrader says that it waits."""

    points: float | None
    comment: str
    waits: bool


@dataclass(frozen=True)
class Entry:
    """One student's answer to one question, in the gradebook.

    Args:
        student: whose it is; not for the page. `masked` are words by which its text may name them.
        automatic: what the grader has given, None where a person has to.
        empty: whether the grader found nothing in the place for the answer.
    """

    student: str
    masked: tuple[str, ...] = field(repr=False)
    question: str
    most: float
    automatic: float | None
    empty: bool
    given: Given
    grade: str
    comment: str | None


def entries(course: Course, problem_set: str, questions: Sequence[str]) -> list[Entry]:
    """The answers of everybody to these questions.

    Raises:
        GradusError: nothing was graded yet, or the gradebook cannot be read.
    """
    with opened(course) as gradebook:
        try:
            assignment = gradebook.find_assignment(problem_set)
        except MissingEntry:
            raise GradusError(f"{problem_set} was not graded yet: run `gradus grade {problem_set}` first.") from None
        loaded = selectinload(SubmittedAssignment.notebooks)
        everybody = gradebook.db.query(SubmittedAssignment).filter_by(assignment_id=assignment.id)
        everybody = everybody.options(
            selectinload(SubmittedAssignment.student),
            loaded.selectinload(SubmittedNotebook.grades),
            loaded.selectinload(SubmittedNotebook.comments),
        )
        found = []
        for submission in everybody:
            for notebook in submission.notebooks:
                found += _entries_of(submission, notebook, questions)
    return found


def _entries_of(submission: SubmittedAssignment, notebook: SubmittedNotebook, questions: Sequence[str]) -> list[Entry]:
    comments = {comment.name: comment for comment in notebook.comments}
    student = submission.student
    whole = f"{student.first_name or ''} {student.last_name or ''}".strip()
    masked = tuple(filter(None, (student.id, student.email, whole if " " in whole else "")))
    found = []
    for grade in notebook.grades:
        if grade.name not in questions:
            continue
        comment = comments.get(grade.name)
        given = Given(grade.manual_score, (comment.manual_comment if comment else "") or "", grade.needs_manual_grade)
        empty = comment is not None and bool(comment.auto_comment)
        entry = Entry(
            student.id, masked, grade.name, float(grade.cell.max_score), grade.auto_score, empty, given, grade.id,
            comment.id if comment else None,
        )  # fmt: skip
        found.append(entry)
    return found


def require_possible(given: Given, most: float) -> None:
    """Raise a RefusedError that says why this cannot be given."""
    if given.points is not None and not (math.isfinite(given.points) and 0 <= given.points <= most):
        raise RefusedError(f"{given.points:g} points cannot be given: it is 0 to {most:g}.")
    if len(given.comment) > MOST_COMMENT:
        raise RefusedError(f"The comment has more than {MOST_COMMENT} characters; shorten it.")
    if "\0" in given.comment:
        raise RefusedError("The comment has a character that no database takes (NUL); take it out.")


def give(course: Course, wanted: Mapping[str, tuple[Entry, Given, Given]]) -> dict[str, Given]:
    """Give marks and comments, in one transaction: `wanted` has the entry, what was expected there, and what is to be.

    Nothing is written where something else stands than was expected.

    Returns:
        What stands there afterwards, for each key of `wanted`; where that is neither, somebody else was faster.

    Raises:
        RefusedError: a mark cannot be given, or an answer is no longer in the gradebook; nothing has been written then.
        GradusError: the gradebook cannot be written now.
    """
    for entry, _, new in wanted.values():
        require_possible(new, entry.most)
    with opened(course) as gradebook:
        _hold(gradebook, [entry for entry, _, _ in wanted.values()])
        after = {}
        for key, (entry, expected, new) in wanted.items():
            there = _given(gradebook, entry)
            if there == expected:
                _write(gradebook, entry, there, new)
                there = new if entry.comment else Given(new.points, "", new.waits)
            after[key] = there
        gradebook.db.commit()
    return after


def _hold(gradebook: Gradebook, wanted: Sequence[Entry]) -> None:
    """Keep others from writing these rows until this is committed: writing what is there does, on any database."""
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        grades, comments = [one.grade for one in some], [one.comment for one in some if one.comment]
        gradebook.db.execute(_of(Grade, grades).values(manual_score=Grade.__table__.c.manual_score))
        if comments:
            gradebook.db.execute(_of(Comment, comments).values(manual_comment=Comment.__table__.c.manual_comment))


def _of(table: Any, keys: Sequence[str]) -> Any:
    """A statement that changes these rows."""
    rows = table.__table__
    return update(rows).where(rows.c.id.in_(keys))


def _given(gradebook: Gradebook, entry: Entry) -> Given:
    grades, comments = Grade.__table__.c, Comment.__table__.c
    ask = select(grades.manual_score, grades.needs_manual_grade).where(grades.id == entry.grade)
    row = gradebook.db.execute(ask).first()
    if row is None:
        raise RefusedError("This answer is no longer in the gradebook: start `gradus mark` again.")
    said = gradebook.db.execute(select(comments.manual_comment).where(comments.id == entry.comment)).scalar()
    return Given(row[0], said or "", bool(row[1]))


def _write(gradebook: Gradebook, entry: Entry, there: Given, new: Given) -> None:
    if (new.points, new.waits) != (there.points, there.waits):
        values = {"manual_score": new.points, "needs_manual_grade": new.waits}
        gradebook.db.execute(_of(Grade, [entry.grade]).values(**values))
    if new.comment != there.comment and entry.comment:
        gradebook.db.execute(_of(Comment, [entry.comment]).values(manual_comment=new.comment or None))
