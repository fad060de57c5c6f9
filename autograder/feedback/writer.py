"""Writes feedback pages, each when it would show something else than it does."""

from __future__ import annotations

import copy
import hashlib
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from autograder.bounded.process import Bounded, LostError
from autograder.course import Course
from autograder.files.writing import write_whole
from autograder.records.graded import Graded
from gradus.notebook.cells import has_points, is_graded, points_of

if TYPE_CHECKING:
    from traitlets.config import Config

_CONTENT = b'<meta name="gradus-content" content="'
_HEAD_BYTES = 2000
_MAKER = "autograder.feedback.pages"
_LEFT_OUT = "[What stands here takes too long to be drawn, and is left out.]"
# What of nbgrader's options is about pages: others may hold classes of the instructor's, which stay here.
_SECTIONS = ("FeedbackExporter", "HTMLExporter", "TemplateExporter", "Exporter", "NbConvertBase", "Highlight2HTML")


@dataclass(frozen=True)
class _Make:
    """Makes a maker of pages where it is to work."""

    sections: dict[str, Any]

    def __call__(self, ask: Callable[[str], Any]) -> object:
        return importlib.import_module(_MAKER).PageMaker(self.sections)


class FeedbackWriter:
    """Writes the pages of one problem set; a page that shows what it should already is left alone. A context manager.

    They are drawn in a process of their own: no text of a student's can hold up the others.
    """

    def __init__(self, course: Course, problem_set: str, config: Config) -> None:
        self._course, self._name = course, problem_set
        own = {name: copy.deepcopy(config[name]) for name in _SECTIONS if name in config}
        own.setdefault("Exporter", {})["default_preprocessors"] = []
        self._pages = Bounded(_Make(own))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pages.close()

    def write(
        self,
        student: str,
        graded: Graded,
        marks: dict[str, float | None],
        comments: dict[str, str | None],
        late_penalty: float,
    ) -> None:
        """Write one student's page.

        Args:
            marks: of every graded cell, those given by hand included; None for one that nobody has read yet.
            comments: by the cell's name.
            late_penalty: what is taken off the sum.
        """
        shown = [graded.key, marks, comments, late_penalty]
        content = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
        path = self._course.feedback_page(student, self._name)
        if _content_of(path) == content.encode():
            return
        notebook = copy.deepcopy(graded.notebook)
        known = [entry for cell in notebook["cells"] if (entry := cell["metadata"].get("nbgrader"))]
        for entry in known:
            entry.update(score=marks.get(entry["grade_id"], 0.0), comment=comments.get(entry["grade_id"]))
        resources = {
            "nbgrader": {
                "notebook": self._name,
                "score": sum(mark or 0.0 for mark in marks.values()) - late_penalty,
                "max_score": sum(points_of(cell) for cell in notebook["cells"] if has_points(cell)),
                "late_penalty": late_penalty,
            },
            "gradus_content": content,
        }
        page = self._page(notebook, resources)
        write_whole(path, page.encode("utf-8", "replace"), durable=False)

    def _page(self, notebook: dict[str, Any], resources: dict[str, Any]) -> str:
        """The page; one of the grader's words alone where what the student wrote can in no way be drawn."""
        try:
            page: str = self._pages.call("page", notebook, resources)
        except LostError:
            page = self._pages.call("page", _words_alone(notebook), resources)
        return page


def _words_alone(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook's cells without what is in them, but for what is said of a mark."""
    cells = []
    for cell in notebook["cells"]:
        cell = {**cell, "source": _LEFT_OUT}
        cell.pop("attachments", None)
        if cell["cell_type"] == "code":
            cell["outputs"] = cell["outputs"][-2:] if is_graded(cell) else []
        cells.append(cell)
    return {**notebook, "cells": cells}


def _content_of(path: Path) -> bytes:
    """The hash of what a page shows, as it says itself."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return b""
    _, found, rest = head.partition(_CONTENT)
    return rest[:64] if found else b""
