"""The build runs the quick cells of a page again, when the page has run, and says which do something else then."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import execute_chapters  # noqa: E402
import run_again  # noqa: E402


def page(folder: Path, **cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name.replace("_", "-")) for name, source in cells.items()]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "page.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.slow("two kernels")
def test_a_cell_whose_names_have_changed_is_named_and_the_others_are_not(tmp_path: Path) -> None:
    path = page(
        tmp_path,
        first="import random, time\nx = 2\nx",
        counts="seen = []\nseen.append(x)\nprint(len(seen))",
        reads_x="assert x == 2",
        prints_x="print('x is', x)",
        draws="random.seed(1)\nprint(random.random())",
        measures="print(time.perf_counter())",
        draws_without_a_seed="print(random.random())",
        rebinds="x = 'three'",
        last="display(x)\nprint(len(seen))\nseen.append(x)",
    )
    outcome = execute_chapters.execute(path, threads=1, cell_seconds=60)
    assert outcome.problem.splitlines() == [
        "cell 'reads-x' fails when it is run again: AssertionError: ",
        "cell 'prints-x' says 'x is three' when it is run again; it said 'x is 2'",
        outcome.problem.splitlines()[2],
        "cell 'last' says '2' when it is run again; it said '1'",
    ]
    assert "'draws-without-a-seed' says" in outcome.problem.splitlines()[2]
    executed = nbformat.reads(outcome.notebook, as_version=4)
    assert [cell.id for cell in executed.cells] == [cell.id for cell in nbformat.read(path, as_version=4).cells]


def test_what_took_long_is_not_run_again() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=source) for source in ("quick", "slow", "unknown")]
    )
    source = run_again.source_for(notebook, {"quick": 0.1, "slow": run_again.MOST_SECONDS + 0.1})
    assert "'quick'" in source
    assert "'slow'" not in source
    assert "'unknown'" not in source


def test_a_page_that_says_nothing_about_its_second_run_is_no_good_page() -> None:
    assert run_again.differences(nbformat.v4.new_notebook(), []) == ["the page cannot be run again: []"]
