"""What a notebook takes from the machine that it is on and the grader does not have: packages, and files beside it."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Literal

from gradus.hand_in.findings import Finding, cell_name
from gradus.hand_in.grader import normalised, packages
from gradus.hand_in.plain_python import Mistake, tree_of
from gradus.notebook.form import Notebook, source_of

_OURS = {"gradus", "d2l"}
_CATCHES_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_WRITES = re.compile(r"^\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)", re.MULTILINE)
_RUNS = re.compile(r"^\s*%(?:run|load)\s+(?:-\w+\s+)*['\"]?([^\s'\"]+)", re.MULTILINE)
_INSTALLS = re.compile(r"^\s*[%!]\s*(?:pip3?|conda|mamba|uv pip|python3? -m pip)\s+install\b", re.MULTILINE)
_ELSEWHERE = re.compile(r"~|/content/|/home/|/Users/|/root/|[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Need:
    """One thing that a cell takes and the grader lacks. `name` is the module's, or the file's as the cell says it."""

    index: int  # of the cell
    kind: Literal["module", "file", "install"]
    name: str
    finding: Finding


def needs_of(notebook: Notebook, folder: Path) -> list[Need]:
    """What the code cells of a notebook that lies in `folder` take and the grader does not have; nothing is run.

    What a cell writes itself, what stands under `if`, and an import that may fail (`try: … except ImportError:`) are
    taken for what the cell can do without.
    """
    cells = notebook["cells"]
    sources = [source_of(cell) if cell.get("cell_type") == "code" else "" for cell in cells]
    written = {Path(name).name for source in sources for name in _WRITES.findall(source)}
    found: dict[tuple[str, str], Need] = {}
    for index, source in enumerate(sources):
        tree = tree_of(source)
        where = cell_name(cells, index)
        if not isinstance(tree, Mistake):
            for module in dict.fromkeys(map(_known_as, _imported(tree.body))):
                if f"{module}.py" in written or _is_given(module, folder):
                    continue
                need = Need(index, "module", module, Finding("problem", where, *_about_module(module, folder)))
                found.setdefault(("module", module), need)
        for text in [*_texts(tree), *_RUNS.findall(source)]:
            if text not in written and (about := _about_file(text, folder)):
                found.setdefault(("file", text), Need(index, "file", text, Finding("problem", where, *about)))
        if _INSTALLS.search(source) and "import gradus" not in source:
            what = "it installs a package, which the grader, without a network, does not."
            cure = "do without the package: the grader has what the course installs, and nothing else."
            need = Need(index, "install", source, Finding("note", where, what, cure))
            found.setdefault(("install", source), need)
    return list(found.values())


def _imported(body: list[ast.stmt]) -> Iterator[str]:
    """The modules that these statements must import, with dots; functions and classes are looked into."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Try):
            yield from _imported([*([] if _may_fail(node) else node.body), *node.orelse, *node.finalbody])
        elif not isinstance(node, ast.If) and not _suppresses(node):
            yield from _imported(getattr(node, "body", []))


def _suppresses(node: ast.stmt) -> bool:
    return isinstance(node, ast.With) and "suppress" in ast.dump(node.items[0])


def _may_fail(node: ast.Try) -> bool:
    caught = [name for handler in node.handlers for name in _names(handler.type)]
    return any(handler.type is None for handler in node.handlers) or bool(_CATCHES_IMPORT & set(caught))


def _names(node: ast.expr | None) -> list[str]:
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)] if node is not None else []


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: list(owners) for name, owners in packages_distributions().items()}


def _known_as(module: str) -> str:
    """The package that an imported module belongs to; Colab's own shares its first name with others."""
    return "google.colab" if f"{module}.".startswith("google.colab.") else module.partition(".")[0]


def _is_given(top: str, folder: Path) -> bool:
    """Whether the grader has the package or module called `top`."""
    if top in sys.stdlib_module_names or top in _OURS or top == "__main__":
        return True
    if top == "google.colab" or _beside(top, folder):
        return False
    return any(normalised(name) in packages() for name in _distributions().get(top, [top]))


def _beside(top: str, folder: Path) -> Path | None:
    """The module or package called `top` in the notebook's folder, unless an installed one is meant."""
    for path in (folder / f"{top}.py", folder / top):
        if path.is_file() or (path.is_dir() and any(path.glob("*.py"))):
            return path
    return None


def _is_found(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _about_module(top: str, folder: Path) -> tuple[str, str]:
    """What is wrong with importing `top`, and the cure."""
    if top == "google.colab":
        return f"`{top}` is there on Colab only: the grader stops at this import.", "take the line out."
    if there := _beside(top, folder):
        cure = "copy what you use of it into a cell of the notebook: that one file is all that is handed in."
        return f"`{there.name}` beside the notebook is not handed in, and this cell imports it.", cure
    if top in _distributions() or not _is_found(top):
        cure = "do without it, or let the cell go on where it is missing: `try: … except ImportError: …`."
        return f"`{top}` is not among the packages that the grader has: it stops at this import.", cure
    cure = "copy what you use of it into a cell of the notebook: that one file is all that is handed in."
    return f"`{top}` is a module on this machine only, and is not handed in.", cure


def _texts(tree: ast.Module | Mistake) -> list[str]:
    """The texts in a cell that may be a file's name: with a dot or a slash, on one line."""
    if isinstance(tree, Mistake):
        return []
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if 2 < len(text) < 300 and re.search(r"[./\\]", text) and text.isprintable()]


def _about_file(text: str, folder: Path) -> tuple[str, str] | None:
    """What is wrong when `text` names a file of this machine, and the cure; None when it names none."""
    cure = (
        "the grader gets the notebook alone: write what you need of it into a cell, or read it from the course's data."
    )
    try:
        if _ELSEWHERE.match(text):
            there = Path(text).expanduser().is_file()
            return (f"`{text}` is a file of this machine, and is not handed in.", cure) if there else None
        path = folder / text
        if path.is_absolute() and Path(text).is_absolute():
            return None  # a part of the system
        if path.resolve() == folder.resolve() or path.suffix == ".ipynb" or not path.exists():
            return None
    except (OSError, ValueError, RuntimeError):
        return None
    return f"`{text}` beside the notebook is not handed in, and this cell names it.", cure
