"""What a notebook says by which the watch over forbidden functions, or the grader in its own process, is got round.

The watch runs in the process of the submission, so it stops a habit and nobody who sets out to blind it. Honest answers
have no use for what does: a person is told where it stands. Only what is written plainly is found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.grading.notes import place_of_cell
from gradus.notebook.cells import is_locked

_SWITCHES = {
    "DisableTorchFunction", "_DisableTorchDispatch", "_DisableFuncTorch", "_pop_mode", "_pop_torch_function_stack",
    "_push_on_torch_function_stack", "_set_torch_function_mode", "_pop_mode_temporarily",
}  # fmt: skip
_PACKAGE = "autograder"
_MAY_HOLD_ONE = re.compile("|".join(sorted({*_SWITCHES, _PACKAGE})))
_MOST = 3  # of one notebook


def blinding_in(notebook: NotebookNode) -> list[str]:
    """Sentences on the cells of a submission that name a switch of PyTorch's watches, or import the grader's code."""
    said = []
    for cell in notebook.cells:
        if cell["cell_type"] != "code" or is_locked(cell) or not _MAY_HOLD_ONE.search(cell["source"]):
            continue
        for line, name in dict.fromkeys(_named(cell["source"])):
            what = (
                "the grader's own code, which no answer needs"
                if name == _PACKAGE
                else "a switch for what watches PyTorch's functions, as the tests do"
            )
            said.append(f"{place_of_cell(cell)}, line {line}: `{name}` is {what}. A person should read this cell")
    return said[:_MOST]


def _named(source: str) -> Iterator[tuple[int, str]]:
    """The lines that name a switch or import the grader's package, in Python that may have magics in it."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for number, line in enumerate(source.splitlines(), 1):
            code = line.partition("#")[0]
            yield from (
                (number, found) for found in _MAY_HOLD_ONE.findall(code) if found != _PACKAGE or "import" in code
            )
        return
    for node in sorted((node for node in nodes if hasattr(node, "lineno")), key=lambda node: node.lineno):
        yield from ((node.lineno, name) for name in _names_in(node))


def _names_in(node: Any) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)) if name in _SWITCHES:
            yield name
        case ast.Import(names=aliases):
            yield from (_PACKAGE for alias in aliases if alias.name.partition(".")[0] == _PACKAGE)
        case ast.ImportFrom(module=module, names=aliases):
            if module and module.partition(".")[0] == _PACKAGE:
                yield _PACKAGE
            yield from (alias.name for alias in aliases if alias.name in _SWITCHES)
