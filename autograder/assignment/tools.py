"""What hidden regions use of the released notebook, made anew for each: a student who redefines it changes nothing.

Given cells, which are neither answers nor tests, hold what visible and hidden tests share: imports, constants,
`in_words`, `Watch`. The visible run makes them in the student's process, where any later cell may give these names to
something else.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.assignment.names import free_names
from autograder.assignment.regions import HIDDEN, SOLUTION, without
from gradus.notebook.cells import is_locked, kind_of
from gradus.notebook.form import Notebook, source_of

_IMPORTS = (ast.Import, ast.ImportFrom)
_MOST_CELLS = 512  # of the notebooks that a program reads, as they were last


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
    tools = [
        tool
        for cell in cells
        for tool in _tools(kind_of(cell), source_of(cell))
        if is_locked(cell) or not tool.names & asked
    ]
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


@functools.lru_cache(maxsize=_MOST_CELLS)
def _asked(source: str) -> frozenset[str]:
    """The functions and classes that a stub names."""
    nodes = _statements(without(source, SOLUTION, "raise NotImplementedError"))
    return frozenset(
        node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    )


@functools.lru_cache(maxsize=_MOST_CELLS)
def _tools(kind: str, source: str) -> tuple[_Tool, ...]:
    """What a cell defines; each of the questions below it asks."""
    return tuple(_tools_in(source, kind)) if kind in ("code", "test") else ()


def _tools_in(source: str, kind: str) -> Iterator[_Tool]:
    for node in _statements(without(source, HIDDEN, "")):
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
