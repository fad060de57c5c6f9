"""The light half of a grading run: what is to be run, and the sandboxes that run it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autograder.bounded.process import prepare
from autograder.cluster.scheduler import Scheduler
from autograder.course import Course
from autograder.engine.pool import Pool
from autograder.engine.sandbox import WarmProcess, preload_for
from autograder.files.log import log_to
from autograder.grading.content import facts
from autograder.grading.marker_maker import FOR_MARKERS
from autograder.grading.run_options import RunOptions
from autograder.grading.session import Session
from autograder.grading.since import remember
from autograder.records.graded import Graded
from autograder.submissions.folders import Submission, find_submissions
from gradus.cores import available_cores
from gradus.errors import GradusError

if TYPE_CHECKING:
    from autograder.cluster.remote import Remote
    from autograder.grading.class_run import Progress
    from autograder.records.report import Report

_FOR_PAGES = ("autograder.feedback.pages",)
_LEAST_THREADS, _MOST_THREADS = 64, 512  # that wait for a cluster
_SURE_TO_ERR = 10  # of so many submissions one is wrong somewhere, and hints will be needed

_log = logging.getLogger("traitlets")  # nbgrader's own, which goes to the course's log file


def graded_class(
    course: Course,
    problem_set: str,
    options: RunOptions,
    progress: Progress,
    warm: WarmProcess,
    without: Collection[str] = (),
) -> Report:
    """As `autograder.grading.grade.grade`, with a warm process that has begun to start.

    Args:
        without: students who keep what is recorded and shown of them.
    """
    submissions = [each for each in find_submissions(course, problem_set) if each.student not in without]
    log_to(course.log)
    with Session.open(course, problem_set, seed=options.seed, fresh=options.fresh, sandbox=options.sandbox) as session:
        session.results.sweep()
        prepare(FOR_MARKERS + _FOR_PAGES * options.feedback)
        skipped = session.skipped()
        for sentence in skipped:
            _log.warning(sentence)
        todo = split(session, submissions)
        remote = connected(todo, session, options.scheduler) if options.scheduler else None
        with pool_for(todo, session, options.workers, warm, remote) as pool:
            from autograder.grading.class_run import ClassRun

            run = ClassRun(session, submissions, options.feedback, progress)
            report = run.report(todo.ready, todo.waiting, pool)
        if not report.failures:
            remember(course, session.assignment, session.options, session.seed)
            if not without:
                session.prune(key for graded in run.graded.values() for key in (graded.key, graded.run))
        from autograder.feedback.leaderboard import write_leaderboard

        board = write_leaderboard(course, report)
        notes = [
            *report.notes,
            *(remote.notes if remote else []),
            *([f"the leaderboard is in {board}"] if board else []),
        ]
        return replace(report, skipped=skipped, notes=notes)


@contextmanager
def pool_for(
    todo: Todo, session: Session, workers: int, warm: WarmProcess, remote: Remote | None = None
) -> Iterator[Pool[Submission, Graded]]:
    """Sandboxes for what is to be run, which begin with what the solution answers; 0 workers: one for each core.

    Where nothing is to be run, nothing is started, and the warm process ends.

    Args:
        remote: what reaches the workers of a cluster, to run all of it there; it is closed with the pool.
    """
    if remote is not None:
        pool = Pool[Submission, Graded]([remote] * min(_threads_for(remote), len(todo.waiting)))
    else:
        workers = min(workers or available_cores(), len(todo.waiting))
        if not workers:
            warm.close()
        limits, sandbox = session.options.limits, session.options.sandbox
        pool = Pool[Submission, Graded].of_sandboxes(workers, limits, sandbox, tuple(todo.modules), warm)
    with pool:
        try:
            pool.warm()
            if todo.waiting:
                pool.submit(lambda runner: session.answer_key(runner.run))
            if len(todo.waiting) >= _SURE_TO_ERR:
                pool.submit(lambda runner: session.hints.prepare(runner.run))
            yield pool
        except BaseException:
            session.stop()  # the pool's threads wait for what is being judged; after Ctrl-C nobody does
            raise


def connected(todo: Todo, session: Session, scheduler: Scheduler) -> Remote | None:
    """What reaches the workers of a cluster; None where nothing is to be run.

    Raises:
        GradusError: the scheduler does not answer, or Dask is not installed.
    """
    if not todo.waiting:
        return None
    try:
        from autograder.cluster.remote import Remote
        from autograder.cluster.worker import Settings
    except ModuleNotFoundError as error:
        raise GradusError(
            f"--scheduler needs a package that is not installed ({error.name}): `pip install '.[cluster]'`."
        ) from error
    settings = Settings(session.options.limits, session.options.sandbox, tuple(todo.modules))
    return Remote(scheduler, settings, facts)


def _threads_for(remote: Remote) -> int:
    """Enough to keep workers busy, those that join later too: most wait, and marking has processes of its own."""
    return max(_LEAST_THREADS, min(2 * remote.workers.threads, _MOST_THREADS))


@dataclass
class Todo:
    """Submissions that have a result already or can have none, and those that are to be run with what they import."""

    ready: list[Submission] = field(default_factory=list)
    waiting: list[Submission] = field(default_factory=list)
    modules: dict[str, None] = field(default_factory=dict)


def split(session: Session, submissions: list[Submission]) -> Todo:
    """Which submissions have to be run, or marked, and which not."""
    todo = Todo(modules=dict.fromkeys(preload_for(session.sources())))
    for submission in submissions:
        if submission.obstacle:
            todo.ready.append(submission)
            continue
        found = session.handed_in(submission.student)
        if session.find(session.content_key(found)) is not None:
            todo.ready.append(submission)
            continue
        todo.waiting.append(submission)
        if isinstance(found.content, bytes):
            todo.modules |= dict.fromkeys(preload_for([found.content.decode("utf-8", "replace")]))
    return todo
