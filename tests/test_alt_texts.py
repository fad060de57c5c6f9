"""Whoever cannot see a figure takes its numbers on trust, so the cell that draws it holds them against its data."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from gradus.notebook.form import read, source_of

BOOK = Path(__file__).resolve().parent.parent / "book"
CHAPTERS = sorted([*BOOK.glob("01-*/*.ipynb"), *BOOK.glob("02-*/*.ipynb")])
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
SHOWING = {"figure", "stepper"}


def unheld_numbers(source: str) -> list[str]:
    """The numbers of the cell's alt texts that occur nowhere else in its code, be it drawn or asserted.

    A number that is computed stands in braces, and needs no holding.
    """
    tree = ast.parse(TransformerManager().transform_cell(source))
    named = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    texts = [text for node in ast.walk(tree) if (text := alt_of(node, named))]
    inside = {id(part) for text in texts for part in ast.walk(text)}
    literals = {
        float(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in inside and type(node.value) in (int, float)
    }
    found = []
    for text in texts:
        words = " ".join(
            node.value for node in ast.walk(text) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        found += [number for number in NUMBER.findall(words) if float(number.replace(",", "")) not in literals]
    return found


def alt_of(node: ast.AST, named: dict[str, ast.expr]) -> ast.expr | None:
    """The alt text of a call that shows a figure, where it is written; None for any other node."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in SHOWING:
        return None
    by_name = [keyword.value for keyword in node.keywords if keyword.arg == "alt"]
    text = (by_name or node.args[1:2] or [None])[0]
    return named.get(text.id) if isinstance(text, ast.Name) else text


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name[:2]}-{path.stem}")
def test_each_number_of_an_alt_text_is_drawn_or_asserted_in_its_cell(path: Path) -> None:
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "code":
            assert unheld_numbers(source_of(cell)) == [], cell["id"]


def test_numbers_are_found_where_nothing_holds_them() -> None:
    alt = '"It falls from 1,000 to 0.5 after 3 steps, for L2 and s1."'
    assert unheld_numbers(f"figure(fig, alt={alt})") == ["1,000", "0.5", "3"]
    assert unheld_numbers(f"alt = ({alt})\nfigure(fig, alt)") == ["1,000", "0.5", "3"]
    assert unheld_numbers(f"assert y[0] == 1_000\nassert abs(y[3] - .5) < 0.1\nstepper(frames, 'x', alt={alt})") == []
    assert unheld_numbers('figure(fig, f"It falls to {y[-1]:.1f} in 7 steps.")') == ["7"]
    assert unheld_numbers('print("in 5 steps")') == []
