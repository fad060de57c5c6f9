"""A chapter is executed again when anything that it prints may depend on has changed, and not otherwise."""

from __future__ import annotations

import os
import sys
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace

import cells_again
import execute_chapters
import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book" / "_ext"))

import execution_cache
from execution_cache import KEPT, cache_folder, remove_old_caches

PINNED = '[tool.gradus.pins]\ntorch = "2.13"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"gradus/trainer.py": "a = 1", "gradus/datasets/catalog.py": "checksum = 'ab'", "gradus/house.mplstyle": ""}
    for name, text in {
        **files,
        "pyproject.toml": PINNED,
        "requirements.txt": "numpy==2",
        "book/data.csv": "1",
        "book/01-part/helper.py": "x",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


CHANGES = [
    "book/data.csv",
    "book/01-part/helper.py",
    "gradus/trainer.py",
    "gradus/datasets/catalog.py",
    "gradus/house.mplstyle",
    "requirements.txt",
]


@pytest.mark.parametrize("changed", [*CHANGES, "gradus/new.py"])
def test_a_change_of_library_data_checksums_style_or_pins_gives_another_cache(root: Path, changed: str) -> None:
    before = cache_folder(root)
    (root / changed).write_text("changed", encoding="utf-8")
    assert cache_folder(root) != before


def test_another_pin_gives_another_cache_and_another_rule_of_the_lint_does_not(root: Path) -> None:
    before = cache_folder(root)
    (root / "pyproject.toml").write_text(PINNED + "[tool.ruff]\nline-length = 80\n", encoding="utf-8")
    assert cache_folder(root) == before
    (root / "pyproject.toml").write_text(PINNED.replace("2.13", "2.14"), encoding="utf-8")
    assert cache_folder(root) != before


def test_another_torch_gives_another_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache_folder(root)
    monkeypatch.setattr(execution_cache, "version", lambda package: "0.0")
    assert cache_folder(root) != before


def test_compiled_files_and_chapters_do_not(root: Path) -> None:
    before = cache_folder(root)
    for name in (
        "gradus/__pycache__/trainer.cpython-311.pyc",
        "book/chapter.md",
        "book/a.ipynb",
        "book/_static/a.css",
        "book/references.bib",
        "book/01-part/__pycache__/helper.pyc",
        "book/01-part/.ipynb_checkpoints/a.csv",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("changed", encoding="utf-8")
    assert cache_folder(root) == before


def test_the_cache_in_use_and_the_newest_others_are_kept(root: Path) -> None:
    current = cache_folder(root)
    old = [current.with_name(f"{execution_cache.PREFIX}{age}") for age in range(5)]
    for age, folder in enumerate([*old, current]):
        folder.mkdir(parents=True)
        os.utime(folder, (1000 - age, 1000 - age))
    removed = remove_old_caches(root)
    assert set(removed) == set(old[KEPT - 1 :])
    assert all(folder.exists() for folder in [current, *old[: KEPT - 1]])
    assert not any(folder.exists() for folder in removed)


@pytest.mark.parametrize(("kept", "asked", "served"), [("", "", True), ("1", "", True), ("", "1", False)])
def test_a_thorough_run_is_not_served_with_what_a_quick_one_has_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, asked: str, served: bool
) -> None:
    monkeypatch.setenv("GRADUS_THOROUGH", kept)
    data = {"solutions": {}, "limits": list(astuple(cells_again.limits()))}
    cache = SimpleNamespace(match_cache_notebook=lambda _: SimpleNamespace(data=data))
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "chapter.ipynb")
    monkeypatch.setenv("GRADUS_THOROUGH", asked)
    assert execute_chapters.is_cached(cache, tmp_path / "chapter.ipynb") is served  # type: ignore[arg-type]
