"""The questions of a source notebook: what each hidden region asks, and for what of the student's."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from autograder.assignment.names import free_names
from autograder.assignment.regions import HIDDEN, SOLUTION, regions, without
from gradus.notebook.cells import kind_of
from gradus.notebook.form import Notebook, source_of

_STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class Asked:
    """One question: its name, the names of the student that it tests, and the released stubs of these."""

    name: str
    tested: tuple[str, ...]
    stub: str


def hidden_source(cell: Notebook) -> str:
    """The hidden regions of a test cell, as one piece of Python."""
    return textwrap.dedent("\n".join(regions(source_of(cell), HIDDEN)))


def asked_questions(source: Notebook) -> list[Asked]:
    """The questions of a source notebook, in order: each test cell, and what the answer cells before it define.

    A test cell without an answer cell of its own (since the test cell before it) tests what it uses of all before.
    """
    questions, stubs, own = [], {}, {}
    for cell in source["cells"]:
        kind, text = kind_of(cell), source_of(cell)
        if kind == "answer":
            stub = without(text, SOLUTION, _STUB)
            own.update(dict.fromkeys(_student_names(stub), stub))
            stubs.update(own)
        elif kind == "test":
            used = free_names(hidden_source(cell)) & set(stubs)
            tested = {name: stub for name, stub in (own or stubs).items() if name in used or own}
            label = cell["metadata"]["nbgrader"]["grade_id"]
            questions.append(Asked(label, tuple(tested), "\n\n".join(dict.fromkeys(tested.values()))))
            own = {}
    return questions


def _student_names(stub: str) -> list[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in ast.parse(stub).body if isinstance(node, functions)]
