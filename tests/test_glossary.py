"""Each term of the glossary is introduced, in bold type, in the chapter that the glossary names, and in none before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradus.notebook.form import read, source_of

BOOK = Path(__file__).resolve().parent.parent / "book"
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| \[(?P<title>[^\]]+)\]\(\.\./(?P<path>[^)]+)\) \|$")
LINES = (BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8").splitlines()
ROWS = [match for line in LINES if (match := ROW.match(line))]
CHAPTERS = sorted(BOOK.glob("0*/*.ipynb"))


def prose(path: Path) -> str:
    return "\n".join(source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")


PROSE = {path.relative_to(BOOK).as_posix(): prose(path) for path in CHAPTERS}


def introduces(text: str, term: str) -> bool:
    """Whether the term stands in bold type, alone or with an ending, at any place."""
    return re.search(rf"\*\*{re.escape(term)}(s|es)?[.,:;]?\*\*", re.sub(r"\s+", " ", text), re.IGNORECASE) is not None


def test_every_line_of_the_table_is_a_term_and_they_are_in_order() -> None:
    assert len(ROWS) == sum(line.startswith("| ") for line in LINES) - 1 > 50
    terms = [row["term"].lower() for row in ROWS]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["term"])
def test_a_term_is_in_bold_first_in_its_chapter(row: re.Match[str]) -> None:
    first = next((path for path, text in PROSE.items() if introduces(text, row["term"])), None)
    assert first == row["path"]
    assert f"# {row['title']}\n" in PROSE[row["path"]]


def test_a_word_within_another_introduces_nothing() -> None:
    assert introduces("a **logit**", "logit")
    assert introduces("its **Logits:** are", "logit")
    assert not introduces("**the logit rule**, logit", "logit")
