"""What a link shows when the pointer rests on it, or the keyboard: the texts for `_static/hovers.js`.

Figures and equations of the same page are copied from the page. What lies elsewhere stands in `_static/previews.js`,
written at the end of the build and fetched with the first hover: the glossary's definitions, the cited works, the first
paragraph of each page or section that another page links to. It is a script, since a page opened from a file may load
nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from glossary import PAGE as GLOSSARY
from learning_kept import as_json
from page_text import as_html, as_words
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FILE = "previews.js"
LARGEST = 150_000  # bytes, of all previews
LINK = re.compile(r'<a class="[^"]*\breference internal"[^>]* href="([^"#]*)(#[^"]*)?"')


def gather(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Keep what each place of a page would show, by its address from the top of the site."""
    if app.builder.name == "html":
        address = app.builder.get_target_uri(page)
        previews: dict[str, str] = app.gradus_previews  # type: ignore[attr-defined]
        previews |= {f"{address}{place}": html for place, html in shown(doctree, page)}


def shown(doctree: nodes.document, page: str) -> Iterator[tuple[str, str]]:
    """Each place of a page, "" for the page itself, and the HTML that a link to it shows."""
    for section in doctree.findall(nodes.section):
        first = next((child for child in section.children if isinstance(child, nodes.paragraph)), None)
        if first is not None:
            html = f"<p><strong>{as_html(section[0])}</strong></p><p>{as_html(first)}</p>"
            yield from ((f"#{name}", html) for name in section["ids"])
            if section.parent is doctree:
                yield "", html
    for work in doctree.findall(nodes.citation):
        yield from ((f"#{name}", "".join(f"<p>{as_html(part)}</p>" for part in work[1:])) for name in work["ids"])
    for figure in doctree.findall(nodes.figure):
        for caption in figure.findall(nodes.caption):
            yield from ((f"#{name}", f"<p>{as_html(caption)}</p>") for name in figure["ids"])
    for row in doctree.findall(nodes.row):
        if page == GLOSSARY and row["ids"]:
            yield f"#{row['ids'][0]}", f"<p><strong>{as_words(row[0])}</strong>: {as_html(row[1])}</p>"


def linked(app: Sphinx) -> Iterator[str]:
    """The addresses, from the top of the site, to which the text of a page links on another page."""
    outdir = Path(app.outdir).resolve()
    for page in app.env.found_docs:
        path = outdir / app.builder.get_target_uri(page)
        text = path.read_text(encoding="utf-8").partition('<article class="bd-article"')[2].partition("</article>")[0]
        for target, place in set(LINK.findall(text)):
            if target:
                yield (path.parent / target).resolve().relative_to(outdir).as_posix() + place


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    previews: dict[str, str] = app.gradus_previews  # type: ignore[attr-defined]
    wanted = sorted(set(linked(app)) & set(previews))
    script = f"window.gradusPreviews = {as_json({name: previews[name] for name in wanted})};\n".encode()
    if len(script) > LARGEST:
        raise ExtensionError(f"{FILE} has {len(script):,} bytes; a reader on a slow line waits for it")
    (Path(app.outdir) / "_static" / FILE).write_bytes(script)


def load_script(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    if doctree is not None:
        app.add_js_file("hovers.js", loading_method="defer", **{"data-previews": f"{FILE}?v={version(app)}"})


def version(app: Sphinx) -> str:
    """A name for the book as it is written, known before its pages are: a browser may keep a file of an older one."""
    known: str = getattr(app, "gradus_version", "")
    if not known:
        sources = sorted(Path(app.env.doc2path(page)) for page in app.env.found_docs)
        code = sorted(Path(__file__).parent.glob("*.py"))
        known = hashlib.sha256(b"".join(path.read_bytes() for path in [*sources, *code])).hexdigest()[:8]
        app.gradus_version = known  # type: ignore[attr-defined]
    return known


def begin(app: Sphinx) -> None:
    app.gradus_previews = {}  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", gather, priority=600)
    app.connect("html-page-context", load_script)
    app.connect("build-finished", write, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
