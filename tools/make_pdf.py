"""Print the course: `_build/gradus.pdf`, one document with contents, numbered figures, working links and all solutions.

    python tools/make_pdf.py            # needs the built site, and chromium

The contents name pages, which only the finished document knows: it is printed, its pages are read, and it is printed
once more. `_build/gradus.pdf` is replaced only by a document that is whole.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pikepdf
from paper import ROOT, PaperError, Part, document, draw, run
from playwright.sync_api import Browser, Page

TITLE, PROMISE = "Gradus", "Deep learning from the ground up"
FOOT = (
    '<div style="width: 100%; text-align: center; font: 8pt sans-serif; color: #555">'
    '<span class="pageNumber"></span></div>'
)


def printed(page: Page) -> bytes:
    return page.pdf(
        format="A4",
        margin={"top": "18mm", "bottom": "20mm", "left": "20mm", "right": "20mm"},
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT,
        outline=True,
        tagged=True,
    )


def pages_of(content: bytes) -> dict[str, int]:
    """The page, counted from 1, on which each place that a link leads to stands."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, start=1)}
        return {name.lstrip("/"): numbers[place[0].objgen] for name, place in pdf.Root.Dests.items()}


def compact(content: bytes) -> bytes:
    """The same document in less than a third of the bytes: what screen readers need of it is many small things."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(written, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return written.getvalue()


def make(browser: Browser, site: Path, parts: list[Part], target: Path) -> tuple[int, int]:
    """Write the document; returns its pages and its bytes. Raises PaperError."""
    with document(browser, site, parts, title=TITLE, promise=PROMISE) as page:
        draw(page)
        page.evaluate("document.fonts.ready.then(() => null)")
        first = pages_of(printed(page))
        page.evaluate("pages => Paper.numbered(pages)", first)
        content = printed(page)
    unlike = {name for name, number in pages_of(content).items() if first.get(name) != number}
    if unlike:
        raise PaperError(f"The contents changed the pages that they name: {', '.join(sorted(unlike)[:3])}.")
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".pdf.part")
    unfinished.write_bytes(compact(content))
    unfinished.replace(target)
    with pikepdf.open(target) as pdf:
        return len(pdf.pages), target.stat().st_size


if __name__ == "__main__":
    sys.exit(run(make, ROOT / "_build" / "gradus.pdf", "pages"))
