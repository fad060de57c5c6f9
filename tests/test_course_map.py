"""The map of ideas says where each one is run; these tests hold it to that."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest
import yaml

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
ROWS = list(csv.DictReader((ROOT / "book" / "course-map.tsv").open(encoding="utf-8"), delimiter="\t"))
PAGES = sorted({row["page"] for row in ROWS})
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*/*.ipynb"))


def test_every_row_is_whole() -> None:
    assert ROWS
    for row in ROWS:
        assert set(row) == {"part", "chapter", "idea", "page", "cell"}
        assert all(value and value.strip() for value in row.values()), row


@pytest.mark.parametrize("page", PAGES)
def test_each_idea_is_run_by_the_cell_that_the_map_names(page: str) -> None:
    path = ROOT / "book" / f"{page}.ipynb"
    code = {cell["id"]: source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "code"}
    for row in (row for row in ROWS if row["page"] == page):
        assert code.get(row["cell"], "").strip(), f"{page}: no code cell {row['cell']!r} ({row['idea']})"


def runs_something(source: str) -> bool:
    """Whether a cell does more than define: a call outside its functions and classes."""
    python = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    done = [step for step in ast.parse(python).body if not isinstance(step, DEFINITIONS)]
    return any(isinstance(node, ast.Call) for step in done for node in ast.walk(step))


@pytest.mark.parametrize("page", PAGES)
def test_the_cell_of_an_idea_does_not_only_define_it(page: str) -> None:
    code = {cell["id"]: source_of(cell) for cell in read(ROOT / "book" / f"{page}.ipynb")["cells"]}
    only_define = [row["cell"] for row in ROWS if row["page"] == page and not runs_something(code[row["cell"]])]
    assert only_define == []


def test_a_definition_alone_runs_nothing() -> None:
    assert not runs_something("import math\n\n\ndef root(x):\n    return math.sqrt(x)")
    assert runs_something("%matplotlib inline\ndef root(x):\n    return x\n\n\nprint(root(2))")


def test_every_chapter_is_in_the_map_and_in_the_table_of_contents() -> None:
    chapters = {str(path.relative_to(ROOT / "book").with_suffix("")) for path in CHAPTERS}
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {entry["file"].removeprefix("book/") for part in contents["parts"] for entry in part["chapters"]}
    assert chapters == {page for page in PAGES if not page.startswith("appendix/")}
    assert chapters <= listed


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_asks_its_reader(path: Path) -> None:
    text = "\n".join(source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    assert 3 <= text.count(":::{quiz}") <= 5
    assert 3 <= text.count(":::{exercise}") <= 6
    assert "exercises/ps" in text  # where to go on
