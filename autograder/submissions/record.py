"""What the grader remembers in a graded notebook: `metadata["gradus"]`, and a note to the student at its top.

- `fingerprint`: a hash of everything that the marks depend on; the result is kept under it.
- `seed`, `versions`: of the run that marked it. `misconceptions`: the known mistakes that its answers show.
- `readable`: whether there was a notebook to grade.
- `problems`: sentences for the student; empty when all went well.
- `executed`: set when the notebook was run and its marks are in the gradebook.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.sanitise import clean_text

NOTE_ID = "note-from-the-grader"


@dataclass(frozen=True)
class Record:
    """The remembered outcome of one graded notebook."""

    fingerprint: str
    executed: bool
    problems: tuple[str, ...]


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
        text = "\n".join(["**Note from the grader**", "", *(f"- {clean_text(problem)}" for problem in problems)])
        notebook.cells.insert(0, new_markdown_cell(text, id=NOTE_ID))
    return notebook
