"""Formulas become ordinary characters, paragraphs sentences, and words of the glossary links to it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import glossary  # noqa: E402
import sentences  # noqa: E402
from tex_words import tex_as_words  # noqa: E402

FORMULA = re.compile(r"\$\$(.*?)\$\$|\$([^$]+)\$", re.DOTALL)
NOTEBOOKS = sorted([*(ROOT / "book").glob("0*/*.ipynb"), *(ROOT / "exercises").glob("*/*.ipynb")])
MARKDOWN = {
    path: "\n\n".join(source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    for path in NOTEBOOKS
}


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        (r"\frac{1}{n} \sum_{i=1}^{n} (\hat{y}_i - y_i)^2", "1/n ∑ᵢ₌₁ⁿ (ŷᵢ − yᵢ)²"),
        (r"\mathbf{A}^\top \mathbf{A}\, \tilde{\mathbf{w}}", "Aᵀ A w̃"),
        (r"\tfrac12 \|x\|", "1/2 ‖x‖"),
        (r"\operatorname{softmax}(\mathbf{o})_j = \frac{\exp(o_j)}{2}", "softmax(o)ⱼ = (exp (oⱼ))/2"),
        (r"\operatorname*{argmin}_w L", "argmin_w L"),
        (r"\eta \le 2 / \lambda_{\max}", "η ≤ 2 / λₘₐₓ"),
        (r"\left( a_{i,\, j} \right)", "( a_(i, j) )"),
        (r"\text{variance of } x", "variance of x"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", "…"),
        (r"x^{", "x^()"),
        ("", "…"),
    ],
)  # fmt: skip
def test_a_formula_becomes_characters(tex: str, words: str) -> None:
    assert tex_as_words(tex) == words


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name[:2]}-{path.stem}")
def test_no_formula_of_a_page_leaves_tex(path: Path) -> None:
    for formula in FORMULA.findall(MARKDOWN[path]):
        tex = "".join(formula)
        words = tex_as_words(tex)
        assert not re.search(r"\\|\b(?:mathbf|mathrm|frac|text|begin|operatorname)\b", words), (tex, words)


def test_a_paragraph_becomes_sentences() -> None:
    text = "It is 1.5, see Fig. 2. Deng et al. Found it? “Yes.” No. then more"
    assert sentences.split(text) == ["It is 1.5, see Fig. 2.", "Deng et al. Found it?", "“Yes.”", "No. then more"]


# Terms


def page(*paragraphs: nodes.Node) -> nodes.document:
    document = new_document("a page")
    document += nodes.section("", nodes.title("", "A rank"), *paragraphs, ids=["a"])
    return document


def paragraph(*parts: str | nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *(nodes.Text(part) if isinstance(part, str) else part for part in parts))


TERMS = glossary.Terms(["rank", "weight", "weight decay", "one-hot", "log-sum-exp", "temperature"])


def marks(document: nodes.document) -> list[tuple[str, str]]:
    found = document.findall(lambda node: isinstance(node, nodes.inline) and "term" in node)
    return [(mark.astext(), mark["term"]) for mark in found]


def test_the_first_use_of_a_term_is_marked_and_the_longest_term_wins() -> None:
    document = page(paragraph("Its weight\ndecay and weights, of Rank 2; one-hot."), paragraph("Weights of a rank."))
    places = glossary.mark_uses(document, TERMS, set())
    assert marks(document) == [
        ("weight\ndecay", "weight-decay"), ("weights", "weight"), ("Rank", "rank"), ("one-hot", "one-hot"),
    ]  # fmt: skip
    assert places == {name: f"use-{name}" for name in ("weight-decay", "weight", "rank", "one-hot")}
    assert "Its weight\ndecay and weights, of Rank 2; one-hot." in document.astext()


def test_the_words_that_introduce_a_term_are_its_place() -> None:
    document = page(paragraph("Ranks first. Then ", nodes.strong("", "rank:"), " a number."))
    assert glossary.mark_uses(document, TERMS, {"rank"}) == {"rank": "term-rank"}
    (bold,) = document.findall(nodes.strong)
    assert bold["ids"] == ["term-rank"]
    assert marks(document) == [("Ranks", "rank")]


@pytest.mark.parametrize(
    "part",
    [
        nodes.literal("", "rank"),
        nodes.math("", "rank"),
        nodes.reference("", "rank", refuri="a"),
        nodes.paragraph("", "It ranks patients by weight for\nheight, and reweighted high-rank rankings"),
    ],
)
def test_code_links_and_other_meanings_are_no_uses(part: nodes.Node) -> None:
    document = page(part if isinstance(part, nodes.paragraph) else paragraph(part))
    assert glossary.mark_uses(document, TERMS, set()) == {}


@pytest.mark.parametrize("words", glossary.OTHERWISE)
def test_words_that_mean_something_else_are_still_in_the_book(words: str) -> None:
    assert any(re.search(glossary.spaced(words), text) for text in MARKDOWN.values())


@pytest.mark.parametrize(
    ("term", "name"), [(term, name) for term, names in glossary.OTHERWISE_ON.items() for name in sorted(names)]
)
def test_pages_that_mean_something_else_by_a_term_have_the_word(term: str, name: str) -> None:
    assert re.search(term, MARKDOWN[ROOT / f"{name}.ipynb"], re.IGNORECASE)


def test_each_term_has_an_address_of_its_own() -> None:
    names = [glossary.slug(row["term"]) for row in glossary.glossary(ROOT)]
    assert len(names) == len(set(names)) > 50
