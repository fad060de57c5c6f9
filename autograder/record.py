"""What the grader remembers in a graded notebook: `metadata["gradus"]`, and a note to the student at its top.

- `fingerprint`: of everything that the marks depend on.
- `readable`: whether there was a notebook to grade.
- `problems`: sentences for the student; empty when all went well.
- `executed`: set when the notebook was run and its marks are in the gradebook.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from gradus.version import __version__

NOTE_ID = "note-from-the-grader"


@dataclass(frozen=True)
class Record:
    """The remembered outcome of one graded notebook."""

    fingerprint: str
    executed: bool
    problems: tuple[str, ...]


def fingerprint(submission: Path, released: Path, source: Path, cell_seconds: int) -> str:
    """One hash over a submission, its problem set, the time limit and the versions that grade it."""
    digest = hashlib.sha256()
    for path in (submission, released, source):
        digest.update(_digest(path))
    digest.update(f"{cell_seconds} {__version__} {version('nbgrader')} {version('torch')}".encode())
    return digest.hexdigest()


def read_record(notebook: Path) -> Record | None:
    """The record in an autograded notebook; None when there is no such notebook or no record in it."""
    try:
        gradus = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["gradus"]
    except (OSError, ValueError, KeyError):
        return None
    return Record(gradus.get("fingerprint", ""), gradus.get("executed", False), tuple(gradus["problems"]))


def with_note(notebook: NotebookNode) -> NotebookNode:
    """`notebook` with the recorded problems said in its first cell, or with no such cell when there are none."""
    notebook.cells = [cell for cell in notebook.cells if cell.get("id") != NOTE_ID]
    problems = notebook.metadata["gradus"]["problems"]
    if problems:
        text = "\n".join(["**Note from the grader**", "", *(f"- {problem}" for problem in problems)])
        notebook.cells.insert(0, new_markdown_cell(text, id=NOTE_ID))
    return notebook


def _digest(path: Path) -> bytes:
    """A hash of a plain file's content; of its lack for anything else."""
    try:
        if path.is_symlink() or not path.is_file():
            return b"no plain file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b"not readable"
