"""The head of a chapter: its first cell, with the table whose lines other tools write.

What they share is which notebooks are chapters, and how a changed head is written: into the first cell, in the
committed form, and only where it differs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gradus.notebook.form import canonical_text, read, source_of


def chapters(root: Path) -> list[Path]:
    """Every notebook of the book's numbered parts, in order."""
    return sorted((root / "book").glob("[0-9]*/*.ipynb"))


def head_of(path: Path) -> str:
    """The text of a chapter's first cell."""
    return source_of(read(path)["cells"][0])


def rewrite(path: Path, change: Callable[[str], str]) -> bool:
    """Put what `change` makes of a chapter's head into its place; whether it is another one."""
    notebook = read(path)
    first = notebook["cells"][0]
    before = source_of(first)
    first["source"] = change(before)
    if first["source"] == before:
        return False
    path.write_text(canonical_text(notebook), encoding="utf-8")
    return True
