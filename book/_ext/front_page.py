"""Give the site a proper `index.html` at its top: it leads to the book's first page.

Without it sphinx-external-toc writes a bare redirect, without language, title or icon: a browser then asks for
`/favicon.ico`, which is not there, and a screen reader has nothing to say.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <link rel="icon" href="_static/{icon}">
    <meta http-equiv="refresh" content="0; url={address}">
    <link rel="canonical" href="{address}">
  </head>
  <body>
    <main><h1>{title}</h1><p><a href="{address}">Open the book</a></p></main>
  </body>
</html>
"""


def write_front_page(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html" or app.config.root_doc == "index":
        return
    address = app.builder.get_target_uri(app.config.root_doc)
    page = PAGE.format(title=escape(app.config.html_title), icon=Path(app.config.html_favicon).name, address=address)
    (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    app.connect(
        "build-finished", write_front_page, priority=100
    )  # sphinx-external-toc writes one only if none is there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
