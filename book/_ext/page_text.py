"""A page's parts as short HTML and as plain words, for what is shown away from the page: previews, results of a search.

Links and ids are left out: what they lead to is elsewhere. A formula is MathML in HTML, as on its page, and becomes
ordinary characters in plain words.
"""

from __future__ import annotations

from html import escape

from docutils import nodes
from mathml import FormulaError, mathml
from sphinx import addnodes
from tex_words import tex_as_words

TAGS: dict[type[nodes.Node], str] = {
    nodes.emphasis: "em",
    nodes.strong: "strong",
    nodes.literal: "code",
    nodes.subscript: "sub",
    nodes.superscript: "sup",
}


def as_words(node: nodes.Node) -> str:
    """What a paragraph, title or caption says, on one line."""
    return " ".join("".join(_said(node)).split())


def _said(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.Text):
        return [str(node)]
    if isinstance(node, nodes.math | nodes.math_block):
        return [
            f" {tex_as_words(node.astext())} " if isinstance(node, nodes.math_block) else tex_as_words(node.astext())
        ]
    if isinstance(node, nodes.raw | nodes.comment | addnodes.index):
        return []
    if isinstance(node, nodes.image):
        return []
    parts = [part for child in node.children for part in _said(child)]
    return [*parts, " "] if isinstance(node, nodes.paragraph | nodes.entry | nodes.list_item) else parts


def as_html(node: nodes.Node) -> str:
    """What a paragraph says as HTML without links, ids and pictures."""
    if isinstance(node, nodes.Text):
        return escape(str(node), quote=False)
    if isinstance(node, nodes.math):
        return f'<span class="math">{_formula(node.astext())}</span>'
    if isinstance(node, nodes.raw | nodes.comment | nodes.math_block | nodes.image | addnodes.index):
        return ""
    held = "".join(map(as_html, node.children))
    tag = TAGS.get(type(node), "")
    return f"<{tag}>{held}</{tag}>" if tag else held


def _formula(tex: str) -> str:
    try:
        return mathml(tex)
    except FormulaError:  # the page on which it stands says so
        return escape(tex_as_words(tex))
