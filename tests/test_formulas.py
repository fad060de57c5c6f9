"""Formulas are MathML that a browser draws as TeX would: spaces, letters, tables; and what cannot be set is said."""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import formulas  # noqa: E402
import mathml  # noqa: E402

MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
FACE = re.compile(r'font-family: "Gradus Math";.*?unicode-range:(.*?);', re.DOTALL)


def spaces(tex: str) -> dict[str, tuple[str, str]]:
    """The space to the left and to the right of each operator, in units of TeX's: eighteenths of an em."""
    found = re.findall(
        r'<mo[^>]*lspace="([\d.]*)(?:em)?" rspace="([\d.]*)(?:em)?"[^>]*>([^<]*)</mo>', mathml.mathml(tex)
    )
    return {sign: (f"{18 * float(left):.0f}", f"{18 * float(right):.0f}") for left, right, sign in found}


@pytest.mark.parametrize(
    ("tex", "sign", "around"),
    [
        ("a = b", "=", ("5", "5")),
        ("a + b", "+", ("4", "4")),
        ("(-b)", "−", ("0", "0")),  # a sign, and no difference
        ("f(x, y)", ",", ("0", "3")),
        ("f(x, y)", "(", ("0", "0")),
        ("x_{i = 1}", "=", ("0", "0")),
        (r"a \mid b", "∣", ("5", "5")),
        (r"{=}", "=", ("0", "0")),
    ],
)
def test_an_operator_has_the_spaces_that_tex_gives_it(tex: str, sign: str, around: tuple[str, str]) -> None:
    assert spaces(tex)[sign] == around


@pytest.mark.parametrize(
    ("tex", "letters"),
    [
        (r"\mathbf{Wx}", "𝐖𝐱"), (r"\boldsymbol{\beta}", "𝜷"), (r"\mathbb{R}", "ℝ"), (r"\mathbb{E}", "𝔼"),
        (r"\mathcal{N}", "𝒩"), (r"\mathcal{L}", "ℒ"), (r"\mathbf{1}", "𝟏"), (r"\mathtt{ab}", "𝚊𝚋"),
    ],
)  # fmt: skip
def test_alphabets_are_those_of_unicode(tex: str, letters: str) -> None:
    assert re.sub("<[^>]*>", "", mathml.mathml(tex)) == letters


def test_columns_of_aligned_equations_lean_on_each_other_and_those_of_a_matrix_are_centred() -> None:
    aligned = mathml.mathml(r"\begin{aligned} a &= b \end{aligned}", display=True)
    assert re.findall(r'<mtd class="([\w-]+)"', aligned) == ["math-right", "math-left"]
    assert "class" not in mathml.mathml(r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}")


def test_a_big_bracket_is_a_larger_letter_and_stretches_to_nothing() -> None:
    big = mathml.mathml(r"\bigl( a \bigr)")
    assert re.findall(r"<mo ([^>]*)>[()]", big) == [
        f'stretchy="false" style="font-size:1.2em" form="{form}" lspace="0" rspace="0"'
        for form in ("prefix", "postfix")
    ]


@pytest.mark.parametrize(
    ("inside", "stretchy"),
    [(r"\mathbf{w}^\top \hat{\mathbf{x}}_i", "false"), (r"\frac{a}{b}", "true"), (r"\sum_{i} x_i", "true")],
)
def test_a_bracket_stretches_around_what_is_higher_than_a_line(inside: str, stretchy: str) -> None:
    around = re.findall(r'<mo stretchy="(\w+)"[^>]*>[()]', mathml.mathml(rf"\left( {inside} \right)^2", display=True))
    assert around == [stretchy, stretchy]


@pytest.mark.parametrize("tex", [r"\sqrt{n}", r"\sqrt{\frac{a}{b}}"])
def test_the_sign_of_a_root_reaches_over_a_whole_line(tex: str) -> None:
    assert re.search(r'<msqrt>.*<mspace width="0" height="0.7em" depth="0.15em"></mspace></msqrt>', mathml.mathml(tex))


def test_an_accent_is_named_as_one_and_a_line_over_a_formula_is_a_border() -> None:
    assert '<mrow class="math-overlined">' in mathml.mathml(r"\overline{x + y}")
    assert '<mover accent="true"><mi>y</mi>' in mathml.mathml(r"\hat{y}")


@pytest.mark.parametrize("tex", [r"\nosuch x", r"\frac{1}", r"\begin{matrix} a", "a}", r"\left( a", "a_b_c"])
def test_what_cannot_be_set_is_refused_with_the_reason(tex: str) -> None:
    with pytest.raises(mathml.FormulaError, match=r"\w \w"):
        mathml.mathml(tex)


@pytest.mark.parametrize("tex", [r"a < b", r"\text{<script>} \& x", r"\text{\"}"])
def test_what_a_formula_says_is_no_html(tex: str) -> None:
    assert set(re.findall(r"</?([\w-]+)", mathml.mathml(tex))) <= {"math", "mi", "mo", "mn", "mtext", "mrow"}


def test_a_blank_line_begins_another_line_of_the_formula() -> None:
    assert mathml.mathml(formulas.displayed("a = b\n\nc = d"), display=True).count("<mtr>") == 2
    assert mathml.mathml(formulas.displayed("a &= b \\\\\nc &= d"), display=True).count("<mtr>") == 2
    assert formulas.displayed("\na = b\n") == "a = b"


def test_mathjax_of_another_form_fails_the_build(tmp_path: Path) -> None:
    with pytest.raises(mathml.FormulaError, match=r"startup\.js and no core\.js"):
        mathml.program(tmp_path)


def pages(site: Path) -> dict[str, str]:
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


@pytest.mark.slow("the built site")
def test_every_formula_of_every_page_is_set_in_letters_that_the_typeface_has(site: Path) -> None:
    written = (site / "_static" / "house.css").read_text(encoding="utf-8")
    ranges = re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", FACE.search(written)[1])  # type: ignore[index]
    has = {code for first, last in ranges for code in range(int(first, 16), int(last or first, 16) + 1)}
    with_formulas, unset, strange = 0, [], set()
    for name, text in pages(site).items():
        places = len(re.findall(r'<(?:span|div) class="(?:amsmath )?math ', text))
        found = MATH.findall(text)
        with_formulas += bool(found)
        if places != len(found):
            unset.append(name)
        said = unescape(re.sub("<[^>]*>", "", "".join(found)))
        strange |= {character for character in said if ord(character) not in has and not character.isspace()}
    assert with_formulas > 40
    assert unset == []
    assert strange == set()


@pytest.mark.slow("the built site")
def test_no_page_and_no_script_of_the_site_knows_mathjax(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in {".html", ".js"}]
    assert [path.name for path in files if "window.MathJax" in path.read_text(encoding="utf-8")] == []
    assert not (site / "_static" / "mathjax").exists()
