"""The heavy half of a regrade: what each submission earns now beside what the gradebook has, and how it gets there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from autograder.bounded.process import prepare
from autograder.course import Course
from autograder.engine.pool import Runner
from autograder.engine.sandbox import WarmProcess
from autograder.gradebook.gradebook import Class, opened
from autograder.gradebook.settings import course_zone, late_penalties, nbgrader_options
from autograder.grading.class_run import Progress, first_line
from autograder.grading.marker_maker import FOR_MARKERS
from autograder.grading.outputs import show_mark_again
from autograder.grading.run import pool_for, split
from autograder.grading.run_options import RegradeOptions
from autograder.grading.session import Session
from autograder.grading.since import GradedWith, changes, points_in, remembered
from autograder.records.graded import Graded
from autograder.records.plan import Change, Move, Plan, Way
from autograder.submissions.attempts import submitted_folder
from autograder.submissions.folders import Submission, find_submissions, require_student
from autograder.submissions.timestamps import timestamp_in
from gradus.errors import GradusError

_HAIR = 1e-9  # between marks that are the same
_OLDER = (
    "what was graded last is not known (no run of this version has finished), so nothing can be said of what has "
    "changed, and everything is run"
)
_HELD = "The test of this question was changed after it was graded; the mark from before, which was higher, stays."

_log = logging.getLogger("traitlets")  # nbgrader's own, which goes to the course's log file


@dataclass
class _Found:
    """What a regrade has found out, by student."""

    moves: dict[str, list[Move]] = field(default_factory=dict)
    graded: dict[str, Graded] = field(default_factory=dict)  # without their notebooks
    totals: dict[str, tuple[float, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def regraded_class(
    course: Course, problem_set: str, options: RegradeOptions, progress: Progress, warm: WarmProcess
) -> Plan:
    """As `autograder.grading.regrade.regrade`, but for the pages; with a warm process that has begun to start."""
    submissions = _chosen(find_submissions(course, problem_set), options, problem_set)
    prepare(FOR_MARKERS)
    with Session.open(course, problem_set, sandbox=options.sandbox, trial=True) as session, opened(course) as gradebook:
        before = remembered(course, problem_set)
        changed = [] if before is None else changes(before, session.assignment, session.options, session.seed)
        points = points_in(session.assignment.source)
        recorded = Class(gradebook, problem_set, late_penalties(course, nbgrader_options(course)))
        about = changed if before is not None else [Change("", _OLDER)]
        _require_possible(session, recorded, points, about, options)
        tried = () if options.accept else options.questions
        session.only = frozenset(tried) or None
        compare = _Comparison(session, recorded, before, changed, points, tried)
        _run(session, submissions, options, compare, progress, warm)
        found = compare.found
        maximum = (sum(recorded.points().values()), sum(points.values()))
        plan = Plan(
            assignment=problem_set,
            submissions=len(submissions),
            changes=changed,
            moves=[move for student in sorted(found.moves) for move in found.moves[student]],
            totals=found.totals,
            max_score=maximum,
            ran={kind: session.ran[kind] for kind in ("nothing", "a part", "everything")},
            failures=dict(sorted(found.failures.items())),
            notes=[_OLDER] if before is None else [],
        )
        if options.accept:
            _write(session, recorded, plan, found, options, points)
        return plan


def _chosen(submissions: list[Submission], options: RegradeOptions, problem_set: str) -> list[Submission]:
    there = [submission for submission in submissions if not submission.obstacle]
    for student in options.students:
        require_student(student, there, problem_set)
    return [submission for submission in there if not options.students or submission.student in options.students]


def _require_possible(
    session: Session, recorded: Class, points: dict[str, float], about: list[Change], options: RegradeOptions
) -> None:
    """Raise a GradusError where this is more than a regrade, or nothing of the kind."""
    from autograder.gradebook.generate import StageError, generate

    name, course = session.assignment.name, session.course
    for question in options.questions:
        if question not in points:
            raise GradusError(f"{name} has no question {question!r}; there are {', '.join(points)}.")
    released = course.released_notebook(name)
    try:
        fresh = released.read_bytes() == generate(course, name).encode()
    except StageError as error:
        raise GradusError(f"{name} cannot be graded.\n{error}") from None
    if not fresh:
        raise GradusError(f"{released} is not what its solution gives; run `gradus release {name}` first.")
    if set(recorded.points()) != set(points):
        raise GradusError(
            f"questions of {name} were added, removed or renamed: "
            f"`gradus grade {name}` brings the gradebook up to date."
        )
    others = [change.question or "all questions" for change in about if change.question not in options.questions]
    if options.accept and options.questions and others:
        raise GradusError(
            f"more has changed ({', '.join(dict.fromkeys(others))}), and a result belongs to the whole problem set: "
            "leave out --question to accept it."
        )


def _run(
    session: Session,
    submissions: list[Submission],
    options: RegradeOptions,
    compare: _Comparison,
    progress: Progress,
    warm: WarmProcess,
) -> None:
    """Grade the submissions, as far as they have to be, and compare each as it comes."""
    todo = split(session, submissions)

    def grade(submission: Submission, runner: Runner) -> Graded:
        return session.grade_submission(submission.student, runner.run)

    with pool_for(todo, session, options.workers, warm) as pool:
        outcomes = pool.map_unordered(grade, todo.waiting)
        done = 0
        for submission in todo.ready:
            compare.take(submission.student, lambda submission=submission: _kept(session, submission))  # type: ignore[misc]
            progress(submission.student, done := done + 1, len(submissions))
        for submission, future in outcomes:
            compare.take(submission.student, future.result)
            progress(submission.student, done := done + 1, len(submissions))


def _kept(session: Session, submission: Submission) -> Graded:
    graded = session.find(session.content_key(session.handed_in(submission.student)))
    if graded is None:
        raise FileNotFoundError("its result was taken away meanwhile")
    return graded


@dataclass
class _Comparison:
    """What submissions earn now, beside what is recorded."""

    session: Session
    recorded: Class
    before: GradedWith | None
    changed: list[Change]
    points: dict[str, float]
    questions: tuple[str, ...]
    found: _Found = field(default_factory=_Found)

    def take(self, student: str, outcome: Callable[[], Graded]) -> None:
        """Compare what came of one submission. A fault of ours concerns no other one."""
        try:
            self._compare(student, outcome())
        except GradusError:
            raise
        except Exception as error:
            _log.exception("regrading %s", student)
            self.found.failures[student] = f"the grader failed, not the submission ({first_line(error)})"

    def _compare(self, student: str, graded: Graded) -> None:
        if self.session.find_any(graded.key) is None:
            self.found.failures[student] = "others may have slowed it, so that there is no final result: try again"
            return
        self.found.graded[student] = replace(graded, notebook={})
        given, by_hand = self.recorded.automatic(student), self.recorded.by_hand(student)
        earlier = _Earlier(self, student)
        moves = []
        for question, points in self.points.items():
            if self.questions and question not in self.questions:
                continue
            own = by_hand.get(question)
            if question not in self.session.assignment.points:
                if own is not None and own > points + _HAIR:
                    why = f"the mark given by hand is above the {points:g} points that the question has now"
                    moves.append(Move(student, question, own, own, "person", why, by_hand=own))
                continue
            after = float(graded.marks[question] or 0.0)
            if (way := _way(given.get(question), after, own)) is not None:
                verdict = graded.verdicts.get(question, {})
                why, words = earlier.why(question, verdict)
                moves.append(
                    Move(
                        student, question, given.get(question), after, way, why, words, verdict.get("text", ""), own
                    )
                )  # fmt: skip
        if moves:
            self.found.moves[student] = moves
            total = sum(mark or 0.0 for mark in self.recorded.marks_of(student).values()) if given else 0.0
            moved = sum(move.after - (move.before or 0.0) for move in moves if move.way != "person")
            self.found.totals[student] = total, total + moved


def _way(before: float | None, after: float, by_hand: float | None) -> Way | None:
    if before is None:
        return "new"
    if abs(after - before) <= _HAIR:
        return None
    if by_hand is not None:
        return "person"
    return "rises" if after > before else "falls"


class _Earlier:
    """What the last run found of a submission; read when one of its marks moves."""

    def __init__(self, comparison: _Comparison, student: str) -> None:
        self._of, self._student = comparison, student
        self._graded: Graded | None = None
        self._was_read = False

    def why(self, question: str, now: dict[str, object]) -> tuple[str, str]:
        """Why a mark moves, in short, and the words of the verdict before."""
        if self._of.before is None:
            return _counted(now), ""
        graded = self._result(self._of.before)
        if graded is None:
            return "handed in anew, or without a final result, since it was graded", ""
        was = graded.verdicts.get(question, {})
        text = was.get("text", "")
        counts = f"{_counted(was)}, now {_counted(now)}"
        if _counted(was) == _counted(now):
            counts = f"{_counted(now)}, as before"
        if question in graded.held:
            return f"{counts}; the mark from before a change was kept", text
        about = [change.text for change in self._of.changed if change.question == question]
        about = about or [change.text for change in self._of.changed if not change.question]
        return "; ".join([counts, *(each.partition(":")[0] for each in about)]), text

    def _result(self, before: GradedWith) -> Graded | None:
        if not self._was_read:
            self._was_read = True
            found = self._of.session.handed_in(self._student)
            self._graded = self._of.session.find_any(before.key_of(found.as_content()))
        return self._graded


def _counted(verdict: dict[str, object]) -> str:
    return f"{verdict.get('matched', 0)} of {verdict.get('asked', 0)} right"


def _write(
    session: Session,
    recorded: Class,
    plan: Plan,
    found: _Found,
    options: RegradeOptions,
    points: dict[str, float],
) -> None:
    """Results onto the disk, then points and marks of everybody in one step; pages are made from these.

    Raises:
        GradusError: marks that fall with their question's points cannot stay; or it could not be written.
    """
    kept: dict[str, dict[str, float]] = {}
    if not options.falls:
        known = recorded.points()
        for move in plan.moves:
            if move.way == "falls" and move.before is not None:
                if points[move.question] < known[move.question]:
                    raise GradusError(
                        f"`{move.question}` has fewer points than before, so that marks cannot stay as they are "
                        f"({move.student}: {move.before:g}, now {move.after:g}): accept that with --accept-falls. "
                        "Nothing was written."
                    )
                kept.setdefault(move.student, {})[move.question] = move.before
    for student, marks in kept.items():
        found.graded[student].marks |= marks
        _hold(session, found.graded[student].key, marks)
    session.results.write_out()
    zone = course_zone(nbgrader_options(session.course))
    recorded.set_points(points)
    for student, graded in found.graded.items():
        stamp = timestamp_in(submitted_folder(session.course, plan.assignment, student), zone)
        recorded.record(student, graded.marks, graded.unanswered, stamp.when)
    recorded.commit()


def _hold(session: Session, key: str, marks: dict[str, float]) -> None:
    """Have a result keep higher marks from before."""
    graded = session.find_any(key)
    assert graded is not None  # or it would not have been compared
    for question, mark in marks.items():
        if question not in graded.held:
            graded.held[question] = float(graded.marks[question] or 0.0)
        graded.marks[question] = mark
        verdict = graded.verdicts[question]
        verdict["text"] = show_mark_again(graded.notebook, question, _HELD, mark)
    session.results.keep("graded", key, graded.as_dict())
