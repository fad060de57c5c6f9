"""Read and write every finished page once, however many extensions have something to change in it.

The theme's templates and Sphinx's writer cannot be changed from here, what they wrote can. An extension that does so
connects to the event `pages-finished` and gets all pages as text, by their paths below the site's folder: it puts
another text in the place of one. A page that nobody changed keeps its file as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EVENT = "pages-finished"
TEMPLATES = "_static"  # what lies there is the theme's, and no page


def read_pages(outdir: Path) -> dict[str, str]:
    """The text of every page by its path, `book/index.html`."""
    names = [path.relative_to(outdir) for path in sorted(outdir.rglob("*.html"))]
    return {name.as_posix(): (outdir / name).read_text("utf-8") for name in names if name.parts[0] != TEMPLATES}


def write_changed(outdir: Path, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Write the pages whose text is another one now; returns their paths."""
    changed = [name for name, text in after.items() if before.get(name) != text]
    for name in changed:
        (outdir / name).write_text(after[name], encoding="utf-8")
    return changed


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    outdir = Path(app.outdir)
    before = read_pages(outdir)
    pages = dict(before)
    app.emit(EVENT, pages)
    write_changed(outdir, before, pages)


def setup(app: Sphinx) -> dict[str, object]:
    app.add_event(EVENT)
    app.connect("build-finished", finish, priority=800)  # after whatever writes a page of its own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
