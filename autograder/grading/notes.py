"""What the grader has to say about single cells: what it passed over, and where a cell is no Python to it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode

from autograder.records.execution import CellResult, Execution, PassedOver
from gradus.notebook.cells import label_of

_MOST = 5  # of one notebook; who has more of them sees the rest in the cells
_LOOKED_AT = 1_000  # characters of a line
_WITHOUT = "the rest of the cell was run without this line"
_CURES = {
    "module": f"the grader has no module `{{what}}`; {_WITHOUT}. "
    "Do without it, or import it in try and except ImportError",
    "import": f"this cannot be done here ({{what}}); {_WITHOUT}. Take it out",
    "magic": f"the grader has no such magic, or nothing that it could show; {_WITHOUT}. Take it out",
    "file": "your files and the network are not there while your notebook is graded ({what}); "
    f"{_WITHOUT}. Do without it",
    "input": f"nobody is there to type or to debug while your notebook is graded; {_WITHOUT}. Take it out",
    "name": "`{what}` is missing because of a line before this one",
    "device": "there is no GPU here, and the CPU computed in its place. Ask torch.cuda.is_available() first",
    "install": "nothing is installed while a notebook is graded",
}
_NEWER: tuple[tuple[tuple[int, int], re.Pattern[str], str], ...] = (
    ((3, 14), re.compile(r"""(?<![\w"'])[tT][rR]?["']|(?<![\w"'])[rR][tT]["']"""), "strings with a t before them"),
    ((3, 14), re.compile(r"^\s*except\*?\s+\w[\w.]*\s*,"), "several exceptions without brackets around them"),
    ((3, 13), re.compile(r"^\s*(?:(?:async\s+)?def|class|type)\s+\w+\s*\[[^\]]*="), "type parameters with a default"),
    ((3, 12), re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\["), "type parameters in square brackets"),
    ((3, 12), re.compile(r"^\s*type\s+\w+\s*(?:\[.*\]\s*)?="), "the statement `type`"),
    (
        (3, 12),
        re.compile(r"""(?<![\w"'])(?:[fF][rR]?|[rR][fF])(?:["'])"""),
        "f-strings with the same quotes, a backslash or a comment inside the braces",
    ),
)  # each: the first Python that has it, how it looks, what it is


def place_of_cell(cell: Any) -> str:
    """How a sentence names a cell of a submission."""
    label = label_of(cell)
    beginning = cell["source"][:_LOOKED_AT].strip().partition("\n")[0][:50].replace("`", "'")
    return f"cell `{label}`" if label else f"the cell that begins `{beginning}`"


def notes_of(notebook: NotebookNode, execution: Execution) -> list[tuple[int, str]]:
    """What the grader has to say about single cells, by the index of the cell."""
    results = {result.index: result for result in execution.cells}
    return [
        (index, note)
        for index, cell in enumerate(notebook.cells)
        if index in results and (results[index].passed_over or results[index].broken)
        for note in notes_on(cell, results[index])
    ]


def notes_on(cell: Any, result: CellResult) -> list[str]:
    """A sentence for each thing in a cell that the student should know of."""
    place, lines = place_of_cell(cell), cell["source"].splitlines()
    notes = [_passed_over(each, place, lines) for each in result.passed_over]
    if result.broken is not None:
        notes.append(_broken(*result.broken, place, lines))
    return list(dict.fromkeys(notes))


def most_important(notes: Iterable[str]) -> list[str]:
    """Of all the notes on a notebook, as many as will be read."""
    return list(dict.fromkeys(notes))[:_MOST]


def _passed_over(passed: PassedOver, place: str, lines: list[str]) -> str:
    why = _CURES[passed.kind].format(what=_quoted(passed.what))
    return f"{place}, line {passed.line}, `{_line(passed.line, lines)}`: {why}"


def _broken(line: int, why: str, place: str, lines: list[str]) -> str:
    text = _line(line, lines)
    said = f"{place} is no Python that the grader can read, so that nothing of it was run: line {line}, `{text}`: {why}"
    here = platform.python_version()
    newer = newer_syntax(lines[line - 1][:_LOOKED_AT] if line <= len(lines) else "", why)
    if newer is None:
        return f"{said} (graded with Python {here})"
    version, what = newer
    cure = f"If it ran where you wrote it, write it otherwise: only Python {version} and newer have {what}"
    return f"{said} (graded with Python {here}). {cure}"


def newer_syntax(line: str, why: str) -> tuple[str, str] | None:
    """The version of Python that could read a line, and what is new in it; None when nothing in it looks new.

    Args:
        line: at which the parser stopped.
        why: what it says.
    """
    for version, looks, what in _NEWER:
        if sys.version_info >= version or not looks.search(line):
            continue
        if what.startswith("f-strings") and not why.startswith(("f-string", "unterminated", "invalid syntax")):
            continue
        return ".".join(map(str, version)), what
    return None


def _line(number: int, lines: list[str]) -> str:
    return _quoted(lines[number - 1][:_LOOKED_AT])[:80] if number <= len(lines) else ""


def _quoted(text: str) -> str:
    """Without what would end a code span or a line."""
    return " ".join(text.replace("`", "'").split())
