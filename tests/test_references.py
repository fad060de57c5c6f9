"""Chapters are referred to by their titles: the site numbers them as `_toc.yml` has them, and no text can know how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
NUMBER = r"(?:\d+(?!\.\d)|[IVX]+\b|one\b|two\b|three\b|four\b|five\b|six\b|seven\b)"
BY_NUMBER = re.compile(rf"\b(?:[Cc]hapters?|Parts?)\s+{NUMBER}(?:\s+(?:to|and|or)\s+{NUMBER})?")
PAGES = sorted(
    path
    for folder, pattern in (("book", "**/*.ipynb"), ("book", "**/*.md"), ("solutions", "*/*.ipynb"))
    for path in (ROOT / folder).glob(pattern)
    if ".ipynb_checkpoints" not in path.parts
)


def references_by_number(text: str) -> list[str]:
    """The places where a text names a chapter or part by number, but for books that it cites."""
    paragraphs = re.split(r"\n\s*\n|\n(?=- )", text)
    return [found[0] for part in paragraphs if "{cite}" not in part for found in BY_NUMBER.finditer(part)]


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Where, and what is to be read there: Markdown, code with its alt texts, and captions."""
    if path.suffix == ".md":
        yield "the page", path.read_text(encoding="utf-8")
        return
    for cell in read(path)["cells"]:
        yield f"cell {cell['id']}", source_of(cell)
        yield f"caption of {cell['id']}", yaml.safe_dump(cell["metadata"].get("mystnb", {}), width=10**6)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_names_a_chapter_by_its_number(path: Path) -> None:
    found = [f"{where}: {words!r}" for where, text in texts(path) for words in references_by_number(text)]
    assert not found, f"{path.relative_to(ROOT)}: say the title, with a link: {'; '.join(found)}"


@pytest.mark.parametrize(
    "text",
    ["as in chapter 5.", "(Part 2 says how)", "Part\n5 builds it", "chapters 1 to 4", "Chapter two of this part"],
)
def test_a_number_is_refused(text: str) -> None:
    assert references_by_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "- Hastie, *Elements* {cite}`hastie2009elements`, chapter 7:\n  optimism",
        "the third part takes one",
        "in part one takes the simplest",
        "section 2.1",
        "Partly 5",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert not references_by_number(text)


def test_the_bibliography_has_no_formula_which_the_page_of_references_shows_as_it_stands() -> None:
    assert "$" not in (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
