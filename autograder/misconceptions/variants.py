"""Other right solutions of a problem set (wheats) and wrong ones (chaffs), which `solutions/<set>/variants.py` holds.

    @wheat("softmax")
    def through_logarithms(Z): ...

    @misconception("softmax", hint="Each row should sum to one. You normalised over examples, not over classes.")
    def over_examples(Z): ...

The decorated function stands in for the student's function `softmax`, a decorated class for a class; its own
name says what it is. The file is read, never executed here: its functions run where submissions run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gradus.errors import GradusError

Function = TypeVar("Function", bound=Callable[..., Any])

FILE = "variants.py"


@dataclass(frozen=True)
class Variant:
    """One solution of one question. `question` is the grade_id of the answer cell, and `source` goes into it."""

    question: str
    name: str
    source: str
    place: str = field(default="", compare=False, kw_only=True)  # its file, line and name

    @property
    def title(self) -> str:
        """The name in words, for reports."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Misconception(Variant):
    """A mistake that classes make. `hint` is for the student who made it."""

    hint: str


@dataclass(frozen=True)
class Variants:
    """What one file holds, in its order."""

    wheats: tuple[Variant, ...]
    misconceptions: tuple[Misconception, ...]

    def of(self, question: str) -> Variants:
        """Those of one question."""
        return Variants(
            tuple(variant for variant in self.wheats if variant.question == question),
            tuple(variant for variant in self.misconceptions if variant.question == question),
        )


def wheat(question: str) -> Callable[[Function], Function]:
    """Mark a function or a class as another right answer to `question`."""
    return lambda function: function


def misconception(question: str, *, hint: str) -> Callable[[Function], Function]:
    """Mark a function or a class as a wrong answer to `question` that classes give.

    Args:
        question: the grade_id of the answer cell.
        hint: what to tell a student who gave it: what is wrong and why, without the code that mends it.
    """
    return lambda function: function


def read_variants(path: Path) -> Variants:
    """The variants in a file.

    Raises:
        GradusError: the file is missing or no Python, a decorator says too little, or a question has a name twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        module = ast.parse(text)
    except FileNotFoundError:
        raise GradusError(f"{path}: no such file; write the problem set's wheats and misconceptions there.") from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise GradusError(f"{path}: not Python ({error}).") from None
    lines = text.split("\n")
    shared = [_source_of(node, lines) for node in module.body if _is_shared(node)]
    wheats: list[Variant] = []
    misconceptions: list[Misconception] = []
    taken: set[tuple[str, str]] = set()
    for node in module.body:
        decorator = _decorator(node)
        if decorator is None:
            continue
        assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
        place = f"{path}, line {node.lineno} ({node.name})"
        question, hint = _said(decorator, place)
        if (question, node.name) in taken:
            raise GradusError(f"{place}: {question} has this name already; give each variant its own.")
        taken.add((question, node.name))
        parts = [*shared, _source_of(node, lines)]
        parts += [f"{question} = {node.name}"] if node.name != question else []
        source = "\n\n".join(parts)
        if hint is None:
            wheats.append(Variant(question, node.name, source, place=place))
        else:
            misconceptions.append(Misconception(question, node.name, source, hint, place=place))
    return Variants(tuple(wheats), tuple(misconceptions))


def _source_of(node: ast.stmt, lines: list[str]) -> str:
    """The text of a statement without its decorators; `ast.get_source_segment` splits the whole file every time."""
    assert node.end_lineno is not None
    found = [line.encode() for line in lines[node.lineno - 1 : node.end_lineno]]
    found[-1] = found[-1][: node.end_col_offset]
    found[0] = found[0][node.col_offset :]
    return b"\n".join(found).decode()


def _decorator(node: ast.stmt) -> ast.Call | None:
    """The call of `wheat` or `misconception` that decorates a function or a class."""
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return None
    kinds = (wheat.__name__, misconception.__name__)
    for found in node.decorator_list:
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and found.func.id in kinds:
            return found
    return None


def _said(decorator: ast.Call, place: str) -> tuple[str, str | None]:
    """The question that a decorator names, and its hint: None for a wheat."""
    assert isinstance(decorator.func, ast.Name)
    is_wheat = decorator.func.id == wheat.__name__
    try:
        given = [ast.literal_eval(argument) for argument in decorator.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in decorator.keywords}
    except ValueError:
        raise GradusError(f"{place}: write the question and the hint as plain strings.") from None
    wanted: set[str | None] = set() if is_wheat else {"hint"}
    texts = [*given, *named.values()]
    if len(given) != 1 or set(named) != wanted or not all(type(text) is str and text.strip() for text in texts):
        right = '@wheat("question")' if is_wheat else '@misconception("question", hint="…")'
        raise GradusError(f"{place}: write it as {right}.")
    return given[0], None if is_wheat else named["hint"]


def _is_shared(node: ast.stmt) -> bool:
    """Whether every variant needs this line of the file: imports, constants, and what has no decorator."""
    if isinstance(node, ast.ImportFrom):
        return node.module not in ("__future__", __name__, "autograder.misconceptions")  # neither is in a sandbox
    if isinstance(node, ast.Expr):  # the file's docstring
        return False
    return _decorator(node) is None
