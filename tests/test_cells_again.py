"""Any cell of a chapter can be run again when the page has run, with the same result: no name changes its meaning."""

from __future__ import annotations

import ast
from pathlib import Path

import cells_again
import execute_chapters
import nbformat
import pytest
from book_pages import executed_pages
from cells_again import solutions_of
from execution_cache import cache_folder
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = executed_pages(ROOT)


@pytest.fixture(scope="module")
def kept(site: Path) -> dict[str, dict]:
    """What was noted of each chapter when it was executed for the site, by the file's name."""
    cache = get_cache(cache_folder(ROOT))
    return {page.name: cache.match_cache_notebook(nbformat.read(page, as_version=4)).data for page in CHAPTERS}


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_each_light_cell_gives_the_same_again(kept: dict[str, dict], page: Path) -> None:
    assert kept[page.name]["again"] == {}


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_no_name_that_a_heavy_cell_reads_is_bound_again_below_it(kept: dict[str, dict], page: Path) -> None:
    code = {cell["id"]: source_of(cell) for cell in read(page)["cells"] if cell["cell_type"] == "code"}
    for heavy in kept[page.name]["heavy"]:
        assert names_bound_later(code, heavy) == set(), heavy


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_the_code_of_each_solution_runs_after_its_chapter(kept: dict[str, dict], page: Path) -> None:
    assert kept[page.name]["unsolved"] == {}


def syntax(source: str) -> ast.Module:
    return ast.parse(TransformerManager().transform_cell(source))  # with `%pip` and `!ls` as calls


def test_a_function_of_the_first_parts_has_the_same_arguments_in_every_chapter() -> None:
    known: dict[str, tuple[list[str], str]] = {}
    for page in CHAPTERS:
        if not page.parent.name.startswith(("01", "02")):
            continue
        for cell in read(page)["cells"]:
            for node in syntax(source_of(cell)).body if cell["cell_type"] == "code" else ():
                if isinstance(node, ast.FunctionDef) and not node.decorator_list:  # a method is its class's own
                    arguments = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
                    first, where = known.setdefault(node.name, (arguments, f"{page.stem}, {cell['id']}"))
                    assert arguments == first, f"{node.name} in {page.stem}, {cell['id']} and in {where}"


def bound(source: str) -> set[str]:
    """The names that a cell binds for others: what it assigns, defines and imports outside functions and classes."""
    names: set[str] = set()
    waiting: list[ast.AST] = [*syntax(source).body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            waiting += ast.iter_child_nodes(node)
    return names


def names_bound_later(code: dict[str, str], cell: str) -> set[str]:
    """The names that a cell takes from cells above it and that cells below it bind once more."""
    order = list(code)
    here = order.index(cell)
    above = set().union(*(bound(code[name]) for name in order[:here]))
    below = set().union(*(bound(code[name]) for name in order[here + 1 :]))
    nodes = list(ast.walk(syntax(code[cell])))
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)} | bound(
        code[cell]
    )  # what loops and functions bind
    read_here = {node.id for node in nodes if isinstance(node, ast.Name)} - own
    return read_here & above & below


def test_a_name_that_is_bound_below_is_found_and_others_are_not() -> None:
    code = {
        "first": "import math\nx, y, k = 1, 2, 3",
        "heavy": "z = x + y + math.pi\n[k for k in range(3)]\ndef g(y):\n    return y",
        "last": "x = 5\nz = 3\nk = 1\ndef f(y):\n    y = 3",
    }
    assert names_bound_later(code, "heavy") == {"x"}


SOLUTIONS = {"right": "assert x == 'one'\nx = 2", "wrong": "x + 1", "silent": "y", "endless": "while True:\n    pass"}


@pytest.mark.slow("a kernel")
def test_what_is_not_the_same_again_is_said_with_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_again, "QUICK", cells_again.Limits(1.0, 1))
    cells = {
        "start": "x = 1",
        "reads": "print('x is', x)",
        "breaks": "len('abc') + x",
        "draws": "import numpy\nnumpy.random.seed(0)",
        "unseeded": "print(numpy.random.rand())",
        "seeded": "numpy.random.seed(1)\nprint(numpy.random.rand())",
        "measures": "import time\nprint(f'{time.perf_counter():.9f} s')",
        "by_clock": "import time\nprint(int(time.monotonic() * 2) % 1000, 'ticks')",
        "result": "6 * 7",
        "rebinds": "x = 'one'",
        "binds": "w = 1",
        "looks": "print('w is', w)",
        "back": "w = 1",  # when this has run again, what runs after it must not find it
        "away": "w = 2",
        "ends": "import os\nif x == 'one' and 'seen' in dir():\n    os._exit(3)\nseen = True",
    }
    exercises = "\n\n".join(
        f":::{{exercise}} One\n:label: ex-{label}\n\nWhat is x?\n:::\n\n```python\n{code}\n```"
        for label, code in SOLUTIONS.items()
    )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in cells.items()]
        + [nbformat.v4.new_markdown_cell(exercises, id="exercises")]
    )
    path = tmp_path / "chapter.ipynb"
    nbformat.write(notebook, path)
    outcome = execute_chapters.execute(path, threads=1, cell_seconds=60)
    assert not outcome.problem
    assert outcome.again["reads"] == "printed 'x is 1' first, and 'x is one' again"
    assert outcome.again["breaks"].startswith("TypeError: unsupported operand")
    assert outcome.again["ends"].startswith("ended its process")
    assert outcome.again["looks"] == "printed 'w is 1' first, and 'w is 2' again"
    assert set(outcome.again) == {"reads", "breaks", "unseeded", "looks", "ends"}
    assert set(outcome.unsolved) == {"ex-wrong", "ex-silent"}  # one's changes are not seen by the next
    assert outcome.stopped == ("ex-endless",)
    assert outcome.unsolved["ex-silent"] == "NameError: name 'y' is not defined"
    executed = nbformat.reads(outcome.notebook, as_version=4)
    assert [cell.id for cell in executed.cells] == [*cells, "exercises"]  # ours is taken out


def test_code_in_the_question_stands_before_that_of_its_solution_and_quizzes_are_no_exercises() -> None:
    text = ":::{quiz}\n```python\nbroken(\n```\n:::\n"
    text += ":::{exercise} Mend it\n:label: ex-mend\n\n```python\na = 1\n```\n:::\n"
    text += "<details><summary>Solution</summary>\n\n```python\na = 2\n```\n\n```text\nno code\n```\n</details>"
    assert solutions_of([{"cell_type": "markdown", "source": text}]) == {"ex-mend": "a = 1\n\na = 2\n"}
