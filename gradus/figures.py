"""The one way to show a figure: inline SVG that takes the page's own text colour and says in words what it shows."""

from __future__ import annotations

import hashlib
import html
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Letters of 10 points at this scale are 9 pixels high on a phone.
LEGIBLE = 0.7


@dataclass(frozen=True)
class InlineFigure:
    """An SVG drawing and its description; a notebook shows the drawing, plain text shows the description."""

    svg: str
    alt: str

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"[Figure: {self.alt}]"


def figure(fig: Figure, alt: str) -> InlineFigure:
    """Turn a matplotlib figure into one that is readable on a light and on a dark page, and by a screen reader.

    Black ink becomes `currentColor`, the ground becomes transparent, text stays text. The figure is closed, so that the
    notebook does not show it a second time. Make it the last expression of a cell.

    Args:
        fig: a matplotlib figure; leave its text and axes black, and take line colours from the house style.
        alt: what the figure shows, in a sentence or two, for those who cannot see it.

    Raises:
        ValueError: `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("figure(fig, alt=…): say in a sentence what the figure shows; a reader may not see it")
    salt = hashlib.sha256(alt.encode()).hexdigest()[:8]
    return InlineFigure(_for_the_page(drawn(fig, salt), alt, salt), alt)


def drawn(fig: Figure, salt: str) -> str:
    """The SVG document of a matplotlib figure, the same bytes for the same figure and `salt`; the figure is closed."""
    import matplotlib
    import matplotlib.pyplot as plt

    stream = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        # Without a date or a creator the same figure gives the same bytes.
        unsaid = {"Date": None, "Creator": None, "Format": None, "Type": None}
        fig.savefig(stream, format="svg", transparent=True, metadata=unsaid)
    plt.close(fig)
    return stream.getvalue()


def _for_the_page(document: str, alt: str, salt: str) -> str:
    """The `<svg>` element alone, with the page's colour, a label, and ids that no other figure has."""
    svg = document[document.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("#000000", "currentColor")
    svg = own_ids(svg, salt)
    width = re.search(r'width="([\d.]+)pt"', svg)
    # A wide figure shrinks with the page, but no further than its letters can be read; then it scrolls.
    narrowest = f"min-width: {LEGIBLE * float(width[1]):.0f}pt; " if width else ""
    opening = (
        f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" fill="currentColor" '
        f'style="max-width: 100%; {narrowest}height: auto" '
    )
    return opening + svg.removeprefix("<svg").lstrip()


def own_ids(svg: str, salt: str) -> str:
    """Drop the ids that nothing refers to, and mark the others, since a page may hold many figures."""
    referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))

    def marked(match: re.Match[str]) -> str:
        return f' id="{salt}-{match[1]}"' if match[1] in referred else ""

    svg = re.sub(r' id="([^"]+)"', marked, svg)
    return re.sub(r'(href="#|url\(#)([^")]+)', rf"\g<1>{salt}-\g<2>", svg)
