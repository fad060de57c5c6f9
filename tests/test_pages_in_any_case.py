"""Whoever handed in what can in no way be drawn has a page with the grader's words all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny_problem_set as tiny
from traitlets.config import Config

from autograder.bounded.process import LostError
from autograder.feedback.writer import FeedbackWriter
from autograder.records.graded import Graded


class Lost:
    """A maker of pages that a source keeps from coming back."""

    def __init__(self, source: str) -> None:
        self.source, self.drawn = source, list[Any]()

    def call(self, name: str, notebook: dict[str, Any], resources: dict[str, Any]) -> str:
        if any(self.source in cell["source"] for cell in notebook["cells"]):
            raise LostError(f"{name} did not come back")
        self.drawn.append(notebook)
        return "a page"

    def close(self) -> None:
        """There is no process."""


def graded() -> Graded:
    said = [{"output_type": "display_data", "data": {"text/plain": "all right"}, "metadata": {}}] * 2
    cells = [
        tiny.cell("code", "mine", "slow to draw") | {"outputs": said},
        tiny.cell("code", "test_double", "same(1, 1)", grade=True, locked=True, points=1) | {"outputs": [*said, *said]},
        tiny.cell("markdown", "text", "slow to draw") | {"attachments": {"a.png": {}}},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Graded("k", 1, {}, [], {"test_double": 1.0}, {}, {}, {}, notebook, {})


def test_a_page_that_cannot_be_drawn_is_one_of_the_graders_words(tmp_path: Path) -> None:
    course = tiny.course(tmp_path)
    for student, lost in (("fast", Lost("no such source")), ("slow", Lost("slow to draw"))):
        with FeedbackWriter(course, tiny.NAME, Config()) as writer:
            writer._pages.close()
            writer._pages = lost  # type: ignore[assignment]
            writer.write(student, graded(), {"test_double": 1.0}, {}, 0.0)
        assert course.feedback_page(student, tiny.NAME).read_text() == "a page"
        (drawn,) = lost.drawn
        assert len(drawn["cells"]) == 3
        assert drawn["cells"][1]["outputs"][-2:] == graded().notebook["cells"][1]["outputs"][-2:]
        assert ("slow to draw" in drawn["cells"][0]["source"]) == (student == "fast")
