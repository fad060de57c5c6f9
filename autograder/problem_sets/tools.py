"""The tests' own tools, made anew for each hidden region, so that a student's cell that redefines one changes nothing.

Cells that are locked and carry no marks hold what visible and hidden tests share: `describe`, `Watch`. The visible run
makes them in the student's process, where any later cell may give these names to something else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.problem_sets.names import free_names
from gradus.notebooks import Notebook, source_of


@dataclass(frozen=True)
class _Tool:
    """A function, a class or an import: what it names, what it needs, and its text."""

    names: frozenset[str]
    needs: frozenset[str]
    text: str


def with_tools(region: str, cells_before: Iterable[Notebook]) -> str:
    """A hidden region after the definitions of those tools that it uses, and of what these use themselves.

    Only functions, classes and imports are made anew: they take no time and draw no random numbers. What is no plain
    Python is left as it is.

    Args:
        region: plain Python.
        cells_before: the cells of the source notebook before it.
    """
    tools = [tool for cell in cells_before if _is_tool(cell) for tool in _tools(source_of(cell))]
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


def _is_tool(cell: Notebook) -> bool:
    metadata = cell["metadata"].get("nbgrader", {})
    return cell["cell_type"] == "code" and bool(metadata.get("locked")) and not metadata.get("grade")


def _tools(source: str) -> Iterator[_Tool]:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return
    for node in statements:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names = [node.name]
            case ast.Import() | ast.ImportFrom():
                names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            case _:
                continue
        text = ast.unparse(node)
        yield _Tool(frozenset(names), frozenset(free_names(text)), text)
