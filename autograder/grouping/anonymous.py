"""A student's answer as an example of a mistake: what it computes, and nothing of who wrote it.

Comments, docstrings, messages and what is only printed are gone, and so is what the answer does not use. Names that the
student chose become `value_1`, `helper_1` and the like; names that were handed out stay. Strings are a student's own
unless they were handed out, and become empty: where the answer needs them, `keep_own=True` leaves them, and with them
the names of attributes, on which a library may rely.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from autograder.assignment.names import bound_names, plain_python
from gradus.names import PYTHONS_OWN
from gradus.notebook.cells import kind_of
from gradus.notebook.form import Notebook, source_of

_WORD = re.compile(r"[^\W\d]\w*")
_USUAL = frozenset({"np", "pd", "plt", "nn", "F", "torch", "math", "d2l", "self", "cls"})
_KEPT = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
_MAGIC = "get_ipython"


def anonymous(source: str, question: str, handed_out: Collection[str], keep_own: bool = False) -> str | None:
    """The program of an answer without its author; None where it is no Python, or does not define what is asked for.

    Args:
        source: the answer cell.
        question: the name of the function or class that is asked for.
        handed_out: texts that everybody has: those of the released notebook, and the solution's.
        keep_own: leave the student's own strings and attributes in.
    """
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    known = {word for text in handed_out for word in _WORD.findall(text)} | {question, *PYTHONS_OWN} | _USUAL
    tree.body = _needed([node for node in tree.body if isinstance(node, _KEPT)], question)
    if not any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == question for node in tree.body):
        return None
    try:
        _Plainer().visit(tree)
        if not keep_own:
            _WithoutStrings(handed_out).visit(tree)
        _Renamer(tree, known, attributes=not keep_own).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))
    except RecursionError:
        return None


def handed_out_to_all(source: Notebook, released: Notebook) -> list[str]:
    """The texts that say nothing of a student: the cells of the released notebook, and the solution's answers."""
    answers = [source_of(cell) for cell in source["cells"] if kind_of(cell) == "answer"]
    return [*map(source_of, released["cells"]), *answers]


def own_strings(program: str, handed_out: Collection[str]) -> list[str]:
    """The strings in a program that were not handed out."""
    found = {node.value: None for node in ast.walk(ast.parse(program))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    return [text for text in found if not any(text in handed for handed in handed_out)]


def _needed(statements: list[ast.stmt], question: str) -> list[ast.stmt]:
    """Of a cell's top level what defines `question`, and what this uses, in order."""
    bound = [bound_names(ast.unparse(statement)) for statement in statements]
    used = [{node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} for statement in statements]
    wanted, to_do = set(), [question]
    while to_do:
        name = to_do.pop()
        for index, names in enumerate(bound):
            if name in names and index not in wanted:
                wanted.add(index)
                to_do += used[index]
    return [statement for index, statement in enumerate(statements) if index in wanted and _MAGIC not in used[index]]


class _Plainer(ast.NodeTransformer):
    """Takes out what computes nothing: docstrings, messages, prints, annotations of functions."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        value = node.value
        is_print = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
        return None if is_print or isinstance(value, ast.Constant) else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.msg = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(body := getattr(node, "body", None), list) and not body and not isinstance(node, ast.Module):
            body.append(ast.Pass())
        if isinstance(node, ast.Try) and not node.handlers and not node.finalbody:
            node.finalbody = [ast.Pass()]
        return node


class _WithoutStrings(ast.NodeTransformer):
    def __init__(self, handed_out: Collection[str]) -> None:
        self._handed_out = handed_out

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and not any(node.value in text for text in self._handed_out):
            return ast.copy_location(ast.Constant(""), node)
        return ast.copy_location(ast.Constant(b""), node) if isinstance(node.value, bytes) else node


class _Renamer(ast.NodeTransformer):
    """Gives other names to what the student named: one for each name, wherever it stands."""

    def __init__(self, tree: ast.Module, known: Collection[str], attributes: bool) -> None:
        self._names: dict[str, str] = {}
        self._attributes: dict[str, str] = {}
        in_use = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(known)
        for name, kind, is_attribute in _chosen(tree):
            names = self._attributes if is_attribute else self._names
            if name in known or name in names or name.startswith("__") or (is_attribute and not attributes):
                continue
            number = 1
            while (new := f"{kind}_{number}") in in_use:
                number += 1
            in_use.add(new)
            names[name] = new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._attributes.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        for entry in node.body:
            if isinstance(entry, ast.FunctionDef) and entry.name in self._attributes:
                entry.name = self._attributes[entry.name]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in self._names:
            for keyword in node.keywords:
                if keyword.arg:
                    keyword.arg = self._names.get(keyword.arg, keyword.arg)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        bound = node.asname or node.name.partition(".")[0]
        if bound in self._names and (node.asname or "." not in node.name):
            node.asname = self._names[bound]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._names.get(node.name, node.name) if node.name else None
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._names.get(name, name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._names.get(name, name) for name in node.names]
        return node


def _chosen(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    """The names that a program gives to something, of which kind it is, and whether it is an attribute."""
    methods = {
        id(entry)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for entry in node.body
        if isinstance(entry, ast.FunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, "method" if id(node) in methods else "helper", id(node) in methods
        elif isinstance(node, ast.ClassDef):
            yield node.name, "Helper", False
        elif isinstance(node, ast.arg):
            yield node.arg, "value", False
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, "value", False
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, "error", False
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name.partition(".")[0]), "module", False
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, "attribute", True
