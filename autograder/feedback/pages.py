"""Feedback pages: what a student did, what came of it, and the marks. A page loads nothing and runs nothing."""

from __future__ import annotations

import copy
import functools
import hashlib
import html
import json
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import from_dict
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from autograder.course import Course
from autograder.feedback.template import TEMPLATE, TEMPLATES
from autograder.files.writing import write_whole
from autograder.records.graded import Graded
from autograder.sanitise import clean_html

_CONTENT = b'<meta name="gradus-content" content="'
_HEAD_BYTES = 2000
_REMEMBERED = 2000  # pieces of text and code


class FeedbackExporter(HTMLExporter):
    """Makes the page; nbgrader's `generate_feedback` uses it too. `set_options` names its template."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        without_attachments = functools.partial(super().markdown2html, {})
        self._texts = functools.lru_cache(_REMEMBERED)(without_attachments)
        self._codes = functools.lru_cache(_REMEMBERED)(Highlight2HTML(pygments_lexer="ipython3", parent=self))

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown as HTML; a class shares most of its text, which is rendered once.

        What a student wrote may be more than the renderer can take; it is shown as it was written then.
        """
        try:
            if context.get("cell", {}).get("attachments"):
                return super().markdown2html(context, source)
            return self._texts(source)
        except Exception:
            return _as_written(source)

    def _highlighted(self, source: str, metadata: object = None) -> str:
        try:
            return self._codes(source)
        except Exception:
            return _as_written(source)

    def default_filters(self) -> Any:
        yield from super().default_filters()
        yield "clean_html_of_comments", clean_html

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """The page of a graded notebook. (`HTMLExporter` would parse and write it all a second time.)"""
        resources = {**(resources or {}), "gradus_css": _css()}
        self.register_filter("highlight_code", self._highlighted)
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


class FeedbackWriter:
    """Writes the pages of one problem set; a page that shows what it should already is left alone."""

    def __init__(self, course: Course, problem_set: str, config: Config) -> None:
        self._course, self._name = course, problem_set
        config = copy.deepcopy(config)
        config.Exporter.default_preprocessors = []
        self._exporter = FeedbackExporter(config=config)

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
        notebook = from_dict(graded.notebook)  # a copy
        known = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader")]
        for cell in known:
            cell.update(score=marks.get(cell.grade_id, 0.0), comment=comments.get(cell.grade_id))
        resources = {
            "nbgrader": {
                "notebook": self._name,
                "score": sum(mark or 0.0 for mark in marks.values()) - late_penalty,
                "max_score": sum(float(cell.points) for cell in known if cell.get("grade") or cell.get("task")),
                "late_penalty": late_penalty,
            },
            "gradus_content": content,
        }
        page, _ = self._exporter.from_notebook_node(notebook, resources)
        write_whole(path, page.encode("utf-8", "replace"), durable=False)


def _as_written(source: str) -> str:
    return f"<pre>{html.escape(source)}</pre>"


def _content_of(path: Path) -> bytes:
    """The hash of what a page shows, as it says itself."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return b""
    _, found, rest = head.partition(_CONTENT)
    return rest[:64] if found else b""


@functools.cache
def _css() -> str:
    own = (TEMPLATES / TEMPLATE / "feedback.css").read_text(encoding="utf-8")
    return own + HtmlFormatter().get_style_defs(".highlight")
