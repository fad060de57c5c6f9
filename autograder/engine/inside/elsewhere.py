"""What worked where a notebook was written and cannot work here: a package, a magic, a file, a window on a screen.

In Jupyter the first statement that fails ends its cell. Here such a statement is passed over: a cell that begins with
`%matplotlib widget` still defines its function. Whatever else fails ends the cell as it did for the student.
"""

from __future__ import annotations
import __future__

import ast
import dis
import linecache
import re
from types import CodeType
from typing import Any

from IPython.core.error import UsageError

_RUNS_CODE = ("time", "timeit", "prun", "memit", "mprun", "lprun", "run", "debug", "pdb")  # of the student's
_INSTALLS = re.compile(
    r"\s*(?:\S*sudo\s+)?(?:\S*python[\d.]*['\"]?\s+-m\s+)?(?:\S*/)?(?:uv\s+)?(?:pip[\d.]*|uv|conda|mamba|apt|apt-get)\s"
    r"(?:[^|;&]*\s)?(?:install|add|update|upgrade)\b"
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*")
_NOBODY = ("EOF when reading a line", "")  # what `input` and `getpass` say where nobody types
_DONE_WITHOUT = ("device", "install")  # nothing fails
_MOST = 20  # that are told of one cell

Told = list[list[Any]]  # line, kind and what of each statement


class PassedOver:
    """The statements of one notebook that were passed over, cell by cell."""

    def __init__(self) -> None:
        self._missing: set[str] = set()  # names that such statements would have defined
        self._told: Told = []

    @property
    def failed(self) -> bool:
        """Whether a statement of this cell failed."""
        return any(kind not in _DONE_WITHOUT for _, kind, _ in self._told)

    def of_this_cell(self) -> Told:
        """What there is to tell of the cell that has just ended; it is told once."""
        told, self._told = self._told, []
        return [entry for number, entry in enumerate(told) if entry not in told[:number]][:_MOST]

    def tell(self, line: int, kind: str, what: str) -> None:
        """`kind` and `what` are those of `autograder.records.execution.PassedOver`."""
        self._told.append([line, kind, what[:200]])

    def takes(self, error: BaseException, code: CodeType, names: dict[str, Any]) -> bool:
        """Whether the statement `code`, which ended with `error`, is passed over; it is then told.

        Args:
            names: the notebook's.
        """
        found = _reason(error, code)
        if found is None and isinstance(error, NameError) and error.name in self._missing:
            found = "name", str(error.name)
            plainer = _only_defining(code, _line(error, code), self._missing)
            if plainer is not None:
                _try_to_run(plainer, names)
        if found is None:
            return False
        self._missing |= _bound_by(code) - set(names)
        self.tell(_line(error, code), *found)
        return True


def is_install(command: str) -> bool:
    """Whether a shell command would fetch a package from the network, for which it would wait in vain."""
    return _INSTALLS.match(command) is not None


def unknown_cell_magic(source: str, known: Any) -> str | None:
    """The name of the magic that a cell begins with, if `known(name)` is None."""
    found = _CELL_MAGIC.match(source)
    return found[1] if found is not None and known(found[1]) is None else None


def ran_in_one_piece(source: str) -> bool:
    """Whether a cell's magic runs it as one statement, so that nothing is left when a part of it is passed over."""
    found = _CELL_MAGIC.match(source)
    return found is not None and found[1] in _RUNS_CODE


def without_cell_magic(source: str) -> str:
    """A cell without its first magic; its lines keep their numbers."""
    found = _CELL_MAGIC.match(source)
    return source if found is None else "\n" * source.count("\n", 0, found.end()) + source[found.end() :]


def _reason(error: BaseException, code: CodeType) -> tuple[str, str] | None:
    """The kind of thing that is not here, and which; None when it is a mistake like any other."""
    magic = _line_magic(code)
    if isinstance(error, ModuleNotFoundError) and not magic:
        return "module", str(error.name or error)
    if isinstance(error, (ImportError, UsageError)):
        return ("magic", magic) if magic else ("import", str(error))
    if not isinstance(error, Exception):
        return None
    if magic is not None and (magic not in _RUNS_CODE or type(error) is Exception):  # that a file is not there
        return "magic", magic
    if isinstance(error, OSError):
        return "file", str(error.filename or error)
    if (isinstance(error, EOFError) and str(error) in _NOBODY) or type(error).__name__ == "BdbQuit":
        return "input", type(error).__name__
    return ("import", f"{type(error).__name__}: {error}") if _only_imports(code) else None


def _only_defining(code: CodeType, line: int, missing: set[str]) -> CodeType | None:
    """A definition as it is without annotations, and without decorators that use what is missing; else None.

    What a package that checks shapes or types adds to a function changes nothing of what it computes.

    Args:
        line: at which the statement failed.
    """
    try:
        body = ast.parse("".join(linecache.getlines(code.co_filename))).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for statement in body:
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
        if first <= line <= (statement.end_lineno or 0) and isinstance(statement, (*kinds, ast.AnnAssign)):
            for node in ast.walk(statement):
                if isinstance(node, kinds):
                    node.decorator_list = [each for each in node.decorator_list if not _names_in(each) & missing]
            module, later = ast.Module([statement], []), __future__.annotations.compiler_flag
            return compile(module, code.co_filename, "exec", later, dont_inherit=True)
    return None


def _names_in(expression: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}


def _try_to_run(code: CodeType, names: dict[str, Any]) -> None:
    try:
        exec(code, names)
    except Exception:
        return  # it needs what is missing in another way, too


def _line_magic(code: CodeType) -> str | None:
    """The name of the magic that a statement consists of, as IPython writes it in Python."""
    if code.co_names[:2] != ("get_ipython", "run_line_magic"):
        return None
    return next((value for value in code.co_consts if isinstance(value, str)), None)


def _only_imports(code: CodeType) -> bool:
    done = {each.opname.partition("_")[0] for each in dis.get_instructions(code)}
    return "IMPORT" in done and not any(name.startswith("CALL") for name in done)


def _bound_by(code: CodeType) -> set[str]:
    stores = ("STORE_NAME", "STORE_GLOBAL")
    return {str(each.argval) for each in dis.get_instructions(code) if each.opname in stores}


def _line(error: BaseException, code: CodeType) -> int:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return trace.tb_lineno
        trace = trace.tb_next
    return code.co_firstlineno
