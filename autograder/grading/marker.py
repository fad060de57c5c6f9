"""What is done with a submission before and after it is run, as a service that can be ended at any moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.bounded.pieces import Pieces
from autograder.grading.answer_key import AnswerKey
from autograder.grading.hints import Streamed
from autograder.grading.marker_maker import MakeMarker
from autograder.grading.marking import mark
from autograder.misconceptions.variants import Misconception
from autograder.records.execution import Execution
from autograder.records.graded import Graded
from autograder.submissions.attempts import HandedIn, handed_in
from autograder.submissions.folders import find_skipped, why_not_looked_into, why_skipped
from autograder.submissions.intake import UnreadableError, framed

_TOO_MUCH = "could not be read in the time, or the memory, that a notebook has for that"


class Marker:
    """Reads, judges and cleans what was handed in for one problem set. Its functions do their work piece by piece."""

    def __init__(self, given: MakeMarker, ask: Callable[[str], Any]) -> None:
        self._given, self._ask = given, ask
        self._key: AnswerKey | None = None
        self._streams: Streamed | None = None

    def handed_in(self, pieces: Pieces, student: str) -> HandedIn:
        """What a student has handed in, of several files the one that counts."""
        course, assignment = self._given.course, self._given.assignment
        usual = f"{assignment.name}.ipynb"
        return pieces.do(
            "looking for it",
            lambda: handed_in(course, assignment.name, student, assignment.released),
            lambda: HandedIn(usual, UnreadableError(f"the files in the folder {_TOO_MUCH}", unread=True)),
        )

    def skipped(self, pieces: Pieces) -> list[str]:
        """What looks like work for the problem set, and lies where nobody grades it."""
        course, name = self._given.course, self._given.assignment.name

        def look(entry: Path) -> list[tuple[str, str]]:
            looked: list[tuple[str, str]] = pieces.do(
                ("folder", entry.name), lambda: why_skipped(entry, name), lambda: why_not_looked_into(entry)
            )
            return looked

        return find_skipped(course, name, look)

    def framed(self, pieces: Pieces, found: HandedIn) -> NotebookNode:
        """What was handed in, in the frame of the released notebook."""
        released, name = self._given.assignment.released, self._given.assignment.name
        reason = UnreadableError(f"{found.name} {_TOO_MUCH}: hand in an ordinary notebook", unread=True)
        return pieces.do(
            "reading it",
            lambda: framed(found.content, found.name, released, found.notes, name),
            lambda: framed(reason, found.name, released, found.notes, name),
        )

    def mark(self, pieces: Pieces, notebook: NotebookNode, execution: Execution | None, content: str) -> Graded:
        """The graded notebook; `content` is the hash of everything that the marks depend on."""
        given = self._given
        if execution is not None and self._key is None:
            self._key = self._ask("key")
        return mark(
            notebook, execution, self._key, given.assignment, given.options, content, given.seed, self._diagnose, pieces
        )

    def _diagnose(self, test: str, received: list[bytes]) -> Misconception | None:
        finder = self._given.finder
        if not finder.knows_of(test):
            return None
        if self._streams is None:
            self._streams = self._ask("streams")
        assert self._key is not None
        return finder.find(test, received, self._key.expected[test], self._streams)
