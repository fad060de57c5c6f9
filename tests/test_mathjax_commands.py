"""Each command of the MathJax that formgrader's pages load is known: it only draws, or it is refused.

What a command does is the function that MathJax's tables name for it. The functions in `DRAW` have been read: they
make nothing but boxes, glyphs, spaces, colours and sizes. A command of any other function, and one that is a text with
such a command in it, has to be taken out by the sanitiser; so a later MathJax with a new one fails here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder.sanitise.texts import without_commands

_READ = """
Aboxed Accent AlignAt AlignedArray AmsEqnArray Array ArrowBetweenLines AutoClose Axiom AxiomF Bar BeginEnd Boldsymbol
Bra BraKet Braket BuildRel CD CFrac Cancel CancelTo Cases CenterColon CenterOver Close CloseBrace CloseQuote Color
ColorBox Comment Commutator Cr CrLaTeX Cramped Derivative DiagonalMatrix DiffD Differential Dots Emph Empheq
EmpheqDelim EmpheqMO Entry EqnArray Equation Eval Expectation Expression FBox FCenter FlalignArray FlushSpaceAbove
FlushSpaceBelow Frac FrameBox Genfrac HBox HFill HLine HandleNoTag HandleOperatorName HandleShove HandleTag Hash Hskip
IdentityMatrix Inference InferenceF Insert Ket KetBra Label Lap LeftRight Limits Macro MacroWithTemplate MakeBig Math
MathChoice MathFont MathLap MathMBox MathMakeBox MathModeOnly Matrix MatrixElement MatrixQuantity Misplaced
MoveLeftRight MoveRoot MtLap MtMatrix MtMultlined MtSmallMatrix MultiIntegral Multline NArrow NamedFn NamedOp
Nonscript Not NumCases Open OpenBrace OpenQuote OperatorApplication Over Overset Overunderset PauliMatrix Phantom
Prescript Prime Prooftree Qqtext Quantity RaiseLower Relation Root RootAtTop Rule SelfQuote SetFont SetLine SetSize
SetStyle ShortVDotsWithin SideSet Smash Space Spacer SplitFrac SpreadLines Sqrt StarMacro Strut Subscript Superscript
TableColor TeXAtom TextColor Tilde UnderOver UnderOverBracket Underset VDotsWithin VectorBold VectorOperator Verb
Vnabla XMathStrut XMatrix XalignAt arrow minCDarrowheight minCDarrowwidth rule xArrow
"""
DRAW = frozenset(_READ.split())
FORWARDS = "CheckAutoload"  # to the command of that name, once its extension is loaded: it stands in a table, too
# What none of the functions in `DRAW` does: give an element an address, a name, a class or a style, load, define.
ACTS = re.compile(
    r"""setAttribute\(\w+,"(?:href|class|id|style|src)"|[{,](?:href|class|id|style|src):|\.loader\b|Loader|addMacro"""
    r"""|addEnvironment|addDelimiter|defineColor|allLabels|setOptions"""
)
NUMBERS_ALONE = {"UnderOverBracket"}  # a style, made of a length that was read as a number
MOST_OF_A_FUNCTION = 5_000  # a longer one is a whole module that happens to have its name


def mathjax() -> Path:
    spec = find_spec("sphinx-mathjax-offline")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def sources() -> dict[str, str]:
    files = [mathjax() / "input" / "tex-full.js", *sorted((mathjax() / "input" / "tex" / "extensions").glob("*.js"))]
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def behind(source: str, at: int) -> int:
    """Where that bracket closes which opens at `at`; text in quotes is passed over."""
    depth, quote = 0, ""
    while at < len(source):
        char = source[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return at


def entries(table: str) -> Iterator[tuple[str, str]]:
    """Names and values of an object written out in JavaScript."""
    name = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w$]+))\s*:""")
    at = 1
    while (found := name.match(table, at)) is not None:
        start = at = found.end()
        while table[at] not in ",}":
            if table[at] in "([{":
                at = behind(table, at)
            elif table[at] in "\"'":
                at = _behind_text(table, at)
            else:
                at += 1
        yield found[1] or found[2] or found[3] or "", table[start:at]
        at += 1


def _behind_text(table: str, at: int) -> int:
    quote, at = table[at], at + 1
    while table[at] != quote:
        at += 2 if table[at] == "\\" else 1
    return at + 1


def commands() -> dict[str, set[tuple[str, str]]]:
    """Each command, and what each table says of it: the function, and all that is given to it."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for source in sources().values():
        for table in re.finditer(r"\b(?:CommandMap|MacroMap)\)?\(\"[^\"]*\",(\{)", source):
            for name, value in entries(source[table.start(1) : behind(source, table.start(1))]):
                function = re.search(r"[A-Za-z_]\w*", value)
                found[name].add((function[0].replace("_", "") if function else value, value))
    return found


def functions() -> Iterator[tuple[str, str]]:
    for source in sources().values():
        for head in re.finditer(r"[.{,]([A-Za-z]\w*)[=:]function\([^)]*\)\{", source):
            body = source[head.end() - 1 : behind(source, head.end() - 1)]
            if len(body) < MOST_OF_A_FUNCTION:
                yield head[1], body


def is_refused(name: str) -> bool:
    return f"\\{name}" not in without_commands(f"\\{name} x")


def written(value: str) -> str:
    """The text that a command stands for, but for words of MathJax's own in it that are given to a glyph."""
    return re.sub(r"\\mmlToken\{\w+\}(?:\[[^]#]*\])?\{\w+\}", "", value.replace("\\\\", "\\"))


def test_every_command_that_does_more_than_draw_is_refused() -> None:
    found = commands()
    assert len(found) > 700
    assert {"href", "style", "mmlToken", "fcolorbox", "frac", "let", "refeq", "require"} <= found.keys()
    acting = {
        name
        for name, uses in found.items()
        for function, value in uses
        if function not in {*DRAW, FORWARDS} or without_commands(written(value)) != written(value)
    }
    assert len(acting) > 35
    assert {name for name in acting if name.isalpha() and not is_refused(name)} == set()
    assert {name for name in acting if not name.isalpha()} == set()
    assert {name for name, uses in found.items() if {function for function, _ in uses} == {FORWARDS}} == set()


def test_what_only_draws_does_nothing_else() -> None:
    seen = set()
    for name, body in functions():
        if name in DRAW:
            seen.add(name)
            assert not ACTS.search(body) or name in NUMBERS_ALONE, (name, body[:300])
    assert seen == DRAW


@pytest.mark.parametrize(
    "name", ["frac", "text", "tag", "color", "hat", "mathbb", "operatorname", "boldsymbol", "boxed"]
)
def test_what_draws_stays(name: str) -> None:
    assert not is_refused(name)
