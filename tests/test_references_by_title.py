"""Chapters are referred to by title and link: the numbers of parts stand nowhere on the site, and chapters move."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted([*(ROOT / "book").rglob("*.ipynb"), *(ROOT / "solutions").glob("ps*/*.ipynb")])
PAGES = sorted([*(ROOT / "book").rglob("*.md"), ROOT / "README.md"])
_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|[IVX]+)\b"
_BY_NUMBER = re.compile(rf"\b(?:[Cc]hapters?|Parts?)(?:[ \n]+|\](?=\())#?{_COUNT}")


def by_number(text: str) -> list[str]:
    """What refers by a number, but in the entry of a book in a list of reading, which has chapters of its own."""
    entries = re.split(r"\n(?=[-*] )|\n\s*\n", text)
    return [found.group(0) for entry in entries if "{cite}" not in entry for found in _BY_NUMBER.finditer(entry)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("as in chapter 5.", 1),
        ("Chapters 3 and 4", 1),
        ("see [chapter\n4](04.ipynb)", 1),
        ("Part 2 explains each line", 1),
        ("Part II", 1),
        ("Chapter four's model", 1),
        ("- Hastie {cite}`hastie2009elements`, chapter 7:\n  optimism.", 0),
        ("- Hastie {cite}`hastie2009elements`: optimism.\n- as in chapter 2", 1),
        ("In part 3 of your answer, two reasons", 0),
        ("a chapter that runs; the parts of a network; part one at a time", 0),
    ],
)
def test_a_number_is_told_from_a_title(text: str, number: int) -> None:
    assert len(by_number(text)) == number


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_refers_by_number(path: Path) -> None:
    found = {cell["id"]: by_number(source_of(cell)) for cell in read(path)["cells"]}
    assert not {cell: what for cell, what in found.items() if what}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_refers_by_number(path: Path) -> None:
    assert by_number(path.read_text(encoding="utf-8")) == []
