"""The glossary's terms on the pages: the first use of each on a page leads to the glossary, which leads back.

`book/appendix/glossary.md` is a table, and stays one where notebooks are read as files. On the site each of its lines
can be linked to, and its last column leads to the very place where a chapter introduces the term. In every notebook
the first use of a term in running text becomes a link, `#use-…`; the bold words that introduce it are `#term-…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from quiz import QuizTag
from sphinx import addnodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

LOGGER = logging.getLogger(__name__)
PAGE = "book/appendix/glossary"
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| \[(?P<title>[^\]]+)\]\(\.\./(?P<path>[^)]+)\) \|$")
# Where a word is no running text: it is a name there, or leads somewhere else already.
NO_PROSE = (
    nodes.title, nodes.caption, nodes.reference, addnodes.pending_xref, nodes.literal, nodes.literal_block, nodes.math,
    nodes.math_block, nodes.raw, nodes.table, nodes.Admonition, nodes.comment, QuizTag,
)  # fmt: skip
NO_PROSE_CLASSES = {"chapter-head", "cell_output", "cell_input"}
NO_PROSE_SECTIONS = {"Further reading"}  # the titles of other people's works
# Words around a term with which it means something else.
OTHERWISE = (
    "weight for height", "ranks patients", "Rank them", "temperature of a river", "What shape are the borders",
    "valleys of the same shape", "more than the shape", "learns the shapes", "dead ends", "all of the accuracy",
    "the accuracy of Monday", "hardly any accuracy",
)  # fmt: skip
# Pages that mean something else by a term throughout: the stride of a window, the kernel of a convolution.
OTHERWISE_ON = {
    "shape": {"book/04-multilayer-perceptrons/01-why-depth"},
    "temperature": {"book/04-multilayer-perceptrons/01-why-depth", "exercises/ps3/ps3"},
    "stride": {"book/06-pytorch-in-practice/03-convolution-and-pooling", "exercises/ps8/ps8"},
    "kernel": {
        "book/06-pytorch-in-practice/03-convolution-and-pooling", "book/06-pytorch-in-practice/07-speed",
        "exercises/ps8/ps8",
    },
    "baseline": {"book/06-pytorch-in-practice/08-what-comes-next"},
    "attention": {"exercises/ps7/ps7"},
}  # fmt: skip


def glossary(root: Path) -> list[dict[str, str]]:
    """The lines of the glossary's table: term, meaning, and title and path of the chapter that introduces it.

    A book without a glossary has none.
    """
    page = root / f"{PAGE}.md"
    lines = page.read_text(encoding="utf-8").splitlines() if page.is_file() else []
    return [match.groupdict() for line in lines if (match := ROW.match(line))]


def slug(term: str) -> str:
    """A term as part of an address: `log-sum-exp`, `hidden-layer`, `hessian`."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def spaced(words: str) -> str:
    """A pattern for words that a line may break."""
    return r"\s+".join(map(re.escape, words.split()))


MEANT_OTHERWISE = re.compile("|".join(map(spaced, OTHERWISE)))


