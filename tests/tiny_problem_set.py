"""A problem set of two coded questions and a written one: for tests of the grader that must be quick."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.gradebook.generate import generate
from gradus.notebook.form import Notebook, source_of, write

NAME = "tiny"
POINTS = {"test_double": 1.0, "test_halve": 2.0, "why": 3.0}
RIGHT = {"double": "def double(x):\n    return x + x", "halve": "def halve(x):\n    return x / 2"}

_DOUBLE = '''def double(x: float) -> float:
    """Twice x."""
    ### BEGIN SOLUTION
    twice_of_the_input = 2 * x
    return twice_of_the_input
    ### END SOLUTION'''
_TEST_DOUBLE = """same(double(2), 4)
### BEGIN HIDDEN TESTS
from autograder.answers import answer, cases
for _ in range(4):
    answer(double, cases.number(-10, 10))
### END HIDDEN TESTS"""
_HALVE = '''def halve(x: float) -> float:
    """Half of x."""
    ### BEGIN SOLUTION
    half_of_the_input = x / 2
    return half_of_the_input
    ### END SOLUTION'''
_TEST_HALVE = """assert same(halve(3), 1.5)
### BEGIN HIDDEN TESTS
from autograder.answers import answer, cases
for scale in (1e-300, 1.0):
    answer(halve, scale * cases.number(1, 2), atol=0.0)
### END HIDDEN TESTS"""
_SAME = """def same(a, b):
    assert math.isclose(a, b), f"{a} is not {b}"
    return True"""


def cell(kind: str, name: str, source: str, **nbgrader: Any) -> dict[str, Any]:
    """A cell of a source notebook; with keyword arguments it is one that nbgrader knows."""
    metadata = {}
    if nbgrader:
        flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        metadata["nbgrader"] = flags | {"grade_id": name} | nbgrader
    plain = {"cell_type": kind, "id": name.replace("_", "-"), "metadata": metadata, "source": source}
    return plain if kind == "markdown" else plain | {"outputs": [], "execution_count": None}


def source_notebook() -> Notebook:
    """A fresh copy of the instructor's notebook."""
    cells = [
        cell("markdown", "title", "# Tiny"),
        cell("code", "imports", "import math"),
        cell("code", "same", _SAME, locked=True),
        cell("markdown", "double-prompt", "Write `double(x)`."),
        cell("code", "double", _DOUBLE, solution=True),
        cell("code", "test_double", _TEST_DOUBLE, grade=True, locked=True, points=1),
        cell("markdown", "halve-prompt", "Write `halve(x)`."),
        cell("code", "halve", _HALVE, solution=True),
        cell("code", "test_halve", _TEST_HALVE, grade=True, locked=True, points=2),
        cell("markdown", "why", "Because two halves make a whole.", grade=True, solution=True, points=3),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def course(folder: Path, source: Notebook | None = None) -> Course:
    """A course in `folder` with the problem set's source in place and nothing released or handed in."""
    made = Course(folder / "course", folder / "solutions", folder / "exercises")
    made.root.mkdir(parents=True, exist_ok=True)
    write(made.source_notebook(NAME), source or source_notebook())
    return made


def released_course(folder: Path) -> tuple[Course, Notebook]:
    """A course whose student notebook is written, and that notebook."""
    made = course(folder)
    text = generate(made, NAME)
    path = made.released_notebook(NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return made, json.loads(text)


def answered(released: Notebook, **answers: str) -> Notebook:
    """The student notebook with `answers` in the cells of these names."""
    notebook = copy.deepcopy(released)
    for one in notebook["cells"]:
        one["source"] = answers.get(label(one), source_of(one))
    return notebook


def label(one: dict[str, Any]) -> str:
    """nbgrader's name of a cell; "" for a cell that it does not know."""
    return one["metadata"].get("nbgrader", {}).get("grade_id", "")


def hand_in(made: Course, student: str, notebook: Notebook | bytes) -> Path:
    """Put a submission where the grader looks for it."""
    path = made.submitted_notebook(student, NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    return path


def grade_command(made: Course, *options: str) -> list[str]:
    """`gradus grade tiny`, by this Python in a process of its own. Nothing in it depends on the clock but `seconds`."""
    folders = [str(made.root), str(made.solutions), str(made.exercises)]
    start = f"""from pathlib import Path
import autograder.cli
from autograder.course import Course
autograder.cli._course = lambda _: Course(*map(Path, {folders}))
from gradus.cli import main
main()"""
    where = ["--course", str(made.root), "--seed", "1", "--json", str(made.root / "marks.json")]
    return [sys.executable, "-c", start, "grade", NAME, *where, *options]
