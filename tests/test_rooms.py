"""Rooms import one way: as ARCHITECTURE.md draws it, and without a circle of files."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACADE = "gradus"  # whose names are loaded when they are used; what it imports, it imports for type checkers


@cache
def modules() -> dict[str, Path]:
    paths = [path for package in ("autograder", "gradus") for path in (ROOT / package).rglob("*.py")]
    paths = [path for path in paths if "course" not in path.relative_to(ROOT).parts]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports_of(name: str) -> set[str]:
    """The modules of ours that one imports, at its top or later, for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in modules() else node.module for name in names}
    return (found & set(modules())) - {name}


@cache
def graph() -> dict[str, set[str]]:
    return {name: set() if name == FACADE else imports_of(name) for name in modules()}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def between_rooms(package: str) -> dict[str, set[str]]:
    """The rooms of a package, and those of the same package that each imports."""
    found: dict[str, set[str]] = {room_of(name): set() for name in graph() if name.startswith(f"{package}.")}
    for name, others in graph().items():
        same = {room_of(other) for other in others if other.startswith(f"{package}.")}
        if name.startswith(f"{package}."):
            found[room_of(name)] |= same - {room_of(name)}
    return found


def drawn() -> dict[str, set[str]]:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    block = next(part for part in text.split("```") if part.startswith("\nfiles "))
    lines = [line.partition("->") for line in block.strip().splitlines()]
    return {room.strip(): set(others.split()) for room, _, others in lines}


def test_the_graders_rooms_import_what_the_drawing_says() -> None:
    print(*(f"{room} -> {' '.join(sorted(others))}" for room, others in between_rooms("autograder").items()), sep="\n")
    assert between_rooms("autograder") == drawn()


@pytest.mark.parametrize("package", ["autograder", "gradus"])
def test_rooms_have_no_circle(package: str) -> None:
    list(TopologicalSorter(between_rooms(package)).static_order())


def test_files_have_no_circle() -> None:
    list(TopologicalSorter(graph()).static_order())


def test_the_library_never_imports_the_grader() -> None:
    assert not [name for name in graph() if room_of(name) == "gradus" or name.startswith("gradus.")
                if any(other.startswith("autograder") for other in graph()[name])]  # fmt: skip


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        list(TopologicalSorter({**between_rooms("autograder"), "answers": {"grading"}}).static_order())
