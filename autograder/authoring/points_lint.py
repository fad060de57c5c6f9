"""Does a problem set say of its questions what is true of them? What students read, beside what is counted.

- Points: "3 points" in a question's prompt, and in the table of the title, are those of its cell.
- Every question has its row in the title's table, and a file of variants, where there are such.

A student would be misled, but can be graded: none of this keeps a problem set from being released or marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.assignment.regions import GUIDE, SOLUTION, without
from autograder.misconceptions.variants import FOLDER, no_answer_cell, pages_of, read_variants
from gradus.notebook.cells import has_points, is_answer, is_by_hand, is_graded, kind_of, label_of, place_of, points_of
from gradus.notebook.form import Notebook, source_of

_NUMBER = r"(\d+(?:[.,]\d+)?)"
# Where the points of a whole question stand: in bold, in a heading, at the beginning of a line, after "worth".
_STATED = re.compile(
    rf"\*\*[^*\n]*?{_NUMBER}\s+points?\b|^\#+\s.*?{_NUMBER}\s+points?\b|^{_NUMBER}\s+points?\b"
    rf"|\bworth\s+{_NUMBER}\s+points?\b|^\W*points?:\W*{_NUMBER}",
    re.MULTILINE | re.IGNORECASE,
)
_PART = re.compile(rf"\({_NUMBER}\s+points?\)", re.IGNORECASE)  # "(1 point)", behind each of its parts
_NAME = re.compile(r"`([^`]+)`")


@dataclass
class _Asked:
    """A question's prompt with the points that it states, perhaps several times, and the graded cells that follow it.

    Behind more text there may be `later` cells, which belong to it or to a question that states no points.
    """

    place: str
    stated: list[float]
    cells: list[tuple[str, float]] = field(default_factory=list)
    later: list[tuple[str, float]] = field(default_factory=list)
    is_over: bool = False


def points_findings(source: Notebook) -> Iterator[tuple[str, str]]:
    """What is wrong with stated points, as pairs of a place and a sentence, in the order of the cells."""
    asked: _Asked | None = None
    groups: list[_Asked] = []
    for index, cell in enumerate(source["cells"]):
        if has_points(cell):
            if asked is not None:
                one = (label_of(cell), points_of(cell))
                (asked.later if asked.is_over else asked.cells).append(one)
        elif cell["cell_type"] == "markdown" and not _rows(source_of(cell)):
            prompt = _shown(cell)
            if (stated := _stated(prompt)) or prompt.lstrip().startswith("#"):
                asked = _Asked(place_of(index, cell), stated)
                groups.append(asked)
            elif asked is not None and asked.cells:
                asked.is_over = True
    for group in groups:
        total, with_later = (sum(points for _, points in cells) for cells in (group.cells, group.cells + group.later))
        wrong = next((number for number in group.stated if number not in (total, with_later)), None)
        if group.cells and wrong is not None:
            named = " and ".join(label for label, _ in group.cells)
            yield group.place, f"it says {_points(wrong)}, but {named} counts {_points(total)}; let them say the same."
    yield from _table_findings(source)


def variants_findings(source: Notebook, folder: Path) -> Iterator[tuple[str, str]]:
    """Questions without a file of variants in `folder`, and files without a question; places as above.

    Raises:
        GradusError: one of the files is broken.
    """
    pages = pages_of(folder)
    if not pages:
        return
    answers = {label_of(cell): (index, cell) for index, cell in enumerate(source["cells"]) if kind_of(cell) == "answer"}
    for question, (index, cell) in answers.items():
        if question not in pages:
            yield (
                place_of(index, cell),
                f"there is no {FOLDER}/{question}.md; write right and wrong solutions, or nothing proves its tests.",
            )
    for question, path in pages.items():
        if question not in answers:
            yield str(path), no_answer_cell(question)
    read_variants(folder, source, [question for question in pages if question in answers])


def _shown(cell: Notebook) -> str:
    """What of a text cell students see."""
    text = without(source_of(cell), GUIDE, "")
    return without(text, SOLUTION, "") if is_answer(cell) else text


def _stated(prompt: str) -> list[float]:
    """The points that a prompt says its question has, each time that it does; its parts come to another."""
    stated = [_value(next(filter(None, found.groups()))) for found in _STATED.finditer(prompt)]
    parts = [_value(found) for found in _PART.findall(prompt)]
    return [*stated, *([sum(parts)] if parts else [])]


def _table_findings(source: Notebook) -> Iterator[tuple[str, str]]:
    tables = [(index, cell, _rows(source_of(cell))) for index, cell in enumerate(source["cells"]) if _is_text(cell)]
    table = next(((index, cell, rows) for index, cell, rows in tables if rows), None)
    if table is None:
        return
    title, rows = place_of(table[0], table[1]), dict(table[2])
    own: list[str] = []  # the answer cells since the last test
    written = [key for key in rows if key.startswith("#")]
    for index, cell in enumerate(source["cells"]):
        label = label_of(cell)
        if kind_of(cell) == "answer":
            own.append(label)
        if not has_points(cell):
            continue
        names = [label, *own, label.removeprefix("test_")]
        key = next((name for name in names if name in rows), written.pop(0) if is_by_hand(cell) and written else None)
        own = [] if kind_of(cell) == "test" else own
        if key is None:
            yield place_of(index, cell), f"it has no row in the table of {title}; write one."
        elif (said := rows.pop(key)) != (points := points_of(cell)):
            yield title, f"its table says {_points(said)} for {label}, which counts {_points(points)}; let them agree."
    for key in rows:
        row = "a written answer" if key.startswith("#") else f"`{key}`"
        yield title, f"its table has a row for {row}, which is no question; name it as the cell is named."


def _is_text(cell: Notebook) -> bool:
    return cell["cell_type"] == "markdown" and not is_graded(cell)


def _rows(text: str) -> list[tuple[str, float]]:
    """The rows of the table of questions in a text: what each builds (or "#" and its number) and its points."""
    found: list[tuple[str, float]] = []
    columns: list[str] = []
    for line in text.splitlines():
        entries = (
            [entry.strip() for entry in line.strip().strip("|").split("|")] if line.strip().startswith("|") else []
        )
        if not entries:
            columns = []
        elif not columns:
            columns = [entry.lower() for entry in entries]
        elif {"question", "points"} <= set(columns) and len(entries) >= len(columns):
            row = dict(zip(columns, entries, strict=False))
            if number := re.search(_NUMBER, row["points"]):
                name = _NAME.search(row.get("builds", "") or row["question"])
                found.append((name[1].partition("(")[0] if name else f"#{len(found)}", _value(number[1])))
    return found


def _value(number: str) -> float:
    return float(number.replace(",", "."))


def _points(number: float) -> str:
    return f"{number:g} point" + ("" if number == 1 else "s")
