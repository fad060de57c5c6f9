"""What may go wrong in one expression: each rule takes a piece of a syntax tree and gives other texts for it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

FIRST, FIRST_LIKE = "_first", "_first_like"
MEMORY = f"""
_memory = {{}}


def {FIRST}(value):
    return _memory.setdefault(None, value)


def _like(argument):
    if isinstance(argument, (list, tuple)):
        return [_like(entry) for entry in argument]
    return None if isinstance(argument, float) else getattr(argument, "shape", argument)


def {FIRST_LIKE}(arguments, value):
    return _memory.setdefault(str(_like(arguments)), value)


"""
"""What a mutant remembers: the value of its first call, or of the first with arguments of these shapes."""

_MODULES = {"torch", "np", "math", "pd", "F", "nn", "linalg", "functional", "optim", "autograd", "super", "cases"}
_BINARY: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("{l} - {r}", "{l}", "{r}"),
    ast.Sub: ("{l} + {r}", "{r} - {l}", "{l}"),
    ast.Mult: ("{l} / {r}", "{l}", "{r}"),
    ast.Div: ("{l} * {r}", "{r} / {l}", "{l}"),
    ast.MatMult: ("{r} @ {l}", "{l} @ {r}.T", "{l}.T @ {r}", "{l} * {r}"),
    ast.Pow: ("{l} * {r}", "{l}"),
    ast.Mod: ("{l} // {r}", "{l}"),
    ast.FloorDiv: ("-(-{l} // {r})", "{l}"),
    ast.BitAnd: ("{l} | {r}", "{l}", "{r}"),
    ast.BitOr: ("{l} & {r}", "{l}", "{r}"),
}
_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "iadd",
    ast.Sub: "isub",
    ast.Mult: "imul",
    ast.Div: "itruediv",
}
_COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
_RENAMED = {
    "mean": "sum", "sum": "mean", "max": "min", "min": "max", "amax": "amin", "argmax": "argmin", "any": "all",
    "all": "any", "zeros": "ones", "ones": "zeros", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "maximum": "minimum", "std": "var", "var": "std", "randn": "rand", "randperm": "arange", "log": "log1p",
    "square": "abs", "isnan": "isinf", "popleft": "pop", "append": "extend", "item": "round",
}  # fmt: skip
_SYMMETRIC = {"max", "min"}
_RANDOM = {"randn", "rand", "randperm", "normal"}


def other_texts(node: ast.AST) -> Iterator[str]:
    """Python for what could stand by mistake where `node` stands, an expression or a slice; some of it does not run."""
    for rule in _RULES.get(type(node), ()):
        yield from rule(node)


def text(node: ast.AST) -> str:
    """Source that can stand in any larger expression."""
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Constant)) else f"({ast.unparse(node)})"


def _binary(node: ast.BinOp) -> Iterator[str]:
    for form in _BINARY.get(type(node.op), ()):
        yield form.format(l=text(node.left), r=text(node.right))
    if type(node.op) in _IN_PLACE and isinstance(node.left, ast.Name):  # in the operand instead of a new value
        yield f"{node.left.id}.__{_IN_PLACE[type(node.op)]}__({ast.unparse(node.right)})"


def _unary(node: ast.UnaryOp) -> Iterator[str]:
    yield text(node.operand)


def _compare(node: ast.Compare) -> Iterator[str]:
    if len(node.ops) == 1:
        for sign in _COMPARED[type(node.ops[0])]:
            yield f"{text(node.left)} {sign} {text(node.comparators[0])}"


def _boolean(node: ast.BoolOp) -> Iterator[str]:
    values = [text(value) for value in node.values]
    yield (" or " if isinstance(node.op, ast.And) else " and ").join(values)
    for left_out in range(len(values)):
        yield (" and " if isinstance(node.op, ast.And) else " or ").join(values[:left_out] + values[left_out + 1 :])


def _choice(node: ast.IfExp) -> Iterator[str]:
    yield text(node.body)
    yield text(node.orelse)


def _constant(node: ast.Constant) -> Iterator[str]:
    value = node.value
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield from (str(value + 1), str(value - 1))
    elif isinstance(value, float):
        yield from (str(2 * value), str(-value), "0.0") if value else ("1.0",)


def _call(node: ast.Call) -> Iterator[str]:
    function, given, named = ast.unparse(node.func), list(map(ast.unparse, node.args)), node.keywords
    if function == "super":
        return
    keywords = [ast.unparse(keyword) for keyword in named]
    name = function.rpartition(".")[2]
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    is_method = receiver is not None and ast.unparse(receiver).rpartition(".")[2] not in _MODULES
    if name in _RENAMED:
        yield f"{function.removesuffix(name)}{_RENAMED[name]}({', '.join(given + keywords)})"
    if is_method and receiver is not None:  # forgotten
        yield text(receiver)
    elif given:
        yield f"({given[0]})"
    for left_out in range(len(given) if is_method or len(given) > 1 else 0):
        yield f"{function}({', '.join(given[:left_out] + given[left_out + 1 :] + keywords)})"
    for left_out in range(len(keywords)):
        if named[left_out].arg != "strict":
            yield f"{function}({', '.join(given + keywords[:left_out] + keywords[left_out + 1 :])})"
    for first in range(len(given) - 1 if function not in _SYMMETRIC else 0):
        swapped = [*given[:first], given[first + 1], given[first], *given[first + 2 :]]
        yield f"{function}({', '.join(swapped + keywords)})"
    yield from _of_counting(function, given)
    if name in _RANDOM:
        yield f"(torch.manual_seed(0), {ast.unparse(node)})[1]"
    if function == "len":
        yield f"{text(node.args[0])}.shape[1]"
        yield f"{FIRST}({ast.unparse(node)})"


def _of_counting(function: str, given: list[str]) -> Iterator[str]:
    if function == "range" and len(given) == 1:
        yield from (f"range(({given[0]}) - 1)", f"range(1, {given[0]})")
    elif function == "range" and len(given) == 2:
        yield from (f"range({given[0]}, ({given[1]}) - 1)", f"range(({given[0]}) + 1, {given[1]})")
    elif function == "enumerate" and len(given) == 1:
        yield f"enumerate({given[0]}, 1)"


def _subscript(node: ast.Subscript) -> Iterator[str]:
    value = text(node.value)
    if ast.unparse(node.value).endswith(".shape"):
        yield f"{FIRST}({ast.unparse(node)})"
        return
    if isinstance(node.ctx, ast.Load):
        yield value
    axes = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
    written = [ast.unparse(axis) for axis in axes]
    for new in (axis for axis in range(len(axes)) if written[axis] == "None"):
        others = written[:new] + written[new + 1 :]
        yield f"{value}[{', '.join(others)}{',' * (len(others) == 1)}]"
        for place_of_axis in range(len(axes)):
            if place_of_axis != new:
                yield f"{value}[{', '.join([*others[:place_of_axis], 'None', *others[place_of_axis:]])}]"


def _slice(node: ast.Slice) -> Iterator[str]:
    lower, upper, step = (None if end is None else text(end) for end in (node.lower, node.upper, node.step))

    def written(lower: str | None, upper: str | None, step: str | None) -> str:
        return f"{lower or ''}:{upper or ''}" + (f":{step}" if step else "")

    yield written(f"{lower} + 1" if lower else "1", upper, step)
    yield written(lower, f"{upper} - 1" if upper else "-1", step)
    if lower:
        yield written(None, upper, step)
    if upper:
        yield written(lower, None, step)
        yield written(lower, f"{upper} + 1", step)
    if step:
        yield written(lower, upper, None)


def _attribute(node: ast.Attribute) -> Iterator[str]:
    if node.attr == "T":
        yield text(node.value)


def _row(node: ast.Tuple | ast.List) -> Iterator[str]:
    if isinstance(node.ctx, ast.Load):
        parts = [ast.unparse(part) for part in node.elts]
        for first in range(len(parts) - 1):
            swapped = [*parts[:first], parts[first + 1], parts[first], *parts[first + 2 :]]
            yield ", ".join(swapped)


def _dict(node: ast.Dict) -> Iterator[str]:
    pairs = [
        f"{ast.unparse(key)}: {ast.unparse(value)}" for key, value in zip(node.keys, node.values, strict=True) if key
    ]
    for left_out in range(len(pairs)):
        yield f"{{{', '.join(pairs[:left_out] + pairs[left_out + 1 :])}}}"


def _list_of(node: ast.ListComp | ast.GeneratorExp) -> Iterator[str]:
    (part,) = node.generators[:1]
    head, source = f"{ast.unparse(node.elt)} for {ast.unparse(part.target)} in", ast.unparse(part.iter)
    for some in ("[:1]", "[1:]", "[:-1]"):
        yield f"[{head} list({source}){some}]"


_RULES: dict[type[ast.AST], tuple[Callable[..., Iterator[str]], ...]] = {
    ast.BinOp: (_binary,),
    ast.UnaryOp: (_unary,),
    ast.Compare: (_compare,),
    ast.BoolOp: (_boolean,),
    ast.IfExp: (_choice,),
    ast.Constant: (_constant,),
    ast.Call: (_call,),
    ast.Subscript: (_subscript,),
    ast.Slice: (_slice,),
    ast.Attribute: (_attribute,),
    ast.Tuple: (_row,),
    ast.Dict: (_dict,),
    ast.ListComp: (_list_of,),
    ast.GeneratorExp: (_list_of,),
}