class Terms:
    """What finds terms in a text, with an ending, the longest first: `weight decay` is no `weight`."""

    def __init__(self, terms: list[str]) -> None:
        parts = "|".join(map(spaced, sorted(terms, key=len, reverse=True)))
        self.pattern = re.compile(rf"(?<![\w-])({parts})(?:s|es)?(?![\w-])", re.IGNORECASE)

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Beginning, end and slug of each term in the text that is meant as one."""
        masked = MEANT_OTHERWISE.sub(lambda match: "\0" * len(match[0]), text)
        for match in self.pattern.finditer(masked):
            yield match.start(), match.end(), slug(match[1])

    def of_bold(self, text: str) -> str:
        """The slug of the term that words in bold type are, alone or with an ending; "" if they are none."""
        match = self.pattern.fullmatch(text.rstrip(".,:;"))
        return slug(match[1]) if match else ""


def is_prose(text: nodes.Text) -> bool:
    place = text.parent
    while place is not None:
        if isinstance(place, NO_PROSE) or NO_PROSE_CLASSES & set(place.get("classes", ())):
            return False
        if isinstance(place, nodes.section) and place[0].astext() in NO_PROSE_SECTIONS:
            return False
        place = place.parent
    return True


def mark_uses(doctree: nodes.document, terms: Terms, introduced: set[str]) -> dict[str, str]:
    """Make a place of the first use of each term, and of the bold words that introduce one; the places by slug.

    Args:
        doctree: a page, which is changed.
        introduced: the slugs of the terms that this page introduces.
    """
    places: dict[str, str] = {}
    used: set[str] = set()
    for bold in doctree.findall(nodes.strong):
        term = terms.of_bold(bold.astext())
        if term in introduced and term not in places:
            places[term] = f"term-{term}"
            bold["ids"].append(places[term])
    for text in list(doctree.findall(nodes.Text)):
        if not is_prose(text):
            continue
        new, end = [], 0
        for start, stop, term in terms.found(text):
            if term in used:
                continue
            used.add(term)
            ids = [f"use-{term}"] if term not in places else []
            places.setdefault(term, f"use-{term}")
            new += [nodes.Text(text[end:start])] if start > end else []
            new.append(nodes.inline("", text[start:stop], classes=["term"], ids=ids, term=term))
            end = stop
        if new:
            new += [nodes.Text(text[end:])] if end < len(text) else []
            text.parent.replace(text, new)
    return places


def mark_page(app: Sphinx, doctree: nodes.document) -> None:
    page = app.env.docname
    rows = glossary(Path(app.srcdir))
    if not rows:
        return
    if page == PAGE:
        all_terms = {row["term"] for row in rows}
        for row in doctree.findall(nodes.row):
            if row[0].astext() in all_terms:
                row["ids"].append(f"term-{slug(row[0].astext())}")
    elif app.env.doc2path(page).endswith(".ipynb"):
        introduced = {slug(row["term"]) for row in rows if f"book/{row['path']}" == f"{page}.ipynb"}
        terms = Terms([row["term"] for row in rows if page not in OTHERWISE_ON.get(slug(row["term"]), ())])
        app.env.gradus_terms[page] = mark_uses(doctree, terms, introduced)  # type: ignore[attr-defined]
        for missing in introduced - {term for term, place in places_of(app.env, page).items() if "term-" in place}:
            LOGGER.warning("the glossary says that this page introduces %r: not in bold type", missing, location=page)


def places_of(env: BuildEnvironment, page: str) -> dict[str, str]:
    """The places of terms on a page, by slug; none for a page without any."""
    found: dict[str, str] = getattr(env, "gradus_terms", {}).get(page, {})
    return found


def link(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Turn the marks into links, and let the glossary's last column lead to the place in the chapter."""
    if app.builder.format != "html" or PAGE not in app.env.found_docs:
        return
    if page == PAGE:
        for row in doctree.findall(nodes.row):
            for reference in row[-1].findall(nodes.reference):
                lead_to_place(app, reference, row[0].astext())
    else:
        glossary_page = app.builder.get_relative_uri(page, PAGE)
        for mark in list(doctree.findall(lambda node: isinstance(node, nodes.inline) and "term" in node)):
            address = f"{glossary_page}#term-{mark['term']}"
            reference = nodes.reference("", "", *mark.children, internal=True, refuri=address, classes=["term"])
            reference["ids"] = mark["ids"]
            mark.replace_self(reference)


def lead_to_place(app: Sphinx, reference: nodes.reference, term: str) -> None:
    for page in app.env.found_docs:
        place = places_of(app.env, page).get(slug(term), "")
        if place.startswith("term-") and reference.get("refuri") == app.builder.get_relative_uri(PAGE, page):
            reference["refuri"] += f"#{place}"
            return


def begin(app: Sphinx) -> None:
    if not hasattr(app.env, "gradus_terms"):
        app.env.gradus_terms = {}  # type: ignore[attr-defined]


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    getattr(env, "gradus_terms", {}).pop(page, None)


def gather(app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment) -> None:
    env.gradus_terms |= {page: places_of(other, page) for page in pages}  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", begin)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", gather)
    app.connect("doctree-read", mark_page, priority=600)  # after the layout of the page
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
