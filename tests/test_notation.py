"""The page of notation says each symbol once, and the formulas and words of the chapters and sets hold to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGE = (BOOK / "appendix" / "notation.md").read_text(encoding="utf-8")
CHAPTERS = [*BOOK.glob("0*/*.ipynb")]
SETS = [ROOT / "solutions" / name / f"{name}.ipynb" for name in ("ps4", "ps5", "ps6", "ps7", "ps8")]
ALL_SETS = [*(ROOT / "solutions").glob("ps*/ps*.ipynb")]
REFUSED = {
    r"=\s*1\}\^\{?q": "classes are counted from 0",
    r"o_q\b|o_\{q\}": "the last logit is that of class q - 1",
    r"\\mathbf\{q\}|\bq_[a-z]\b": "q is the number of classes; a second distribution is r",
    r"\\sigma_\{?[0-9]|\\sigma_\{?\\(max|min)": "a singular value is s with an index",
    r"(?<![\\\w])s\s*/\s*\\sqrt": "a standard deviation is σ",
    r"\d\s*/\s*\\lambda\b(?!_)": "an eigenvalue has an index; λ alone is the strength of the weight decay",
    r"\\mathbf\{A\}\\?,?\s*\\mathbf\{v\}|\\nabla_\{\\mathbf\{v\}\}": "weights with their bias are w with a tilde",
}
# "rank one", "full rank", "the rank of the matrix": in words of the course the matrix rank.
OTHER_RANK = re.compile(r"(?<!matrix )\brank\*{0,2} (?:one|two|none|of (?:the|a) matrix)|\bfull rank\b")
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)


def against_the_page(text: str) -> list[str]:
    """What the formulas of a text do that the page of notation says otherwise."""
    formulas = " ".join(FORMULA.findall(text))
    found = [why for pattern, why in REFUSED.items() if re.search(pattern, formulas)]
    return [*found, *(["rank is the number of axes; say matrix rank"] if OTHER_RANK.search(text) else [])]


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


def not_shown_as_meant(text: str) -> list[str]:
    """Displayed formulas that are no paragraphs of their own, which the site takes for text, and `\\_` in `\\text`."""
    found, inside, before = [], False, ""
    for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("\n"):
        if "$$" in line and not inside and (before.strip() or not line.strip().startswith("$$")):
            found.append(line.strip())
        inside ^= line.count("$$") % 2 == 1
        before = line
    return found + re.findall(r"\\text\{[^{}]*\\_[^{}]*\}", text)


@pytest.mark.parametrize("path", sorted([*CHAPTERS, *ALL_SETS]), ids=lambda path: f"{path.parent.name[:2]}-{path.stem}")
def test_formulas_are_shown_as_they_are_meant(path: Path) -> None:
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "markdown":
            assert not_shown_as_meant(source_of(cell)) == [], cell["id"]


def test_a_formula_that_is_not_shown_as_meant_is_found() -> None:
    assert not_shown_as_meant("as follows,\n  $$a = b,$$\n  with $a$") == ["$$a = b,$$"]
    assert not_shown_as_meant(r"from $\text{warm\_up}$ on") == [r"\text{warm\_up}"]
    assert not_shown_as_meant("as follows:\n\n$$\na = b\n$$\n\n- or\n\n  $$c = d$$\n\n  with $c$") == []


@pytest.mark.parametrize(
    "formula",
    [
        r"$\sum_{j=1}^{q} y_j$",
        r"$(o_1, \dots, o_q)$",
        r"$\mathbf{q}$",
        r"$$ -\log q_j $$",
        r"$\sigma_1 \ge \sigma_2$",
        r"$s / \sqrt n$",
        r"$2 / \lambda$",
        r"$\mathbf{A}^\top \mathbf{A}\, \mathbf{v}$",
        "the matrix has **rank** one",
    ],
)
def test_other_letters_are_found(formula: str) -> None:
    assert len(against_the_page(f"Text, then {formula}.")) == 1


def test_words_are_no_formulas() -> None:
    assert against_the_page("q_j costs $2, and $o$ is a logit") == []
    assert (
        against_the_page(r"$\sigma / \sqrt n$, $2 / \lambda_{\max}$, $\mathbf{v}^\top \mathbf{J}$, a matrix rank one")
        == []
    )
