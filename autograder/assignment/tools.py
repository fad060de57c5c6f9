"""What hidden regions use of the released notebook, made anew for each: a student who redefines it changes nothing.

Given cells, which are neither answers nor tests, hold what visible and hidden tests share: imports, constants,
`in_words`, `Watch`. The visible run makes them in the student's process, where any later cell may give these names to
something else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.assignment.names import free_names
from autograder.assignment.regions import HIDDEN, SOLUTION, without
from gradus.notebook.cells import is_locked, kind_of
from gradus.notebook.form import Notebook, source_of

_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class _Tool:
    """A function, a class, an import or a constant: what it names, what it needs, and its text."""

    names: frozenset[str]
    needs: frozenset[str]
    text: str


def with_tools(region: str, cells: Iterable[Notebook]) -> str:
    """A hidden region after the definitions of those tools that it uses, and of what these use themselves.

    Only functions, classes, imports and literals are made anew: they take no time and draw no random numbers. What the
    student is asked to define is the student's, whatever an open cell called so before; what locked cells define are
    tools. What is no plain Python is left as it is.

    Args:
        region: plain Python.
        cells: the cells of the source notebook up to the region's own; of test cells, what is visible and imports.
    """
    cells = list(cells)
    asked = {name for cell in cells if kind_of(cell) == "answer" for name in _asked(source_of(cell))}
    tools = [tool for cell in cells for tool in _tools(cell) if is_locked(cell) or not tool.names & asked]
    if not tools:
        return region
    try:
        wanted = free_names(region)
    except SyntaxError:
        return region
    used: set[_Tool] = set()
    while more := {tool for tool in tools if tool.names & wanted} - used:
        used |= more
        wanted = wanted.union(*(tool.needs for tool in more))
    return "\n\n".join([*(tool.text for tool in tools if tool in used), region])


def _asked(source: str) -> Iterator[str]:
    """The functions and classes that a stub names."""
    for node in _statements(without(source, SOLUTION, "raise NotImplementedError")):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _tools(cell: Notebook) -> Iterator[_Tool]:
    kind = kind_of(cell)
    if kind not in ("code", "test"):
        return
    for node in _statements(without(source_of(cell), HIDDEN, "")):
        if kind == "test" and not isinstance(node, _IMPORTS):
            continue
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names = [node.name]
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            case ast.Assign(targets=[ast.Name(id=name)]) if _is_literal(node.value):
                names = [name]
            case _:
                continue
        text = ast.unparse(node)
        yield _Tool(frozenset(names), frozenset(free_names(text)), text)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []
