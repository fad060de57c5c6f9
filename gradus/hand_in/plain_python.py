"""A notebook's cell read as plain Python, and what of it is newer than the Python of the grader."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from dataclasses import dataclass

from gradus.hand_in.grader import PYTHON

_TIMED = re.compile(r"%%(time|timeit|capture|prun)\b")  # cell magics whose body is Python of this notebook
_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w., ]+=\s*[%!].*|.*\?)$")


@dataclass(frozen=True)
class Mistake:
    """Why a cell is not Python: the line, counted in the cell from one, and what Python says of it."""

    line: int
    says: str


def tree_of(source: str) -> ast.Module | Mistake:
    """The syntax tree of a cell whose magics are left out; lines keep their numbers. Other languages give no lines."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        source = f"\n{rest}" if _TIMED.match(first) else ""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        plain = "\n".join(_MAGIC.sub(r"\1pass", line) for line in source.split("\n"))
    try:
        return ast.parse(plain)
    except SyntaxError as error:
        return Mistake(error.lineno or 1, str(error.msg))
    except ValueError as error:
        return Mistake(1, str(error))
    except (RecursionError, MemoryError):
        return Mistake(1, "it is nested too deep")


def newer_syntax(source: str, tree: ast.Module) -> tuple[int, str] | None:
    """The first line whose syntax the grader's Python does not know, and what it is; None where there is none.

    A Python that is as old as the grader's has said so itself: to it, such a cell is no Python.
    """
    if sys.version_info[:2] <= PYTHON:
        return None
    try:
        ast.parse(ast.unparse(tree), feature_version=PYTHON)
    except SyntaxError as error:
        lines = {(node.lineno, _said_of(node)) for node in ast.walk(tree) if hasattr(node, "lineno") and _said_of(node)}
        return min(lines, default=(1, str(error.msg)))
    except RecursionError:  # too deep to be written out again; its text can still be read
        pass
    return _newer_text(source)


def _said_of(node: ast.AST) -> str:
    """What is newer than Python 3.11 in this node itself; "" for nothing."""
    if type(node).__name__ == "TypeAlias":
        return "a `type` statement"
    if getattr(node, "type_params", None):
        return "type parameters in brackets"
    return "a template string" if type(node).__name__ == "TemplateStr" else ""


def _newer_text(source: str) -> tuple[int, str] | None:
    """What a syntax tree no longer shows: f-strings as only Python 3.12 reads them, and `except` without brackets."""
    open_strings: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = tokenize.tok_name[token.type]
            if kind in ("FSTRING_START", "TSTRING_START"):
                quote = token.string.lstrip("rRbBfFtTuU")
                if quote in open_strings:
                    return token.start[0], "an f-string with its own quotes inside"
                open_strings.append(quote)
            elif kind in ("FSTRING_END", "TSTRING_END"):
                open_strings.pop()
            elif open_strings and kind == "STRING" and _closes(token.string, open_strings):
                return token.start[0], "an f-string with its own quotes inside"
            elif open_strings and kind == "STRING" and "\\" in token.string:
                return token.start[0], "an f-string with a backslash between its braces"
            elif open_strings and kind == "COMMENT":
                return token.start[0], "an f-string with a comment inside"
            elif open_strings and kind == "NL" and len(open_strings[-1]) == 1:
                return token.start[0], "an f-string whose braces go over several lines"
    except (tokenize.TokenError, SyntaxError, IndexError):  # a magic: the tree was made without it
        return None
    unbracketed = re.compile(r"^\s*except\s*\*?\s+[\w.]+\s*,", re.MULTILINE).search(source)
    if unbracketed and sys.version_info >= (3, 14):
        return source[: unbracketed.end()].count("\n") + 1, "`except` with several kinds and no brackets"
    return None


def _closes(string: str, open_strings: list[str]) -> bool:
    """Whether an older Python would take this string's quotes for the end of the f-string around it."""
    return any(quote in string for quote in open_strings)
