"""What the search finds: the sentences of all pages, in the order of the book, in `_static/sentences.js`.

Sphinx's own search knows which words a page has, and fetches the page to show where; a page opened from a file may not
fetch. So the text itself is written down, by pages and sections: sentences with formulas as plain characters, and the
lines of code. Outputs and whatever is folded (the code of figures, answers, solutions) are left out.
`_static/search.js` looks in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from glossary import PAGE as GLOSSARY
from index_of_terms import pages_in_order
from learning_kept import as_json
from myst_nb.sphinx_ import HideCodeCellNode
from page_text import as_words
from previews import version
from quiz import QuizTag
from sphinx import addnodes
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FILE = "sentences.js"
OF_SPHINX = ("searchtools.js", "language_data.js")  # its own search, which no page loads
LARGEST = 2_500_000  # bytes before they are packed, of the whole book
LISTS = ("book/appendix/index-of-terms", "book/appendix/course-map")  # every word is in them, and explained elsewhere
# The end of a sentence, unless what ends there is an abbreviation.
ABBREVIATED = r"(?<!\bFig\.)(?<!\bal\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)"
END = re.compile(rf"{ABBREVIATED}(?:(?<=[.!?])|(?<=[.!?][”\"’)]))\s+(?=[“\"‘(\[]?[A-Z0-9`])")
BLOCKS = (nodes.paragraph, nodes.caption, nodes.row, nodes.math_block)
LEFT_OUT_CLASSES = {"chapter-head", "cell_output", "toctree-wrapper", "course-path"}
# Lines of code that say nothing to who searches: they import, check and show.
ASIDE = re.compile(r"(?:import|from|assert|print|f?\"|#|ax|axes|fig|plt|%)\b|[%#\"]")


@dataclass
class Section:
    """A heading with what stands below it, up to the next heading.

    `kind` is "t" for the title of a page, "h" for a heading, "g" for a term of the glossary, "n" for a name of the
    library, "x" for an exercise.
    """

    place: str
    heading: str
    kind: str
    sentences: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def packed(self) -> list[str]:
        return [self.place, self.heading, self.kind, "\n".join(self.sentences), "\n".join(self.code)]


def split(text: str) -> list[str]:
    """A paragraph's sentences."""
    return [sentence for sentence in END.split(text) if sentence]


class Reading:
    """A page read from top to bottom, section by section."""

    def __init__(self, doctree: nodes.document, page: str) -> None:
        self.page = page
        self.sections: list[Section] = []
        self.folded = 0  # within so many <details>
        self.lines: set[str] = set()  # of code, each once on a page
        self.read_all(doctree.children)

    def read(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.raw):
            self.folded += node.astext().count("<details") - node.astext().count("</details>")
        elif isinstance(node, nodes.section) and isinstance(node[0], nodes.title):
            self.sections.append(Section(f"#{node['ids'][0]}", as_words(node[0]), "h" if self.sections else "t"))
            self.read_all(node.children[1:])
        elif self.sections and not self.folded:
            self.read_part(node)

    def read_all(self, children: list[nodes.Node]) -> None:
        for child in children:
            self.read(child)

    def read_part(self, node: nodes.Node) -> None:
        if isinstance(node, HideCodeCellNode) or (isinstance(node, QuizTag) and node.get("tag") == "details"):
            return
        if isinstance(node, nodes.Element) and LEFT_OUT_CLASSES & set(node.get("classes", ())):
            self.read_all([caption.parent for caption in node.findall(nodes.caption)])
        elif isinstance(node, nodes.figure):
            self.read_all(list(node.findall(nodes.caption)))
        elif isinstance(node, addnodes.desc):
            self.read_name(node)
        elif isinstance(node, nodes.Admonition) and "exercise" in node.get("classes", ()) and node["ids"]:
            self.read_exercise(node)
        elif isinstance(node, nodes.row) and self.page == GLOSSARY:
            self.read_term(node)
        elif isinstance(node, BLOCKS):
            self.sections[-1].sentences += split(as_words(node))
        elif isinstance(node, nodes.literal_block):
            self.read_code(node.astext())
        else:
            self.read_all(node.children)

    def read_code(self, code: str) -> None:
        for line in map(str.strip, code.splitlines()):
            if line not in self.lines and re.search(r"[A-Za-z]{2}", line) and not ASIDE.match(line):
                self.lines.add(line)
                self.sections[-1].code.append(line)

    def read_exercise(self, exercise: nodes.Element) -> None:
        titles = [part for part in exercise.children if isinstance(part, nodes.title)]
        heading = " ".join(["Exercise", *(title for title in map(as_words, titles) if title)])
        self.sections.append(Section(f"#{exercise['ids'][0]}", heading, "x"))
        self.read_all([part for part in exercise.children if part not in titles])

    def read_term(self, row: nodes.row) -> None:
        if row["ids"]:
            term = Section(f"#{row['ids'][0]}", as_words(row[0]), "g", [as_words(row[1])])
            self.sections.append(term)

    def read_name(self, description: addnodes.desc) -> None:
        signature = next(iter(description.findall(addnodes.desc_signature)))
        if signature["ids"]:
            name = signature.get("fullname", "") or signature["ids"][0].rpartition(".")[2]
            self.sections.append(Section(f"#{signature['ids'][0]}", name, "n"))
        self.read_all([part for part in description.children if isinstance(part, addnodes.desc_content)])


def gather(app: Sphinx, doctree: nodes.document, page: str) -> None:
    if app.builder.name == "html" and page not in LISTS:
        app.gradus_sentences[page] = Reading(doctree, page).sections  # type: ignore[attr-defined]


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    read: dict[str, list[Section]] = app.gradus_sentences  # type: ignore[attr-defined]
    pages = [
        [app.builder.get_target_uri(page), [section.packed() for section in read[page]]]
        for page in pages_in_order(app)
        if page in read
    ]
    script = f"window.gradusSentences = {as_json(pages)};\n".encode()
    if len(script) > LARGEST:
        raise ExtensionError(f"{FILE} has {len(script):,} bytes; whoever searches waits for it")
    static = Path(app.outdir) / "_static"
    (static / FILE).write_bytes(script)
    for name in OF_SPHINX:
        (static / name).unlink(missing_ok=True)


def begin(app: Sphinx) -> None:
    app.gradus_sentences = {}  # type: ignore[attr-defined]
    if app.builder.name == "html":
        app.builder.search = False  # neither Sphinx's index nor its page


def add_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name == "html":
        yield "search", {"book_version": version(app)}, "search.html"


def add_style(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    if templatename == "search.html":
        app.add_css_file("search.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", gather, priority=600)
    app.connect("html-collect-pages", add_page)
    app.connect("html-page-context", add_style)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
