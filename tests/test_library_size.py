"""The training library stays thin, and every name of it is documented with types."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import gradus

ROOT = Path(__file__).resolve().parent.parent / "gradus"
TRAINING = (
    "board", "check", "checkpoints", "data_modules", "device", "figures", "history", "loader", "mistakes", "misuse",
    "modules", "progress", "seeds", "stopping", "trainer",
)  # fmt: skip


def statements(path: Path) -> int:
    """Statements of a file, `def` and `class` lines among them; neither imports nor docstrings."""
    left_out = (ast.Import, ast.ImportFrom)
    nodes = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.stmt)]
    docstrings = [n for n in nodes if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
    return len([n for n in nodes if not isinstance(n, left_out)]) - len(docstrings)


def test_the_training_library_has_under_750_statements() -> None:
    sizes = {name: statements(ROOT / f"{name}.py") for name in TRAINING}
    assert sum(sizes.values()) < 750, sizes


@pytest.mark.parametrize("name", [name for name in gradus.__all__ if name not in ("__version__", "d2l")])
def test_every_public_name_is_documented_and_typed(name: str) -> None:
    thing = getattr(gradus, name)
    functions = [(name, thing)] if inspect.isfunction(thing) else list(vars(thing).items())
    assert inspect.getdoc(thing), name
    for inner, function in functions:
        if not inspect.isfunction(function) or not function.__code__.co_filename.startswith(str(ROOT)):
            continue  # another's, or one that a dataclass has written
        signature = inspect.signature(function)
        untyped = [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"]
        assert untyped == [], f"{name}.{inner}"
        assert inner == "__init__" or signature.return_annotation is not signature.empty, f"{name}.{inner}"
        if not inner.startswith("_"):
            assert inspect.getdoc(function), f"{name}.{inner}"


def test_every_public_name_can_be_had_from_its_room() -> None:
    for name in gradus.__all__:
        assert getattr(gradus, name) is not None
    for name, room in gradus._ROOMS.items():
        assert getattr(importlib.import_module(room), name) is getattr(gradus, name)


def test_every_public_name_is_on_the_page_of_the_library() -> None:
    page = (ROOT.parent / "book" / "appendix" / "api.md").read_text(encoding="utf-8")
    for name in gradus.__all__:
        assert name == "__version__" or f"gradus.{name}" in page or f"module:: gradus.{name}" in page, name
