"""A formula in TeX as ordinary characters: `\\frac{1}{n}` is 1/n, `\\hat{y}_i` is ŷᵢ."""

from __future__ import annotations

import re
import unicodedata

GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau upsilon phi chi psi omega"
LETTERS = {
    name: unicodedata.lookup(f"GREEK {case} LETTER {name.upper()}")
    for letter in GREEK.split()
    for name, case in ((letter, "SMALL"), (letter.capitalize(), "CAPITAL"))
}
# A command and its sign, by turns.
SIGN_TABLE = """
lambda λ   Lambda Λ   varepsilon ε   varphi φ   ell ℓ   partial ∂   nabla ∇   infty ∞   sum ∑   prod ∏   int ∫
cdot ·   times ×   odot ⊙   otimes ⊗   pm ±   mp ∓   le ≤   leq ≤   ge ≥   geq ≥   ne ≠   neq ≠   ll ≪   gg ≫
approx ≈   sim ∼   propto ∝   equiv ≡   in ∈   notin ∉   subset ⊂   cup ∪   cap ∩   to →   rightarrow →
mapsto ↦   leftarrow ←   Rightarrow ⇒   Longrightarrow ⇒   Longleftrightarrow ⇔   Leftrightarrow ⇔   iff ⇔
dots …   ldots …   cdots …   vdots …   top ᵀ   circ ∘   star ⋆   ast ∗   lVert ‖   rVert ‖   Vert ‖   lvert |
rvert |   mid |   | ‖   langle ⟨   rangle ⟩   lfloor ⌊   rfloor ⌋   lceil ⌈   rceil ⌉   forall ∀   exists ∃
% %   _ _   { {   } }   & &   prime ′   neg ¬   wedge ∧   vee ∨   oplus ⊕   perp ⊥   angle ∠
"""
SIGNS = SIGN_TABLE.split()
BLANKS = dict.fromkeys(("quad", "qquad", ",", ";", ":", " ", "\\"), " ") | {"!": ""}
STANDS_FOR = LETTERS | dict(zip(SIGNS[::2], SIGNS[1::2], strict=True)) | BLANKS
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "widetilde": "\u0303", "dot": "\u0307", "vec": "\u20d7",
}  # fmt: skip
# Of these only what they hold is said; of others, such as `\\exp`, the name is.
WRAPPERS = """
Big Bigg Bigl Bigr big bigg biggl biggr bigl bigr boldsymbol boxed displaystyle left limits mathbb mathbf
mathcal mathit mathop mathrm mathsf mathstrut mathtt nolimits operatorname overbrace phantom right text textbf
textit textstyle texttt underbrace underset
"""
RAISED = dict(zip("0123456789+-=()niT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ", strict=True)) | {"ᵀ": "ᵀ", "−": "⁻"}
LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
TOKEN = re.compile(r"\\([A-Za-z]+|.)|([\s\S])")


def tex_as_words(tex: str) -> str:
    """A formula in ordinary characters; "…" where that cannot be, as in a matrix."""
    if r"\begin" in tex:
        return "…"
    tokens = [f"\\{name}" if name else character for name, character in TOKEN.findall(tex)]
    words = " ".join(_words(tokens).split())
    return unicodedata.normalize("NFC", words) or "…"


def _words(tokens: list[str]) -> str:
    """Take the tokens from the front, up to the end or to the brace that closes."""
    said = ""
    while tokens:
        token = tokens.pop(0)
        if token == "}":
            break
        if token in "^_" and tokens:
            said += _moved(_argument(tokens), token)
        else:
            said += _one(token, tokens)
    return said


def _argument(tokens: list[str]) -> str:
    while tokens and tokens[0].isspace():
        tokens.pop(0)
    return _one(tokens.pop(0), tokens) if tokens else ""


def _one(token: str, tokens: list[str]) -> str:
    """What one token stands for, with its arguments."""
    name = token[1:] if token.startswith("\\") and len(token) > 1 else ""
    if token == "{":
        return _words(tokens)
    if token in "&~":
        return " "
    if not name:
        return {"-": "−"}.get(token, token)
    if name == "operatorname" and tokens[:1] == ["*"]:
        tokens.pop(0)
    if name in ("frac", "tfrac", "dfrac"):
        return f"{_closed(_argument(tokens))}/{_closed(_argument(tokens))}"
    if name == "sqrt":
        return f"√{_closed(_argument(tokens))}"
    if name in ACCENTS:
        held = _argument(tokens)
        return held[:1] + ACCENTS[name] + held[1:]
    if name in STANDS_FOR:
        return STANDS_FOR[name]
    return "" if name in WRAPPERS.split() else f"{name} " if name.isalpha() else ""


def _closed(part: str) -> str:
    part = part.strip()
    return part if len(part) < 2 or part.isalnum() else f"({part})"


def _moved(part: str, up_or_down: str) -> str:
    """An exponent or an index, in small characters where there are such."""
    part = part.strip()
    small = RAISED if up_or_down == "^" else LOWERED
    if part and all(character in small for character in part):
        return "".join(small[character] for character in part)
    return f"{up_or_down}{part}" if part.isalnum() else f"{up_or_down}({part})"
