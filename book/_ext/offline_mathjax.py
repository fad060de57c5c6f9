"""Serve MathJax 3.2.2 from the site itself, so that formulas are set without a network.

The package `sphinx-mathjax-offline` carries all of MathJax, 24 MB. The site needs the parts that set TeX, which are put
into one script, the TeX extensions that `\\require` and autoloading may ask for, and the fonts: about 1.6 MB. MathJax's
own script has a menu too, a third of its size, which is left out: it would make every formula a stop of the tab key
and can load speech rules from a content delivery network. `formulas.js` loads the script when the text of a page is
there, and has the formulas set in small steps. `wide-boxes.js` makes a stop of those
formulas only that are wider than the page.
"""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

NEEDED = ("input/tex/extensions", "output/chtml/fonts/woff-v2")
SCRIPT = "tex-chtml.js"
# In this order: the first one defines what the others report to, and begins when all have been read.
PARTS = ("core", "input/tex", "output/chtml", "output/chtml/fonts/tex", "a11y/assistive-mml")
LOADED = re.compile(r"[ \t]*<script>window\.MathJax = .*?</script>\n|[ \t]*<script [^>]*/formulas\.js[^>]*></script>\n")
HAS_FORMULAS = ('class="math ', "/questions.js")  # quick questions have formulas, which come from this script


def mathjax_source() -> Path:
    """The folder of the installed MathJax; raises ExtensionError with the cure when the package is missing."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("MathJax is missing: pip install --no-deps -r requirements.txt (sphinx-mathjax-offline)")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def point_to_local_copy(app: Sphinx, config: Config) -> None:
    config.mathjax_path = "formulas.js"
    config.mathjax_options = {"defer": "defer"}
    config.mathjax3_config = {}


def in_one(source: Path) -> str:
    """The parts of MathJax that set TeX, as one script; raises ExtensionError when one is missing."""
    files = [source / f"{name}.js" for name in ("startup", *PARTS)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ExtensionError(f"sphinx-mathjax-offline has no {' and no '.join(missing)}: its MathJax is another one")
    return ";\n".join(file.read_text(encoding="utf-8") for file in files)


def copy_needed_part(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_source(), Path(app.outdir) / "_static" / "mathjax"
    for name in NEEDED:
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    (target / SCRIPT).write_text(in_one(source), encoding="utf-8")


def without_mathjax(page: str) -> str:
    """A page as it is if it has formulas, else without the scripts for them: Sphinx has them on the first page too."""
    return page if any(sign in page for sign in HAS_FORMULAS) else LOADED.sub("", page)


def leave_out_where_idle(app: Sphinx, pages: dict[str, str]) -> None:
    for name, page in pages.items():
        pages[name] = without_mathjax(page)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("config-inited", point_to_local_copy, priority=400)  # before myst-parser adds its class names
    app.connect("build-finished", copy_needed_part)
    app.setup_extension("finished_pages")
    app.connect("pages-finished", leave_out_where_idle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
