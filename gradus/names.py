"""Which names a piece of plain Python defines at its top level, and which it uses without defining them."""

from __future__ import annotations

import builtins
import symtable
from collections.abc import Iterator
from typing import Any

_INTERACTIVE = ("display", "get_ipython", "__IPYTHON__", "_")  # what IPython and the prompt add while they run
PYTHONS_OWN: dict[str, Any] = {name: found for name, found in vars(builtins).items() if name not in _INTERACTIVE}
"""Python's builtins as they are in a process that nobody has used yet: later they may be what somebody made of them."""


def bound_names(code: str) -> set[str]:
    """The names that `code` defines at its top level.

    Raises:
        SyntaxError: not Python, a magic for example.
    """
    return {symbol.get_name() for symbol in symtable.symtable(code, "cell", "exec").get_symbols() if _is_bound(symbol)}


def free_names(code: str) -> set[str]:
    """The names that `code` uses but neither defines nor gets from Python itself.

    Raises:
        SyntaxError: not Python, a magic for example.
    """
    top = symtable.symtable(code, "cell", "exec")
    bound = {symbol.get_name() for symbol in top.get_symbols() if _is_bound(symbol)} | set(PYTHONS_OWN)
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for scope in _scopes_below(top):
        used |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return used - bound


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _scopes_below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _scopes_below(child)
