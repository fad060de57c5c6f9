"""Every notebook is committed in one form, and begins with the one set-up cell."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import canonical
import pytest
import yaml

from gradus.errors import GradusError
from gradus.notebook.form import canonical_text, read, source_of

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = canonical.committed_notebooks()


def set_up_cell() -> str:
    """What the first code cell must be, computed from the repository's address and the pinned d2l."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["gradus"]["pins"]
    return (
        "try:\n"
        "    import gradus\n"
        "except ImportError:  # on Colab: torch, numpy, pandas and matplotlib are there already\n"
        f"    %pip install --quiet --no-deps d2l=={pins['d2l']} git+{repository['url']}@{repository['branch']}\n"
        "import gradus"  # for every later cell, and loud where pip has failed
    )


def test_there_are_notebooks_of_each_kind() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in NOTEBOOKS} == {"book", "exercises", "solutions"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem + "-" + path.parent.parent.name)
def test_a_notebook_is_in_the_committed_form(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == canonical_text(read(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem + "-" + path.parent.parent.name)
def test_a_notebook_begins_with_the_set_up_cell(path: Path) -> None:
    first = next(cell for cell in read(path)["cells"] if cell["cell_type"] == "code")
    assert source_of(first) == set_up_cell()


def _notebook(**changes: object) -> dict:
    cell = {
        "cell_type": "code", "id": "first-cell", "source": "x = 1  \n\n", "metadata": {"collapsed": True},
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}], "execution_count": 7,
    }  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {"widgets": {}}, "cells": [cell | changes]}


def test_outputs_counts_and_editors_metadata_are_dropped() -> None:
    text = canonical_text(_notebook())
    assert '"outputs": []' in text
    assert '"execution_count": null' in text
    assert "collapsed" not in text
    assert "widgets" not in text
    assert '"x = 1"' in text


def test_the_pictures_that_a_text_shows_are_kept_and_no_others() -> None:
    shown = {"image.png": {"image/png": "aGVsbG8="}, "my image.png": {"image/png": "aGk="}}
    source = "![](attachment:image.png) and ![](attachment:my%20image.png)"
    pasted = _notebook(cell_type="markdown", source=source, attachments=shown | {"of-a-solution.png": {}})
    (kept,) = json.loads(canonical_text(pasted))["cells"]
    assert kept["attachments"] == shown
    assert canonical_text(json.loads(canonical_text(pasted))) == canonical_text(pasted)
    for without in (None, {}, 5, {"of-a-solution.png": {}}):
        assert "attachments" not in canonical_text(_notebook(cell_type="markdown", source="x", attachments=without))


@pytest.mark.parametrize(
    "cell_id", ["", "3f2a91bc", "3f2a91bc-1111-2222-3333-444455556666", "Mit Leerzeichen", "kR3vXq9ZbN2c"]
)
def test_an_id_that_says_nothing_is_refused(cell_id: str) -> None:
    with pytest.raises(GradusError, match="says nothing"):
        canonical_text(_notebook(id=cell_id))


@pytest.mark.parametrize(
    "cell_id", ["RidgeRegression", "test_BatchNorm1d", "MSELoss-hints", "test_softmax", "2-layers"]
)
def test_a_cell_may_be_named_after_a_class(cell_id: str) -> None:
    assert f'"id": "{cell_id}"' in canonical_text(_notebook(id=cell_id))


def test_two_cells_with_one_id_are_refused() -> None:
    twice = _notebook()
    twice["cells"] *= 2
    with pytest.raises(GradusError, match="used twice"):
        canonical_text(twice)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nbformat": 3, "worksheets": []}'])
def test_what_is_not_a_notebook_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.ipynb"
    path.write_text(text)
    with pytest.raises(GradusError, match=r"odd\.ipynb: not a notebook"):
        read(path)
