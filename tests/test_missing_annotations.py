"""A function is defined whatever a missing package was to say of its arguments; what it needs to run it still needs."""

from __future__ import annotations

import ast
import linecache
from typing import Any

import pytest

from autograder.engine.inside.elsewhere import PassedOver

IMPORT = "from no_such_package import Float, checked, Base\n"
DEFINED = {
    "annotations": "def f(x: Float['n d'] = 0, *, y: list[Float] = ()) -> Float:\n    return 3",
    "a decorator": "@checked\ndef f():\n    return 3",
    "a decorator with arguments": "@checked(typechecker=checked)\n\ndef f(x: Float = 0):\n    return 3",
    "one decorator of two": "@checked\n@abs_of\ndef f():\n    return -3",
    "methods": "class A:\n    y: Float\n    @checked\n    def g(self, x: Float): return x\ndef f(): return A().g(3)",
    "a variable": "x: Float = 3\ndef f(): return x",
    "a coroutine": "@checked\nasync def g(x: Float): return x\ndef f(): return 3",
}
NOT_DEFINED = {
    "a default": "def f(x=Float):\n    return 3",
    "a base": "class f(Base):\n    pass",
    "a mistake of one's own": "def f(x: Flaot):\n    return 3",
    "a decorator of one's own": "@chekced\ndef f():\n    return 3",
}


def run(source: str) -> tuple[dict[str, Any], list[list[Any]]]:
    """What the statements of a cell define, and what is told of those that are passed over."""
    names: dict[str, Any] = {"abs_of": lambda g: lambda: abs(g())}
    source, passed = f"{IMPORT}{source}\n", PassedOver()
    linecache.cache["<a cell>"] = (len(source), None, source.splitlines(keepends=True), "<a cell>")
    for statement in ast.parse(source).body:
        code = compile(ast.Module([statement], []), "<a cell>", "exec", dont_inherit=True)
        try:
            exec(code, names)
        except Exception as error:
            if not passed.takes(error, code, names):
                break
    return names, passed.of_this_cell()


@pytest.mark.parametrize("how", DEFINED)
def test_what_only_describes_a_function_does_not_keep_it_from_being_there(how: str) -> None:
    names, told = run(DEFINED[how])
    assert names["f"]() == 3
    assert [kind for _, kind, _ in told] == ["module", "name"]


@pytest.mark.parametrize("how", NOT_DEFINED)
def test_what_it_needs_is_still_missing(how: str) -> None:
    names, told = run(NOT_DEFINED[how])
    assert "f" not in names
    assert told[0][1] == "module"
