"""Load the scripts of the figures that a reader moves by hand, on the pages that have such figures.

A page's HTML holds `<div class="gradus-move" data-move="NAME">` with a still picture; `book/_static/move/NAME.js` says
what moves, `kernel.js` beside it how. A name without a script, and a script of more than 40 KB, fail the build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCRIPTS = Path(__file__).resolve().parent.parent / "_static" / "move"
FIGURE = re.compile(r'class="gradus-move" data-move="([\w-]+)"')
LARGEST = 40_000  # bytes, of one figure's script


def load_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    names = sorted(set(FIGURE.findall(context.get("body", ""))))
    for name in ("kernel", *names) if names else ():
        script = SCRIPTS / f"{name}.js"
        if not script.is_file():
            raise ExtensionError(
                f"{pagename} has a figure {name!r} to move, and there is no _static/move/{script.name}"
            )
        if script.stat().st_size > LARGEST:
            raise ExtensionError(f"{name}.js has more than {LARGEST:,} bytes: a reader on a slow line waits for it")
        app.add_js_file(f"move/{script.name}", loading_method="defer")


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("html-page-context", load_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
