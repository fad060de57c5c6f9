"""What goes into nbgrader's gradebook and comes out of it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from nbgrader.api import Gradebook, MissingEntry

from autograder.course import Course
from gradus.errors import GradusError
from gradus.notebooks import read


@dataclass(frozen=True)
class Question:
    """One graded cell: nbgrader's name of it, its points, and whether a person marks it."""

    name: str
    points: float
    by_hand: bool


def questions(course: Course, problem_set: str) -> list[Question]:
    """The graded cells of a problem set in the order of its notebook."""
    found = []
    for cell in read(course.released_notebook(problem_set))["cells"]:
        metadata = cell["metadata"].get("nbgrader", {})
        if metadata.get("grade") or metadata.get("task"):
            by_hand = bool(metadata.get("solution") or metadata.get("task"))
            found.append(Question(metadata["grade_id"], float(metadata["points"]), by_hand))
    return found


def register(course: Course, problem_set: str) -> None:
    """Make the gradebook know the problem set as it is now, tests included.

    Raises:
        GradusError: the released notebook is stale, or the questions changed after submissions were graded.
    """
    from autograder.stages import StageError, generate

    released = course.released_notebook(problem_set)
    try:
        text = generate(course, problem_set, course.gradebook_url)
    except StageError as error:
        if "Cannot add or remove cells" in str(error):
            raise GradusError(
                f"questions of {problem_set} were added or removed after submissions were graded; to start over, move "
                f"{course.root / 'gradebook.db'} away (marks given by hand are in it) and grade again."
            ) from None
        raise GradusError(f"{problem_set} cannot be graded.\n{error}") from None
    if not released.is_file() or released.read_bytes() != text.encode():
        raise GradusError(f"{released} is not what its solution gives; run `gradus release {problem_set}` first.")


def marks(course: Course, problem_set: str, student: str) -> dict[str, float | None] | None:
    """A student's marks by question; None for one that waits for a person. None at all when nothing is recorded."""
    with Gradebook(course.gradebook_url) as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(problem_set, problem_set, student)
        except MissingEntry:
            return None
        found: dict[str, float | None] = {}
        for grade in notebook.grades:
            ungraded = grade.auto_score is None and grade.manual_score is None
            found[grade.name] = None if ungraded else float(grade.score)
        return found


def record_nothing_earned(course: Course, problem_set: str, student: str) -> None:
    """Record a submission without a notebook: no marks on any question, and nothing to mark by hand."""
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(problem_set, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score = 0
                grade.needs_manual_grade = False
        gradebook.db.commit()
