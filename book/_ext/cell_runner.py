"""Runs the cells of a page in the reader's browser; `run-in-page-worker.js` loads it, and any Python can."""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import sys
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType

Say = Callable[[str, str], None]  # what kind of thing it is, "text" or "html", and the thing itself


class Printed(io.TextIOBase):
    """What cells print, handed on as it comes."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.say("text", text)
        return len(text)


class Cells:
    """Cells that share their names, as those of a notebook do."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.names: dict[str, object] = {"__name__": "__main__", "__builtins__": builtins}

    def run(self, place: str, source: str) -> str:
        """Run a cell that tracebacks call `place`; an error in a line, `NameError in line 3`, or nothing.

        What it prints, the value of its last line and a traceback are said as they come.
        """
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = Printed(self.say)
        try:
            self._run(ast.parse(source, place), place, silent=source.rstrip().endswith(";"))
        except BaseException as error:  # SystemExit and KeyboardInterrupt end a cell, too
            return self._told(error, place)
        finally:
            sys.stdout, sys.stderr = before
        return ""

    def _run(self, cell: ast.Module, place: str, silent: bool) -> None:
        last = cell.body[-1] if cell.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(cell, place, "exec"), self.names)
            return
        exec(compile(ast.Module(cell.body[:-1], cell.type_ignores), place, "exec"), self.names)
        value = eval(compile(ast.Expression(last.value), place, "eval"), self.names)
        if value is not None and not silent:
            self.names["_"] = value
            self._show(value)

    def _show(self, value: object) -> None:
        drawn = getattr(value, "_repr_html_", None)
        html = drawn() if callable(drawn) and not isinstance(value, type) else None
        if isinstance(html, str):
            self.say("html", html)
        else:
            self.say("text", f"{value!r}\n")

    def _told(self, error: BaseException, place: str) -> str:
        """Say the traceback, from the cell on; in short, what it was and where."""
        shown = traceback.TracebackException(type(error), error, _from_cell(error.__traceback__, place))
        self.say("text", "".join(shown.format()))
        line = shown.lineno if isinstance(error, SyntaxError) else _last_line(error.__traceback__, place)
        return f"{type(error).__name__} in line {line}" if line else type(error).__name__


def _from_cell(trace: TracebackType | None, place: str) -> TracebackType | None:
    """A traceback without what led to the cell; all of one that does not come from a cell."""
    at = trace
    while at is not None and _file(at.tb_frame) != place:
        at = at.tb_next
    return at


def _last_line(trace: TracebackType | None, place: str) -> int | None:
    line = None
    while trace is not None:
        if _file(trace.tb_frame) == place:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename
