"""Fill the released notebook with each invented student's answers, and write it where the grader looks for it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autograder.sample_class.roster import ROSTER, Student
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, read, source_of

_CODE_STUB = re.compile(r"^ +# YOUR CODE HERE\n +raise NotImplementedError\S*$", re.MULTILINE)
_TEXT_STUB = "YOUR ANSWER HERE"


@dataclass(frozen=True)
class SampleSubmission:
    """What one student handed in, and the marks that are fair.

    `expected` has the points of each test cell, by its grade_id. `problem` is a part of the sentence with which the
    grader has to state what was wrong with the file or the run; None when it has to state nothing.
    """

    student: str
    description: str
    expected: dict[str, float]
    problem: str | None


def make_sample_class(released: Path, submitted: Path) -> list[SampleSubmission]:
    """Write one submission for each student of the roster.

    Args:
        released: the student notebook of ps4.
        submitted: the folder that gets `<student>/ps4/ps4.ipynb`; what these files were before is overwritten.

    Returns:
        What was written, in the order of the roster.

    Raises:
        GradusError: `released` is no notebook, or a question of it has no place for the answer.
    """
    notebook = read(released)
    points = _points(notebook)
    written = []
    for student in ROSTER:
        path = submitted / student.name / released.stem / released.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(student.save(_answered(notebook, student, released)), encoding="utf-8")
        expected = dict.fromkeys(points, 0.0) if student.loses is None else points | _left(student.loses, points)
        written.append(SampleSubmission(student.name, student.description, expected, student.problem))
    return written


def answers(student: Student) -> dict[str, str]:
    """The student's code for each question: the body of a function, indented as it stands in its module."""
    if student.style is None:
        return {}
    mistaken = _bodies("mistaken")
    return _bodies(student.style) | {question: mistaken[name] for question, name in student.mistakes.items()}


def _bodies(module: str) -> dict[str, str]:
    """The text of each function in a module beside this one, without its signature and docstring."""
    text = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    bodies = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = node.body[1 if ast.get_docstring(node) else 0]
            bodies[node.name] = "\n".join(lines[first.lineno - 1 : node.end_lineno])
    return bodies


def _points(notebook: Notebook) -> dict[str, float]:
    """The points of each test cell, by its grade_id."""
    labels = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return {label["grade_id"]: float(label["points"]) for label in labels if label.get("grade")}


def _left(loses: Mapping[str, Fraction], points: dict[str, float]) -> dict[str, float]:
    return {
        f"test_{question}": float((1 - lost) * Fraction(points[f"test_{question}"])) for question, lost in loses.items()
    }


def _answered(released: Notebook, student: Student, path: Path) -> Notebook:
    """`released` with the student's answers in the place of its stubs."""
    notebook = copy.deepcopy(released)
    code = answers(student)
    for cell in notebook["cells"]:
        label = cell["metadata"].get("nbgrader", {})
        if not label.get("solution"):
            continue
        source = source_of(cell)
        if cell["cell_type"] == "markdown":
            if student.essay:
                cell["source"] = source.replace(_TEXT_STUB, student.essay)
        elif code:
            question = label["grade_id"]
            if question not in code:
                raise GradusError(f"{path}: the sample class has no answer to {question!r}; write one in plain.py.")
            around = _CODE_STUB.split(source)
            if len(around) != 2:
                raise GradusError(f"{path}: the answer cell {question!r} has no stub; run `gradus release` again.")
            cell["source"] = code[question].join(around)
    return notebook
