"""What grades single submissions: the problem set, its options, the seed, the results and the answer key, together.

`gradus grade`, nbgrader's command and formgrader's button all grade through this, so all give the same marks.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from nbformat import NotebookNode

from autograder.assignment.jobs import Assignment, job_of, load_assignment
from autograder.bounded.process import Bounded, import_before
from autograder.course import Course
from autograder.grading.answer_key import AnswerKey, Engine, answer_key
from autograder.grading.content import content_key, reference_key, versions
from autograder.grading.hints import Hints
from autograder.grading.marker_maker import FOR_MARKERS, MakeMarker
from autograder.grading.results import Results
from autograder.grading.runs import Ran, run
from autograder.options import Options, options_of
from autograder.records.graded import Graded, graded_from
from autograder.submissions.attempts import HandedIn, handed_in_unread
from autograder.submissions.folders import find_skipped, holds_others
from gradus.cores import available_cores
from gradus.notebook.form import source_of


@dataclass
class Session:
    """One problem set of one course, with the seed of a run. Its methods may be called from several threads."""

    course: Course
    assignment: Assignment
    options: Options
    results: Results
    seed: int
    hints: Hints
    trial: bool = False
    only: frozenset[str] | None = None  # questions, where what is found of the others does not count
    _key: AnswerKey | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seats: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(available_cores() + 1))
    _desks: list[Bounded] = field(default_factory=list)
    _free: list[Bounded] = field(default_factory=list)  # of the desks; the one that was used last is used next
    _stopped: bool = False
    ran: Counter[Ran] = field(default_factory=Counter)  # submissions, by how much of them was run

    @classmethod
    def open(
        cls,
        course: Course,
        problem_set: str,
        *,
        seed: int | None = None,
        fresh: bool = False,
        sandbox: bool = True,
        trial: bool = False,
    ) -> Session:
        """Load everything that grading a problem set needs, and settle the seed.

        Args:
            trial: write no result, until `results.write_out`, and mark anew what has `Graded.held`.

        Raises:
            GradusError: the problem set or the options are broken.
        """
        options = options_of(course, problem_set)
        options = replace(options, sandbox=options.sandbox and sandbox)
        results = Results(course, problem_set, fresh, trial)
        assignment, settled = load_assignment(course, problem_set), results.seed(seed)
        hints = Hints(assignment, options, settled, results)
        return cls(course, assignment, options, results, settled, hints, trial)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes in which submissions were read and judged."""
        for desk in self._desks:
            desk.close()

    def stop(self) -> None:
        """End them now, and start no other one: nobody waits for what is being judged; for another thread."""
        self._stopped = True
        for desk in list(self._desks):
            desk.stop()

    @contextmanager
    def _desk(self) -> Iterator[Bounded]:
        """A process for what a submission sent. There are about as many as cores, however many threads ask for one."""
        with self._seats:
            try:
                desk = self._free.pop()
            except IndexError:
                desk = self._new_desk()
            try:
                yield desk
            finally:
                self._free.append(desk)

    def _new_desk(self) -> Bounded:
        import_before(FOR_MARKERS)  # nbgrader's commands have prepared nothing, and open a session for each student
        desk = Bounded(MakeMarker(self.course, self.assignment, self.options, self.seed, self.hints.finder))
        self._desks.append(desk)
        if self._stopped:
            desk.stop()
        return desk

    def _ask(self, function: str, *arguments: Any, **options: Any) -> Any:
        """Call a function of the marker, at a desk that is free."""
        with self._desk() as desk:
            return desk.call(function, *arguments, **options)

    def sources(self) -> Iterator[str]:
        """Everything of the problem set itself that a submission's process may come to run."""
        yield from (source_of(cell) for cell in self.assignment.source["cells"])
        yield from (misconception.source for misconception in self.hints.misconceptions)

    def handed_in(self, student: str) -> HandedIn:
        """The content of a student's file, or why it is not to be had, and which file it is."""
        found = handed_in_unread(self.course, self.assignment.name, student)
        if found is None:
            found = self._ask("handed_in", student)
        return found

    def skipped(self) -> list[str]:
        """Sentences on what was passed over in `submitted/`; notebooks may have to be read to know."""
        name = self.assignment.name
        if not holds_others(self.course, name):
            return find_skipped(self.course, name)
        skipped: list[str] = self._ask("skipped")
        return skipped

    def framed(self, found: HandedIn) -> NotebookNode:
        """What a student has handed in, in the frame of the released notebook."""
        notebook: NotebookNode = self._ask("framed", found)
        return notebook

    def grade_submission(self, student: str, engine: Engine) -> Graded:
        """Grade a student's file, or find its result; a final one is on the disk when this returns."""
        started = time.monotonic()
        found = self.handed_in(student)
        key = self.content_key(found)
        graded = self.find(key)
        if graded is None:
            graded = self.grade(self.framed(found), key, engine, time.monotonic() - started)
        return graded

    def content_key(self, found: HandedIn) -> str:
        return content_key(found.as_content(), self.assignment, self.options, self.seed)

    def content_digest(self) -> str:
        """A hash of the problem set and of the grader."""
        return f"{self.assignment.digest} {versions()['grader']}"

    def find(self, key: str) -> Graded | None:
        """The result that is kept under a content key. In a trial, one with marks from before a change is no result."""
        graded = self.find_any(key)
        return None if graded is not None and self.trial and graded.held else graded

    def find_any(self, key: str) -> Graded | None:
        """The result that is kept under a content key, whatever it is."""
        kept = self.results.find("graded", key)
        return None if kept is None else graded_from(kept, key)

    def grade(self, notebook: NotebookNode, key: str, engine: Engine, intake_seconds: float = 0.0) -> Graded:
        """Run and mark a notebook in the released frame, and keep the result under `key` if it is beyond doubt."""
        execution, kept_as = None, ""
        if notebook.metadata["gradus"]["readable"]:
            self.answer_key(engine)
            job = job_of(notebook.cells, self.assignment, self.seed)
            execution, kept_as, ran = run(job, self.options, self.results, engine, self.only)
            with self._lock:
                self.ran[ran] += 1
        started = time.monotonic()
        answers = {"key": lambda: self.answer_key(engine), "streams": lambda: self.hints.streams(engine)}
        graded: Graded = self._ask("mark", notebook, execution, key, answers=answers)
        judged = time.monotonic()
        graded.run = kept_as
        graded.seconds |= {"intake": intake_seconds, "judge": judged - started}
        if execution is None or not execution.doubts:  # else it is not the notebook's alone: the next run has it again
            self.results.keep("graded", key, graded.as_dict())
        graded.seconds["keep"] = time.monotonic() - judged
        return graded

    def prune(self, keys: Iterable[str]) -> None:
        """Remove the results of earlier runs: those but `keys`, and the answers of the solution to other seeds."""
        self.results.prune({reference_key(self.assignment, self.options, self.seed), *keys})

    def answer_key(self, engine: Engine) -> AnswerKey:
        """What the solution answers; it is run at most once.

        Raises:
            GradusError: the solution does not run.
        """
        with self._lock:
            if self._key is None:
                self._key = answer_key(self.assignment, self.options, self.seed, self.results, engine)
            return self._key
