"""What a star import takes for Python's own does not break a visible check: torch's `float` is a dtype, NumPy's `max`
takes an axis."""

from __future__ import annotations

import ast
import builtins
import functools
import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from in_process import ROOT, SEED, answer_cells, run, source_notebook

from autograder.assignment.jobs import source_job
from gradus.notebook.cells import label_of

pytestmark = pytest.mark.slow("every visible check behind four star imports")

NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))
STARS = ("torch", "numpy", "d2l.torch", "pylab")


@functools.cache
def taken_by(module: str) -> dict[str, Any]:
    """Python's names that `from module import *` gives another meaning."""
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(f"from gradus import d2l\nfrom {module} import *", names)
    return {
        name: names[name]
        for name, own in vars(builtins).items()
        if not name.startswith("_") and names.get(name, own) is not own
    }


class _PythonsOwn(ast.NodeTransformer):
    """The names in an answer mean what they meant to whoever wrote it."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            return ast.parse(f"__import__('builtins').{node.id}", mode="eval").body
        return node


def failures(name: str, module: str) -> dict[str, str]:
    """Why the visible lines of each test cell fail behind `from module import *`, with right answers."""
    notebook, taken = source_notebook(name), taken_by(module)
    answers = {index for index, cell in enumerate(notebook["cells"]) if label_of(cell) in answer_cells(notebook)}
    names: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    with redirect_stdout(StringIO()):
        for cell in source_job(notebook, SEED).cells:
            source = cell.source
            if cell.index in answers:
                source = ast.unparse(ast.fix_missing_locations(_PythonsOwn(set(taken)).visit(ast.parse(source))))
            try:
                run(source, names)
            except Exception as error:
                found[cell.question or str(cell.index)] = f"{type(error).__name__}: {error}"
            if notebook["cells"][cell.index]["id"] == "imports":
                names.update(taken)
    return found


@pytest.mark.parametrize("module", STARS)
def test_a_star_import_gives_some_of_pythons_names_another_meaning(module: str) -> None:
    assert taken_by(module)


@pytest.mark.parametrize("module", STARS)
@pytest.mark.parametrize("name", NAMES)
def test_visible_checks_pass_behind_a_star_import(name: str, module: str) -> None:
    assert failures(name, module) == {}
