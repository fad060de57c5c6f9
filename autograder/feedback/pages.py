"""Feedback pages: what a student did, what came of it, and the marks. A page loads nothing and runs nothing."""

from __future__ import annotations

import functools
import hashlib
import html
from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML, ansi2html
from nbformat import from_dict
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from autograder.bounded.pieces import ALL, Pieces
from autograder.feedback.template import TEMPLATE, TEMPLATES
from autograder.sanitise import clean_html
from gradus.notebook.cells import is_graded

MOST_BYTES = 60_000_000  # of a page; a notebook and its pictures have fewer
_LONG = 20_000  # characters
_REMEMBERED = 2000  # pieces of text and code
_LEFT_OUT = "<p>[This is left out: the page would be too large.]</p>"


class FeedbackExporter(HTMLExporter):
    """Makes the page; nbgrader's `generate_feedback` uses it too. `set_options` names its template."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pieces = Pieces()
        self.left = MOST_BYTES
        self._texts = _remembering(functools.partial(super().markdown2html, {}))
        self._codes = _remembering(Highlight2HTML(pygments_lexer="ipython3", parent=self))

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown as HTML; a class shares most of its text, which is rendered once.

        What a student wrote may be more than the renderer can take; it is shown as it was written then.
        """
        pictures = context.get("cell", {}).get("attachments")
        draw = functools.partial(super().markdown2html, context) if pictures else self._texts
        return self._drawn("text", draw, source)

    def _highlighted(self, source: str, metadata: object = None) -> str:
        return self._drawn("code", self._codes, source)

    def _drawn(self, kind: str, draw: Callable[[str], str], source: str) -> str:
        if self.left <= 0:
            return _LEFT_OUT
        piece = kind, hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        drawn = self.pieces.do(piece, lambda: draw(source), lambda: _as_written(source))
        self.left -= len(drawn)
        return drawn if self.left > 0 else _LEFT_OUT

    def _printed(self, source: str) -> str:
        return self._drawn("output", ansi2html, str(source))

    def default_filters(self) -> Any:
        yield from super().default_filters()
        yield "clean_html_of_comments", clean_html

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """The page of a graded notebook. (`HTMLExporter` would parse and write it all a second time.)"""
        resources = {**(resources or {}), "gradus_css": _css()}
        self.register_filter("highlight_code", self._highlighted)
        self.register_filter("ansi2html", self._printed)
        self.left = MOST_BYTES
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


class PageMaker:
    """Makes pages, as a service that can be ended at any moment."""

    def __init__(self, sections: dict[str, Any]) -> None:
        """Args: those of nbgrader's options that are about pages."""
        self._exporter = FeedbackExporter(config=Config(sections))

    def page(self, pieces: Pieces, notebook: dict[str, Any], resources: dict[str, Any]) -> str:
        """The page of a graded notebook; text and code that cannot be drawn are shown as they were written."""
        self._exporter.pieces = pieces
        page = "" if ALL in pieces.lost else self._page(notebook, resources)
        return page if 0 < len(page) <= 2 * MOST_BYTES else self._page(_without_outputs(notebook), resources)

    def _page(self, notebook: dict[str, Any], resources: dict[str, Any]) -> str:
        page, _ = self._exporter.from_notebook_node(from_dict(notebook), resources)
        return str(page)


def _without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook that can be drawn in any case: in its cells only the words of the grader are left."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell = {**cell, "outputs": cell["outputs"][-2:] if is_graded(cell) else []}  # what is said of its mark
        cells.append({name: entry for name, entry in cell.items() if name != "attachments"})
    return {**notebook, "cells": cells}


def _remembering(draw: Callable[[str], str]) -> Callable[[str], str]:
    """`draw`, which remembers what it drew; long texts are a student's own, and would fill the memory."""
    remembered = functools.lru_cache(_REMEMBERED)(draw)
    return lambda source: (remembered if len(source) <= _LONG else draw)(source)


def _as_written(source: str) -> str:
    return f"<pre>{html.escape(source)}</pre>"


@functools.cache
def _css() -> str:
    own = (TEMPLATES / TEMPLATE / "feedback.css").read_text(encoding="utf-8")
    return own + HtmlFormatter().get_style_defs(".highlight")
