"""Read and write notebooks in the one form in which they are committed.

The form: nbformat 4.5, no outputs, no execution counts, one fixed set of notebook metadata (and in a problem set its
frame), a readable id for every cell, sources without trailing white space, the pictures that a text cell shows, keys
sorted, one space of indentation, a final newline. The same notebook always gives the same bytes, so a difference in
git is a difference in content.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gradus.errors import GradusError
from gradus.notebook.files import instead, loaded

Notebook = dict[str, Any]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MAX_BYTES = 32_000_000  # of a notebook's file; the grader takes no more
KEPT_METADATA = ("gradus_frame",)  # of a problem set: what was handed out
KEPT_CELL_METADATA = ("nbgrader", "tags", "mystnb", "jupyter", "deletable", "editable", "gradus_budget")
_READABLE_ID = re.compile(
    r"[a-z0-9][a-z0-9_-]{0,63}"
    r"|(test_)?[A-Z][A-Za-z]{2,39}[0-9]?d?(-[a-z0-9-]{1,15})?"  # after a class: test_RidgeRegression, BatchNorm1d-hints
)


def read(path: Path) -> Notebook:
    """The notebook in `path`, as plain dictionaries.

    Raises:
        GradusError: the file is missing, cannot be read, is too large, is not JSON, or is no notebook of format 4.
    """
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device would never end
            raise GradusError(f"{path}: not a plain file; name the notebook itself.")
        if (size := path.stat().st_size) > MAX_BYTES:
            raise GradusError(
                f"{path}: {size / 1e6:.0f} MB, more than the {MAX_BYTES / 1e6:.0f} MB that a notebook may have; "
                "clear all outputs and save it."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise GradusError(f"{path}: no such notebook.") from None
    except OSError as error:
        raise GradusError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:  # a null byte in the path
        raise GradusError(f"{path}: not a notebook ({error}).") from None
    try:
        notebook = loaded(data)
    except (ValueError, RecursionError) as error:  # not JSON, a number without end, nested too deep
        raise GradusError(f"{path}: {instead(data, error)}") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise GradusError(f"{path}: not a notebook of format 4; open and save it once in JupyterLab.")
    return notebook


def canonical_text(notebook: Notebook) -> str:
    """The committed form of `notebook`, as text.

    Raises:
        GradusError: a cell's id is missing, is a random one, or is used twice; an unknown cell type.
    """
    cells = [_canonical_cell(index, cell) for index, cell in enumerate(notebook["cells"])]
    ids = [cell["id"] for cell in cells]
    twice = sorted({cell_id for cell_id in ids if ids.count(cell_id) > 1})
    if twice:
        raise GradusError(f"cell id {twice[0]!r} is used twice; give each cell its own.")
    kept = {key: value for key, value in notebook.get("metadata", {}).items() if key in KEPT_METADATA}
    whole = {"cells": cells, "metadata": METADATA | kept, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path: Path, notebook: Notebook) -> None:
    """Write `notebook` to `path` in the committed form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(canonical_text(notebook), encoding="utf-8")


def source_of(cell: Notebook) -> str:
    """A cell's source as one string."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _canonical_cell(index: int, cell: Notebook) -> Notebook:
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown"):
        raise GradusError(f"cell {index + 1}: cell type {kind!r}; only code and Markdown are used here.")
    cell_id = cell.get("id", "")
    if not _READABLE_ID.fullmatch(cell_id) or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", cell_id):
        first_line = (source_of(cell).splitlines() or [""])[0][:60]
        raise GradusError(
            f"cell {index + 1} ({first_line!r}): its id {cell_id!r} says nothing; name it for what it does, "
            "for example 'broadcast-by-hand'."
        )
    text = "\n".join(line.rstrip() for line in source_of(cell).strip("\n").splitlines())
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key in KEPT_CELL_METADATA}
    metadata = {key: value for key, value in metadata.items() if value or value is False}  # `deletable: false` speaks
    plain = {"cell_type": kind, "id": cell_id, "metadata": metadata, "source": text.splitlines(keepends=True)}
    if kind == "code":
        return plain | {"execution_count": None, "outputs": []}
    shown = _shown_pictures(cell.get("attachments"), text)
    return plain | {"attachments": shown} if shown else plain


def _shown_pictures(attachments: Any, text: str) -> Notebook:
    """The pasted pictures that `text` shows. Others stay behind: they may belong to a solution that was taken out."""
    if not isinstance(attachments, dict):
        return {}
    named = f"{text}\n{unquote(text)}"  # JupyterLab writes a blank in a picture's name as %20
    return {name: picture for name, picture in attachments.items() if f"attachment:{name}" in named}
