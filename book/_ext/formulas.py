"""Set the formulas of the site while it is built, as MathML, with the typeface for it (`house.css`).

A page needs no script for its formulas, a screen reader reads them, and what is copied of a page (previews, questions
that come back) has them set already. A formula that cannot be set is a warning with its place, which fails the build.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from mathml import FormulaError, mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

RENDERER = "mathml"
CLASSES = "math notranslate nohighlight"
BLANK_LINES = re.compile(r"\n\s*\n")
NEW_LINE = r"\\"
logger = logging.getLogger(__name__)


def set_or_reported(node: nodes.math | nodes.math_block, tex: str, *, display: bool) -> str:
    """The formula of a node as MathML, or, with a warning, its source."""
    try:
        return mathml(tex, display=display)
    except FormulaError as error:
        logger.warning("a formula cannot be set: %s, in: %s", error, tex.strip(), location=node)
        return f"<code>{escape(tex)}</code>"


def displayed(tex: str) -> str:
    """The source of a displayed formula as Sphinx reads it: lines may be broken, and a blank line begins another."""
    parts = [
        rf"\begin{{split}}{part}\end{{split}}" if NEW_LINE in part else part for part in BLANK_LINES.split(tex.strip())
    ]
    return parts[0] if len(parts) == 1 else rf"\begin{{aligned}}{NEW_LINE.join(parts)}\end{{aligned}}"


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS=CLASSES))
    self.body.append(f"{set_or_reported(node, node.astext(), display=False)}</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS=CLASSES))
    if node["number"] and not node["nowrap"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    tex = node.astext() if node["nowrap"] else displayed(node.astext())
    self.body.append(f"{set_or_reported(node, tex, display=True)}</div>\n")
    raise nodes.SkipNode


def choose(app: Sphinx, config: Config) -> None:
    config.html_math_renderer = RENDERER  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, object]:
    app.add_html_math_renderer(RENDERER, (visit_math, None), (visit_math_block, None))
    app.connect("config-inited", choose)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
