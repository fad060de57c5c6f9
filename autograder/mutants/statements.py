"""What may go wrong with whole statements, and at the head of a function: each rule gives other lines for a block."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.mutants.expressions import FIRST, FIRST_LIKE

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_OTHER = {ast.Add: "-=", ast.Sub: "+=", ast.Mult: "/=", ast.Div: "*="}
_WITH_SHAPES = ("Tensor", "ndarray", "Series", "DataFrame")
_LARGE = 100  # beyond it, who clips an argument changes it


def other_lines(block: list[ast.stmt], index: int) -> Iterator[str]:
    """Python for what could stand by mistake where `block[index]` stands; "pass" where it was forgotten.

    Args:
        block: the statements of a body, of which one is changed.
        index: which.
    """
    node = block[index]
    needed = "super()" in ast.unparse(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise)) and not needed:
        yield "pass"
    if isinstance(node, ast.AugAssign) and type(node.op) in _OTHER:
        target, value = ast.unparse(node.target), ast.unparse(node.value)
        yield f"{target} = {value}"
        yield f"{target} {_OTHER[type(node.op)]} {value}"
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = ast.unparse(node.targets[0]), ast.unparse(node.value)
        if not isinstance(node.value, (ast.Constant, ast.Name)):
            yield f"{target} = {FIRST}({value})"
        if isinstance(node.value, ast.BinOp) and ast.unparse(node.value.left) == target:
            yield f"{target} {_SIGNS.get(type(node.value.op), '+')}= {ast.unparse(node.value.right)}"
    if isinstance(node, (ast.If, ast.While)):
        body = "\n".join(ast.unparse(statement) for statement in node.body)
        if isinstance(node, ast.If):
            yield body  # as if it always held
            yield "\n".join(ast.unparse(statement) for statement in node.orelse) or "pass"
        else:
            yield ast.unparse(ast.If(node.test, node.body, []))
    if isinstance(node, ast.For):
        for some in ("[:1]", "[1:]", "[:-1]"):
            yield ast.unparse(_for(node, ast.parse(f"list({ast.unparse(node.iter)}){some}", mode="eval").body))
        if index + 1 < len(block) and isinstance(block[index + 1], ast.Return):  # one indent too many
            yield ast.unparse(_for(node, node.iter, block[index + 1]))


def first_lines(function: ast.FunctionDef) -> Iterator[str]:
    """What a function could do to an argument before it begins."""
    said = (line.strip().partition(": ") for line in (ast.get_docstring(function) or "").splitlines())
    whole = {name for name, _, what in said if "int64" in what}  # labels and indices
    for argument in function.args.args:
        name, kind = argument.arg, ast.unparse(argument.annotation) if argument.annotation else ""
        if name in ("self", "ctx"):
            continue
        yield f"{name} = {FIRST}({name})"
        if kind in ("torch.Tensor", "np.ndarray"):
            if name not in whole:
                yield f"{name} = {name}.clip(-{_LARGE}, {_LARGE})"
                yield f"{name} = abs({name})"
            yield f"{name} = {name}[:{FIRST}(len({name}))]"
            yield f"{name} = {name}[:1]"
        elif kind in ("float", "int | float"):
            yield f"{name} = 1.0"
        elif kind == "int":
            yield f"{name} = 2"


def last_lines(function: ast.FunctionDef, returned: ast.Return) -> Iterator[str]:
    """What a function could return instead: what it returned for other arguments of the same shapes."""
    given = [argument for argument in function.args.args if argument.arg not in ("self", "ctx")]
    names, kinds = [argument.arg for argument in given], " ".join(map(ast.unparse, given))
    if returned.value is not None and any(kind in kinds for kind in _WITH_SHAPES):
        yield f"return {FIRST_LIKE}([{', '.join(names)}], {ast.unparse(returned.value)})"


def _for(node: ast.For, over: ast.expr, last: ast.stmt | None = None) -> ast.For:
    return ast.For(node.target, over, [*node.body, last] if last else node.body, node.orelse, lineno=0)
