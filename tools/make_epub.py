"""Pack the course for readers of EPUB: `_build/gradus.epub`, a file a chapter, formulas as MathML, figures as SVG.

    python tools/make_epub.py           # needs the built site, and chromium

It is the document that `tools/make_pdf.py` prints, taken apart again: without page numbers, and with solutions and
answers in a chapter of their own. The same site gives the same text; what is written is replaced only when whole.
"""

from __future__ import annotations

import sys
import uuid
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from paper import HERE, ROOT, Part, document, draw, edition, run
from playwright.sync_api import Browser

TITLE, PROMISE = "Gradus", "Deep learning from the ground up"
MADE = "2026-01-01T00:00:00Z"  # stated once, so that the same site gives the same bytes
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identity}</dc:identifier><dc:title>{title}: {promise}</dc:title>
<dc:language>en</dc:language><dc:creator>Gradus</dc:creator><meta property="dcterms:modified">{made}</meta>
</metadata>
<manifest>
<item id="contents" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="book.css" media-type="text/css"/>
<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
{items}
</manifest>
<spine>
<itemref idref="contents"/>
{spine}
</spine>
</package>
"""
CONTENTS = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>Contents</title><link rel="stylesheet" href="book.css"/></head>
<body><nav epub:type="toc"><h1>Contents</h1>{list}</nav></body>
</html>
"""


def rows_as_list(rows: list[dict[str, Any]]) -> str:
    """The contents as nested lists of links."""
    items = (
        f'<li><a href="{row["target"]}.xhtml">{escape(row["title"])}</a>'
        f"{rows_as_list(row['inner']) if row['inner'] else ''}</li>"
        for row in rows
    )
    return f"<ol>{''.join(items)}</ol>"


def package(pages: list[dict[str, Any]], identity: str) -> str:
    """The list of files and the order in which they are read."""
    properties = {"svg": "svg", "math": "mathml"}
    items = [
        f'<item id="page{number}" href="{page["file"]}" media-type="application/xhtml+xml"'
        + (f' properties="{" ".join(properties[tag] for tag in page["has"])}"' if page["has"] else "")
        + "/>"
        for number, page in enumerate(pages)
    ]
    spine = [f'<itemref idref="page{number}"/>' for number in range(len(pages))]
    return PACKAGE.format(
        identity=identity, title=TITLE, promise=PROMISE, made=MADE, items="\n".join(items), spine="\n".join(spine)
    )


def style(site: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (site / "_static" / "pygments.css", HERE / "paper.css"))


def make(browser: Browser, site: Path, parts: list[Part], target: Path) -> tuple[int, int]:
    """Write the book; returns its files of text and its bytes. Raises PaperError."""
    with document(browser, site, parts, title=TITLE, promise=PROMISE) as page:
        cover = page.locator("header").screenshot()
        rows = page.evaluate("Paper.rows")
        draw(page)
        page.evaluate("Paper.stilled()")
        pages = page.evaluate("Paper.separated()")
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{TITLE} {edition()}"))
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "book/package.opf": package(pages, identity),
        "book/contents.xhtml": CONTENTS.format(list=rows_as_list(rows)),
        "book/book.css": style(site),
        "book/cover.png": cover,
        **{f"book/{page['file']}": f'<?xml version="1.0" encoding="UTF-8"?>\n{page["text"]}' for page in pages},
    }
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".epub.part")
    with zipfile.ZipFile(unfinished, "w") as book:
        book.writestr(entry("mimetype", zipfile.ZIP_STORED), "application/epub+zip")  # first, and as it is
        for file, content in files.items():
            book.writestr(entry(file, zipfile.ZIP_DEFLATED), content)
    unfinished.replace(target)
    return len(pages), target.stat().st_size


def entry(file: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(file, date_time=(2026, 1, 1, 0, 0, 0))
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    return info


if __name__ == "__main__":
    sys.exit(run(make, ROOT / "_build" / "gradus.epub", "chapters"))
