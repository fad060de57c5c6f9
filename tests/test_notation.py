"""The page of notation says each symbol once, and the formulas of Parts 3 and 4 and of their sets
hold to it as far as text can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGE = (BOOK / "appendix" / "notation.md").read_text(encoding="utf-8")
CHAPTERS = [*BOOK.glob("03-*/*.ipynb"), *BOOK.glob("04-*/*.ipynb")]
SETS = [ROOT / "solutions" / name / f"{name}.ipynb" for name in ("ps4", "ps5", "ps6")]
REFUSED = {
    r"=\s*1\}\^\{?q": "classes are counted from 0",
    r"o_q\b|o_\{q\}": "the last logit is that of class q - 1",
    r"\\mathbf\{q\}|\bq_[a-z]\b": "q is the number of classes; a second distribution is r",
}
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)


def against_the_page(text: str) -> list[str]:
    """What the formulas of a text do that the page of notation says otherwise."""
    formulas = " ".join(FORMULA.findall(text))
    return [why for pattern, why in REFUSED.items() if re.search(pattern, formulas)]


def test_each_symbol_has_one_row() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| $")]
    symbols = [symbol.strip() for row in rows for symbol in re.findall(r"\$[^$]+\$", row)]
    assert len(symbols) > 30
    assert sorted(symbols) == sorted(set(symbols))


@pytest.mark.parametrize("path", sorted([*CHAPTERS, *SETS]), ids=lambda path: f"{path.parent.name[:2]}-{path.stem}")
def test_formulas_use_letters_as_the_page_says(path: Path) -> None:
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "markdown":
            assert against_the_page(source_of(cell)) == [], cell["id"]


@pytest.mark.parametrize(
    "formula", [r"$\sum_{j=1}^{q} y_j$", r"$(o_1, \dots, o_q)$", r"$\mathbf{q}$", r"$$ -\log q_j $$"]
)
def test_other_letters_are_found(formula: str) -> None:
    assert len(against_the_page(f"Text, then {formula}.")) == 1


def test_words_are_no_formulas() -> None:
    assert against_the_page("q_j costs $2, and $o$ is a logit") == []
