"""Answers that say nothing yet: a text cell as it was handed out, and code that a left `raise` keeps from running."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradus.hand_in.findings import Finding, cell_name
from gradus.hand_in.plain_python import Mistake, tree_of
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of
from gradus.notebook.frame import ReleasedFrame, digest_of

TEXT_STUB = "YOUR ANSWER HERE"
_ENDS = (ast.Return, ast.Raise)
_HOLDS_CODE = (ast.FunctionDef, ast.AsyncFunctionDef)


def written_findings(notebook: Notebook, frame: ReleasedFrame | None) -> list[Finding]:
    """A note for each written answer whose cell still says what it said when it was handed out, or nothing."""
    cells = notebook["cells"]
    known = {one.label: one for one in frame.cells if one.sort == "answer" and one.kind == "markdown"} if frame else {}
    findings = []
    for index, cell in enumerate(cells):
        text, label = source_of(cell).strip(), label_of(cell)
        untouched = text == TEXT_STUB or not text or (label in known and digest_of(cell) == known[label].digest)
        if cell.get("cell_type") != "markdown" or not untouched or not (label in known or text == TEXT_STUB):
            continue
        says = f"still says {TEXT_STUB}" if text else "is empty"
        cure = (
            "write your answer into this cell, in the place of that text; what stands in other cells may not be found."
        )
        findings.append(Finding("note", cell_name(cells, index), f"it {says}: as it is, it earns nothing.", cure, True))
    return findings


def left_raises(notebook: Notebook, frame: ReleasedFrame | None) -> dict[int, Finding]:
    """Index of an answer cell to the problem that a `raise NotImplementedError` in it ends code that was written."""
    cells = notebook["cells"]
    answers = {one.label: one.digest for one in frame.cells if one.sort == "answer"} if frame else {}
    found = {}
    for index, cell in enumerate(cells):
        if cell.get("cell_type") != "code" or (frame and label_of(cell) not in answers):
            continue
        tree = tree_of(source_of(cell))
        if isinstance(tree, Mistake) or answers.get(label_of(cell)) == digest_of(cell):
            continue
        if left := next(_left(tree), None):
            line, what = left
            where, cure = cell_name(cells, index), "take the line `raise NotImplementedError` out."
            found[index] = Finding("problem", where, f"line {line}: {what}", cure)
    return found


def _left(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and fault of every `raise NotImplementedError` that stands above or below written code."""
    for node in ast.walk(tree):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if not isinstance(block, list):
                continue
            for place, statement in enumerate(block):
                if not _is_stub(statement):
                    continue
                below = [other for other in block[place + 1 :] if not _says_nothing(other)]
                above = [other for other in block[:place] if not _says_nothing(other)]
                if isinstance(node, ast.Module):
                    if below or above:
                        yield statement.lineno, "`raise NotImplementedError` outside of a function ends the cell."
                elif below and not isinstance(node, ast.ClassDef):
                    yield statement.lineno, "the code below `raise NotImplementedError` never runs."
                elif above and isinstance(node, _HOLDS_CODE) and not _may_return(above):
                    yield statement.lineno, "`raise NotImplementedError` is still below the code, and ends it."


def _is_stub(node: ast.stmt) -> bool:
    named = (
        node.exc.func if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) else getattr(node, "exc", None)
    )
    return isinstance(node, ast.Raise) and isinstance(named, ast.Name) and named.id == "NotImplementedError"


def _says_nothing(node: ast.stmt) -> bool:
    """A docstring, `pass`, a lone `yield`, and the constructor of the class above, which stubs are handed out with."""
    if isinstance(node, ast.Pass):
        return True
    if not isinstance(node, ast.Expr):
        return False
    return isinstance(node.value, (ast.Constant, ast.Yield)) or ast.unparse(node.value).startswith("super().__init__(")


def _may_return(statements: list[ast.stmt]) -> bool:
    """Whether a value may be returned above the `raise`: then it may be meant, for a case that is not dealt with."""
    return any(isinstance(node, _ENDS) for statement in statements for node in ast.walk(statement))
