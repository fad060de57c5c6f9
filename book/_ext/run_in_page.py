"""Tell a page that runs its cells in the browser which of them need Python alone; `_static/run-in-page.js` runs them.

The pages are named in `_config.yml` as `gradus_run_in_page`. Nothing is loaded before a reader asks for it. Without
Pyodide (`browser_python.py`) the pages are as all others are. `python_alone.py` says which cells can run.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browser_python
from python_alone import needs_of
from sphinx.errors import ExtensionError

from gradus.notebook.form import read, source_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FOLDER = "pyodide"  # below `_static`
RUNNER = Path(__file__).with_name("cell_runner.py")  # what runs the cells in that Python
CELL = re.compile(r'<div class="cell(?: [^"]*)? docutils container"')
# A package in words, as a reader knows it; IPython is what a notebook is run by.
NAMES = {"torch": "PyTorch", "gradus": "the library of this course", "numpy": "NumPy", "IPython": "Jupyter"}


def put_python_there(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Before any page is written, put Python into the site, if a page of it runs cells; else say why not."""
    env.gradus_python = None  # type: ignore[attr-defined]
    if app.builder.name != "html" or not set(app.config.gradus_run_in_page) & env.found_docs:
        return
    try:
        archive = browser_python.archive()
    except browser_python.UnavailableError as reason:
        print(f"The chapters have no cells that run in the page: {reason}", file=sys.stderr)
        return
    folder = Path(app.outdir) / "_static" / FOLDER
    weight = browser_python.unpack(archive, folder)
    shutil.copy(RUNNER, folder)
    env.gradus_python = weight  # type: ignore[attr-defined]


def in_words(packages: set[str]) -> str:
    """What a cell needs, in a sentence's words: `PyTorch and matplotlib`."""
    names = sorted(NAMES.get(package, package) for package in packages)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def cells_of(notebook: dict[str, Any]) -> list[dict[str, str]]:
    """The code cells in order, each with its id, and with what it needs that the page does not have."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    needs = needs_of([source_of(cell) for cell in cells])
    return [
        {"id": cell["id"], **({"needs": in_words(packages)} if packages else {})}
        for cell, packages in zip(cells, needs, strict=True)
    ]


def mark(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    weight: browser_python.Weight | None = getattr(app.env, "gradus_python", None)
    if weight is None or pagename not in app.config.gradus_run_in_page or "body" not in context:
        return
    path = Path(app.env.doc2path(pagename))
    cells = cells_of(read(path))
    shown = len(CELL.findall(context["body"]))
    if shown != len(cells):
        raise ExtensionError(f"{path.name} has {len(cells)} code cells, and its page {shown}: they cannot be run there")
    facts = {"page": pagename, "cells": cells, "megabytes": _mega(weight.plain), "packed": _mega(weight.packed)}
    written = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("</", r"<\/")
    context["body"] += f'<script type="application/json" id="run-in-page">{written}</script>'
    app.add_css_file("run-in-page.css")
    app.add_js_file("run-in-page.js", loading_method="defer")


def _mega(size: int) -> int:
    return round(size / 1e6)


def setup(app: Sphinx) -> dict[str, object]:
    app.add_config_value("gradus_run_in_page", [], "html")
    app.connect("env-before-read-docs", put_python_there)
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
