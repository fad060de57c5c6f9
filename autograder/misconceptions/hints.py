"""Hints for feedback: the answers of every known misconception, run once per seed, beside those of a student."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping

from autograder.execution import Job
from autograder.grading.content import reference_key
from autograder.grading.results import Results
from autograder.judging.answer_key import AnswerKey, Engine
from autograder.misconceptions.diagnosis import diagnose
from autograder.misconceptions.jobs import Streams, no_such_question, streams_of, test_of
from autograder.misconceptions.variants import Misconception, pages_of, read_variants
from autograder.options import Options
from autograder.problem_sets.jobs import Assignment


class Hints:
    """Finds the misconception behind wrong answers. Its methods may be called from several threads.

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
        self._streams: Mapping[Misconception, list[bytes]] | None = None
        self._lock = threading.Lock()

    def find(self, test: str, received: list[bytes], key: AnswerKey, engine: Engine) -> Misconception | None:
        """The misconception that explains every answer to a test cell's questions, if there is exactly one.

        Args:
            test: the grade_id of the test cell.
            received: what a submission answered; wrong, and hostile.
            engine: runs the misconceptions when they have not been run with this seed.
        """
        answer_cells = {cell for cell, its_test in self._test_of.items() if its_test == test}
        if not any(one.question in answer_cells for one in self.misconceptions):
            return None
        streams = self._run_once(engine)
        found = [diagnose(cell, received, key.expected[test], streams) for cell in sorted(answer_cells)]
        named = [one for one in found if one is not None]
        return named[0] if len(named) == 1 else None

    def prepare(self, engine: Engine) -> None:
        """Run the misconceptions now, rather than when the first wrong answer needs them."""
        if self.misconceptions:
            self._run_once(engine)

    def _run_once(self, engine: Engine) -> Mapping[Misconception, list[bytes]]:
        with self._lock:
            if self._streams is None:
                self._streams = self._kept() or self._run(engine)
            return self._streams

    def _key(self) -> str:
        return reference_key(self._assignment, self._options, self._seed)

    def _kept(self) -> Mapping[Misconception, list[bytes]] | None:
        kept = self._results.find("misconceptions", self._key())
        if kept is None:
            return None
        by_name = {(one.question, one.name): one for one in self.misconceptions}
        return {
            by_name[question, name]: [base64.b64decode(frame) for frame in frames]
            for question, name, frames in kept["streams"]
        }

    def _run(self, engine: Engine) -> Mapping[Misconception, list[bytes]]:
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
