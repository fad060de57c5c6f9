"""Hints for feedback: the answers of every known misconception, run once per seed, beside those of a student."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.assignment.jobs import Assignment
from autograder.grading.answer_key import Engine
from autograder.grading.content import reference_key
from autograder.grading.results import Results
from autograder.misconceptions.diagnosis import diagnose
from autograder.misconceptions.jobs import Streams, no_such_question, streams_of, test_of
from autograder.misconceptions.variants import Misconception, pages_of, read_variants
from autograder.options import Options
from autograder.records.execution import Job

Streamed = Mapping[Misconception, list[bytes]]


@dataclass(frozen=True)
class Finder:
    """Finds the misconception behind wrong answers; a plain value."""

    misconceptions: tuple[Misconception, ...]
    test_of: Mapping[str, str]  # the test cell of each answer cell

    def knows_of(self, test: str) -> bool:
        """Whether there is any misconception of what a test cell asks for."""
        return any(self.test_of[one.question] == test for one in self.misconceptions)

    def find(self, test: str, received: list[bytes], expected: list[bytes], streams: Streamed) -> Misconception | None:
        """The misconception that explains every answer to a test cell's questions, if there is exactly one.

        Args:
            test: the grade_id of the test cell.
            received: what a submission answered; wrong, and hostile.
        """
        answer_cells = sorted(cell for cell, its_test in self.test_of.items() if its_test == test)
        found = [diagnose(cell, received, expected, streams) for cell in answer_cells]
        named = [one for one in found if one is not None]
        return named[0] if len(named) == 1 else None


class Hints:
    """Runs the misconceptions of a problem set, once per seed. Its methods may be called from several threads.

    Raises:
        GradusError: a file of the problem set's variants is broken, or of a question that is not there. One without
            such files has no hints.
    """

    def __init__(self, assignment: Assignment, options: Options, seed: int, results: Results) -> None:
        folder = assignment.source_path.parent
        self.misconceptions = read_variants(folder, assignment.source).misconceptions if pages_of(folder) else ()
        self._assignment, self._options, self._seed, self._results = assignment, options, seed, results
        self._test_of = test_of(assignment.source)
        for misconception in self.misconceptions:
            if misconception.question not in self._test_of:
                raise no_such_question(misconception)
        self._streams: Streamed | None = None
        self._lock = threading.Lock()

    @property
    def finder(self) -> Finder:
        return Finder(self.misconceptions, self._test_of)

    def streams(self, engine: Engine) -> Streamed:
        """What each misconception answers. `engine` runs them when they have not been run with this seed."""
        return self._run_once(engine)

    def prepare(self, engine: Engine) -> None:
        """Run the misconceptions now, rather than when the first wrong answer needs them."""
        if self.misconceptions:
            self._run_once(engine)

    def _run_once(self, engine: Engine) -> Streamed:
        with self._lock:
            if self._streams is None:
                self._streams = self._kept() or self._run(engine)
            return self._streams

    def _key(self) -> str:
        return reference_key(self._assignment, self._options, self._seed)

    def _kept(self) -> Streamed | None:
        kept = self._results.find("misconceptions", self._key())
        if kept is None:
            return None
        by_name = {(one.question, one.name): one for one in self.misconceptions}
        try:
            return {
                by_name[question, name]: [base64.b64decode(frame, validate=True) for frame in frames]
                for question, name, frames in kept["streams"]
            }
        except (LookupError, TypeError, ValueError):  # not what we wrote: they are run again
            return None

    def _run(self, engine: Engine) -> Streamed:
        is_final = True

        def run(job: Job) -> Streams:
            nonlocal is_final
            execution = engine(job)
            is_final = is_final and not execution.doubts
            return {question.name: question.frames for question in execution.questions}

        found = streams_of(self._assignment.source, self.misconceptions, run, self._seed, together=True)
        streams = {one: found[one] for one in self.misconceptions}
        text = [
            [one.question, one.name, [base64.b64encode(frame).decode() for frame in frames]]
            for one, frames in streams.items()
        ]
        if is_final:
            self._results.keep("misconceptions", self._key(), {"seed": self._seed, "streams": text})
        return streams
