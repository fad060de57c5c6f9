"""The index of terms: `{index-of-terms}` lists the words of the glossary from A to Z, each with its places.

The places are those that `glossary.py` marks: where a chapter introduces the term, and where a page uses it first.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from glossary import PAGE, glossary, places_of, slug
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class IndexOfTerms(SphinxDirective):
    """A section for each letter, with a line for each term; `fill` says what stands behind the term."""

    def run(self) -> list[nodes.Node]:
        terms = [row["term"] for row in glossary(Path(self.env.srcdir))]
        letters = {letter: list(those) for letter, those in groupby(terms, lambda term: term[0].upper())}
        jumps = nodes.paragraph(classes=["letters"])
        sections = []
        for letter, those in letters.items():
            name = f"letter-{letter.lower()}"
            jumps += [nodes.reference("", letter, internal=True, refid=name), nodes.Text(" ")]
            lines = [
                nodes.definition_list_item("", nodes.term("", term), nodes.definition(), term=slug(term))
                for term in those
            ]
            title = nodes.title("", letter)
            sections.append(nodes.section("", title, nodes.definition_list("", *lines), ids=[name], names=[name]))
        return [jumps, *sections]


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    for line in doctree.findall(lambda node: isinstance(node, nodes.definition_list_item) and "term" in node):
        term, definition = line.children
        assert isinstance(term, nodes.Element)
        assert isinstance(definition, nodes.Element)
        name = line["term"]
        meaning = nodes.reference("", term.astext(), internal=True, classes=["term"])
        meaning["refuri"] = f"{app.builder.get_relative_uri(page, PAGE)}#term-{name}"
        term.children = []
        term += meaning
        definition += nodes.paragraph("", "", *where(app, page, name))


def where(app: Sphinx, page: str, term: str) -> list[nodes.Node]:
    """`introduced in … · used in …`, each a link to the place, in the order of the book."""
    order = {name: number for number, name in enumerate(pages_in_order(app))}
    pages = sorted((name for name in order if term in places_of(app.env, name)), key=order.__getitem__)
    kinds: dict[str, list[str]] = {"introduced in ": [], "used in ": []}
    for name in pages:
        is_introduced = places_of(app.env, name)[term].startswith("term-")
        kinds["introduced in " if is_introduced else "used in "].append(name)
    words: list[nodes.Node] = []
    for kind, those in kinds.items():
        if those:
            words.append(nodes.Text(f"; {kind}" if words else kind))
        for number, name in enumerate(those):
            address = f"{app.builder.get_relative_uri(page, name)}#{places_of(app.env, name)[term]}"
            words += [nodes.Text(", ")] if number else []
            words.append(nodes.reference("", app.env.titles[name].astext(), internal=True, refuri=address))
    return words


def pages_in_order(app: Sphinx) -> list[str]:
    """The pages of the book as its table of contents has them."""
    order = [app.config.root_doc]
    for name in order:
        order += app.env.toctree_includes.get(name, [])
    return order


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("index-of-terms", IndexOfTerms)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
