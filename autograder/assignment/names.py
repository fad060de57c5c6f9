"""Which names a piece of a notebook defines, uses or announces."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from gradus.names import bound_names as bound_in_python
from gradus.names import free_names

__all__ = ["bound_names", "called_wrongly", "free_names", "names_in_backticks", "plain_python", "signatures"]

_FENCED = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_BACKTICKS = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def names_in_backticks(markdown: str) -> set[str]:
    """All identifiers in code spans and code blocks."""
    blocks = [match.group(2) for match in _FENCED.finditer(markdown)]
    spans = [match.group(2) for match in _BACKTICKS.finditer(_FENCED.sub("", markdown))]
    return {name for text in blocks + spans for name in _IDENTIFIER.findall(text)}


def bound_names(code: str) -> set[str]:
    """The names that a code cell defines at its top level; magics are allowed.

    Raises:
        SyntaxError: not Python.
    """
    return bound_in_python(plain_python(code))


def signatures(stub: str) -> dict[str, ast.arguments]:
    """The parameters of each function that a stub defines; of a class, those of its `__init__` without `self`."""
    found = {}
    for node in ast.parse(plain_python(stub)).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node.args
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    first = method.args.posonlyargs or method.args.args
                    del first[:1]
                    found[node.name] = method.args
    return found


def called_wrongly(test: str, stubs: dict[str, ast.arguments]) -> Iterator[str]:
    """Sentences on calls of a stub's function with arguments that its signature does not have."""
    for call in ast.walk(ast.parse(test)):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in stubs):
            continue
        name, stub = call.func.id, stubs[call.func.id]
        positional = [*stub.posonlyargs, *stub.args]
        allowed = {argument.arg for argument in [*stub.args, *stub.kwonlyargs]}
        for keyword in call.keywords:
            if keyword.arg and keyword.arg not in allowed and stub.kwarg is None:
                yield f"the test gives {name} the argument {keyword.arg!r}, which its stub does not have; add it there."
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        if len(call.args) > len(positional) and not starred and stub.vararg is None:
            yield f"the test gives {name} {len(call.args)} arguments, its stub takes {len(positional)}; add them there."


@functools.lru_cache(maxsize=1024)
def plain_python(code: str) -> str:
    """A cell with its magics rewritten by IPython, which tokenises it; several rules ask for the same one."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(code)
