"""A formula in TeX as MathML that every browser draws itself: no script, and nothing to wait for.

MathJax 3.2.2 reads the TeX, as it does in JupyterLab and Colab; it comes with the package `sphinx-mathjax-offline`, and
runs in V8 (`mini-racer`) while the site is built. What it found is written by `mathml.js`, for browsers.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from py_mini_racer import JSEvalException, MiniRacer

PARTS = ("startup", "core", "adaptors/liteDOM", "input/tex-full")
WRITER = Path(__file__).with_name("mathml.js")
# MathJax asks for what a browser has before it looks whether it is in one.
SURROUNDINGS = """
var window = undefined, global = this, MathJax = {startup: {typeset: false}, loader: {load: []}};
var setTimeout = () => {}, console = {log() {}, warn() {}, error() {}};
"""
REASON = re.compile(r"Error: (.*)")


class FormulaError(Exception):
    """Why a formula cannot be set, in one sentence."""


def mathjax_source() -> Path:
    """The folder of the installed MathJax; raises FormulaError with the cure when a part of it is missing."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise FormulaError("MathJax is missing: pip install --no-deps -r requirements.txt (sphinx-mathjax-offline)")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def program(source: Path) -> str:
    """MathJax's reader of TeX and our writer, as one script; raises FormulaError when a part is missing."""
    files = [*(source / f"{name}.js" for name in PARTS), WRITER]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise FormulaError(f"sphinx-mathjax-offline has no {' and no '.join(missing)}: its MathJax is another one")
    return ";\n".join([SURROUNDINGS, *(file.read_text(encoding="utf-8") for file in files)])


@cache
def _engine() -> MiniRacer:
    engine = MiniRacer()
    engine.eval(program(mathjax_source()))
    return engine


@cache
def mathml(tex: str, *, display: bool = False) -> str:
    """The formula as a `<math>` element, in a line of text or displayed; raises FormulaError with MathJax's reason."""
    try:
        return str(_engine().call("formula", tex, display))
    except JSEvalException as error:
        reason = REASON.search(str(error))
        raise FormulaError(reason[1].strip() if reason else str(error)) from error
