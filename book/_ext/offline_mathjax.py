"""Serve MathJax 3.2.2 from the site itself, so that formulas are set without a network.

The package `sphinx-mathjax-offline` carries all of MathJax, 24 MB. The site needs one bundle, the TeX extensions that
`\\require` and autoloading may ask for, and the fonts: about 2 MB. The menu is off: it would make every formula a stop
of the tab key and can load speech rules from a content delivery network. `wide-boxes.js` makes a stop of those
formulas only that are wider than the page.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

NEEDED = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")
SETTINGS = {"options": {"enableMenu": False}}


def mathjax_source() -> Path:
    """The folder of the installed MathJax; raises ExtensionError with the cure when the package is missing."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError("MathJax is missing: pip install --no-deps -r requirements.txt (sphinx-mathjax-offline)")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def point_to_local_copy(app: Sphinx, config: Config) -> None:
    config.mathjax_path = "mathjax/tex-chtml.js"
    config.mathjax3_config = SETTINGS


def copy_needed_part(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_source(), Path(app.outdir) / "_static" / "mathjax"
    for name in NEEDED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("config-inited", point_to_local_copy, priority=400)  # before myst-parser adds its class names
    app.connect("build-finished", copy_needed_part)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
