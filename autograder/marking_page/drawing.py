"""Written answers as HTML in which nothing acts and nothing is loaded, drawn in a process of its own."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial
from typing import Any

from autograder.bounded.pieces import Pieces
from autograder.bounded.process import Bounded, LostError
from autograder.sanitise import clean_html, clean_outputs, sanitise

LONGEST = 200_000  # characters of an answer that are drawn
_CUT = "\n\n[The rest is left out: it is too long. It stands in the autograded notebook.]"
_LEFT_OUT = "<p>[This takes too long to be drawn, and is left out. It stands in the autograded notebook.]</p>"


class Drawer:
    """Draws cells as HTML, as a service that can be ended at any moment."""

    def __init__(self) -> None:
        from autograder.feedback.pages import FeedbackExporter

        self._exporter = FeedbackExporter()

    def draw(self, pieces: Pieces, cells: list[dict[str, Any]]) -> str:
        """The cells, one below the other. What cannot be drawn is shown as it was written."""
        drawn = []
        for number, cell in enumerate(cells):
            plain = partial(_as_written, cell["source"])
            is_code = cell["cell_type"] == "code"
            drawn.append(plain() if is_code else pieces.do(("cell", number), partial(self._text, cell), plain))
            drawn.append(_printed(clean_outputs(cell.get("outputs", []))))
        return "".join(drawn)

    def _text(self, cell: dict[str, Any]) -> str:
        sanitise([cell])
        return clean_html(self._exporter.markdown2html({"cell": cell}, cell["source"]))


def _make(ask: Callable[[str], Any]) -> object:
    return Drawer()


class Drawing:
    """Asks a `Drawer` in a process that is ended when a text is too much for it."""

    def __init__(self) -> None:
        self._drawer = Bounded(_make)

    def __call__(self, cells: list[dict[str, Any]]) -> str:
        """The HTML of these cells; only what takes part in that is handed over."""
        try:
            return str(self._drawer.call("draw", list(map(_needed, cells))))
        except LostError:
            return _LEFT_OUT

    def close(self) -> None:
        self._drawer.close()


def _needed(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell["source"].replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(source) > LONGEST:
        source = source[:LONGEST] + _CUT
    return {**cell, "source": source, "attachments": cell.get("attachments") or {}}


def _as_written(source: str) -> str:
    return f"<pre>{html.escape(source)}</pre>"


def _printed(outputs: list[Any]) -> str:
    """What a code cell printed, as text; pictures stay in the notebook."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain") or "" for output in outputs]
    return "".join(_as_written(text[:LONGEST]) for text in texts if text)
