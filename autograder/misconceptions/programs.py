"""From what a file says of a solution to the program that is handed in: what goes into the answer cell.

The code of a solution is, and this is tried in order:

1. the whole answer, where it defines what the question asks for;
2. the inside of a subclass of `Right`, where the file's first block defines a class of that name;
3. the body of the function, whose first line is that of the notebook's solution.

A difference starts from `Right`, where there is one, else from the notebook's solution, or from the right solution of
the same file that it names. All run where the notebook's own imports, and the cells before, have run.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.assignment.names import plain_python
from autograder.assignment.regions import SOLUTION
from autograder.misconceptions.differences import Line, changed
from autograder.misconceptions.pages import Change, Code, Difference, Page
from gradus.errors import GradusError

RIGHT = "Right"


@dataclass(frozen=True)
class Program:
    """`shared` is the file's first block, and `own` what stands below it."""

    shared: tuple[Line, ...]
    own: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.shared, Line(""), Line(""), *self.own) if self.shared else self.own

    @property
    def source(self) -> str:
        return _text(self.lines)


@dataclass(frozen=True)
class _Given:
    """What the solutions of a file have in common.

    `right` is where in `shared` the class `Right` stands, `reference` the notebook's solution, and `head` the first
    line of the function that this defines; "" where it defines none.
    """

    page: Page
    shared: tuple[Line, ...]
    right: slice | None
    reference: list[Line]
    head: str


def programs_of(page: Page, answer: str) -> dict[str, Program]:
    """The program of each solution of a file, by its name.

    Args:
        page: the file.
        answer: the source of the notebook's answer cell, with its solution.

    Raises:
        GradusError: code is not Python, or a difference does not fit; the message names the file, the line, the cure.
    """
    given = _given(page, answer)
    found: dict[str, Program] = {}
    for entry in page.entries:
        if isinstance(entry.solution, Code):
            found[entry.name] = _written_out(given, entry.solution)
        elif entry.solution is not None:
            found[entry.name] = program = _derived(given, entry.solution, entry.line, found)
            _parsed(page, program.lines, entry.line)
    return found


def _given(page: Page, answer: str) -> _Given:
    shared = _lines_of(page.shared) if page.shared else ()
    kept = (line for line in answer.splitlines() if f"BEGIN {SOLUTION}" not in line and f"END {SOLUTION}" not in line)
    right = None
    for node in _parsed(page, shared, 1).body:
        if isinstance(node, ast.ClassDef) and node.name == RIGHT:
            right = slice(node.lineno - 1, node.end_lineno)
    try:
        head = _head(ast.parse(plain_python(answer)), page.question)
    except SyntaxError as error:
        raise GradusError(f"{page.path}: the notebook's solution is not Python ({error.msg}); mend it there.") from None
    return _Given(page, shared, right, [Line(text) for text in kept], head)


def _head(answer: ast.Module, question: str) -> str:
    for node in answer.body:
        if isinstance(node, ast.FunctionDef) and node.name == question:
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
            return f"def {question}({ast.unparse(node.args)}):"
    return ""


def _written_out(given: _Given, code: Code) -> Program:
    page, own = given.page, _lines_of(code)
    if any(_defines(node, page.question) for node in _parsed(page, own, code.line).body):
        return Program(given.shared, own)
    head = f"class {page.question}({RIGHT}):" if given.right else given.head
    if not head:
        raise page.error(code.line, f"define {page.question} here: it is a class, of which nothing is known without.")
    inside = (Line(textwrap.indent(line.text, "    "), line.origin) for line in own)
    return Program(given.shared, (Line(head, code.line), *inside))


def _derived(
    given: _Given, solution: Difference | tuple[Change, ...], line: int, others: Mapping[str, Program]
) -> Program:
    page, base = given.page, solution.base if isinstance(solution, Difference) else ""
    if base and base not in others:
        raise page.error(line, f"there is no solution {base!r} above this one; name one that there is, or none.")
    if base or not given.right:
        before = list(others[base].own) if base else given.reference
        return Program(given.shared, tuple(changed(page, solution, before)))
    right = changed(page, solution, list(given.shared[given.right]))
    shared = (*given.shared[: given.right.start], *right, *given.shared[given.right.stop :])
    return Program(shared, (Line(f"class {page.question}({RIGHT}):", line), Line("    pass", line)))


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    return isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name


def _parsed(page: Page, lines: tuple[Line, ...], otherwise: int) -> ast.Module:
    """The syntax tree of lines; what is no Python is named by where it comes from, or by the line `otherwise`."""
    try:
        return ast.parse(_text(lines))
    except SyntaxError as error:
        origin = lines[min(error.lineno or 1, len(lines)) - 1].origin
        raise page.error(origin or otherwise, f"this is not Python ({error.msg}); mend it.") from None


def _lines_of(code: Code) -> tuple[Line, ...]:
    return tuple(Line(text, line) for text, line in code.lines)


def _text(lines: tuple[Line, ...]) -> str:
    return "\n".join(line.text for line in lines)
