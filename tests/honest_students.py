"""Right notebooks as thirty different students hand them in: `students/<problem set>/<name>.txt`, made into notebooks.

Each file was written from the prompts alone. Its first lines say what was done to the notebook on its way; then come
pieces, each below a line that says where it belongs:

    form: kaggle                  one of the changes in `editors`, "nothing" by default
    === answer softmax            the code that stands in this answer cell
    === above softmax             a code cell that the student added above a labelled one; `below` likewise
    === written why_cross_entropy what stands in the cell for a written answer
    === text below softmax        a text cell that the student added

Pieces that belong to one place stay in the order of the file.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from pathlib import Path

from editors import CHANGES, code, text

from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook

FOLDER = Path(__file__).parent / "students"
_HEAD = re.compile(r"=== (?P<what>answer|above|below|written|text above|text below) (?P<label>\w+)")


@dataclass(frozen=True)
class Piece:
    what: str
    label: str
    source: str


@dataclass(frozen=True)
class Student:
    """What one student wrote for one problem set."""

    name: str
    problem_set: str
    form: str
    pieces: tuple[Piece, ...]


def students() -> list[Student]:
    """All of them, by problem set and name."""
    return [_read(path) for path in sorted(FOLDER.glob("*/*.txt"))]


def _read(path: Path) -> Student:
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("=== ")]
    settings = dict(line.split(": ", 1) for line in lines[: starts[0]] if line.strip())
    assert set(settings) <= {"form"}, f"{path}: {settings}"
    pieces = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        head = _HEAD.fullmatch(lines[start])
        assert head is not None, f"{path}, line {start + 1}: {lines[start]}"
        pieces.append(Piece(head["what"], head["label"], "\n".join(lines[start + 1 : end]).strip("\n")))
    return Student(path.stem, path.parent.name, settings.get("form", "nothing"), tuple(pieces))


def notebook_of(student: Student, released: Notebook) -> Notebook:
    """What the student hands in, made from what was handed out."""
    notebook = copy.deepcopy(released)
    above: dict[str, list[Notebook]] = {}
    below: dict[str, list[Notebook]] = {}
    filled: dict[str, str] = {}
    for piece in student.pieces:
        make = text if piece.what.startswith("text") else code
        if piece.what in ("answer", "written"):
            filled[piece.label] = piece.source
        else:
            places = above if piece.what.endswith("above") else below
            places.setdefault(piece.label, []).append(make(piece.source))
    labels = {label_of(cell) for cell in notebook["cells"]}
    unknown = ({*above, *below, *filled}) - labels
    assert not unknown, f"{student.problem_set}/{student.name}: no such cells: {unknown}"
    cells = []
    for cell in notebook["cells"]:
        label = label_of(cell)
        if label in filled:
            cell["source"] = filled[label]
        cells += [*above.get(label, []), cell, *below.get(label, [])] if label else [cell]
    notebook["cells"] = cells
    return CHANGES[student.form](notebook, released)
