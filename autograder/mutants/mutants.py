"""The mutants of an answer: the notebook's solution with one small mistake, as programs to be handed in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from autograder.assignment.names import plain_python
from autograder.assignment.regions import SOLUTION
from autograder.misconceptions.variants import Variant
from autograder.mutants.expressions import MEMORY, other_texts
from autograder.mutants.statements import first_lines, last_lines, other_lines


@dataclass(frozen=True)
class Mutant(Variant):
    """A solution in which the statement `was`, of the function or method `where`, is `now` another.

    `name` says all three, and is that of no other mutant of the question.
    """

    where: str = field(kw_only=True)
    was: str = field(kw_only=True)
    now: str = field(kw_only=True)


def mutants_of(question: str, answer: str) -> tuple[Mutant, ...]:
    """Every mutant of one answer, in the order of its lines; of those with the same program the first.

    Args:
        question: the grade_id of the answer cell.
        answer: its source, with the solution between nbgrader's marks. Nothing outside of these is changed.
    """
    answer = plain_python(answer)
    tree, lines = ast.parse(answer), _inside(answer)
    programs = {ast.unparse(tree): ""}
    found: list[Mutant] = []
    for where, was, now in _changes(tree, lines):
        program = ast.unparse(tree)
        name = f"{where}: {was} → {now}"
        if program in programs or not _is_python(program):
            continue
        same = sum(each == name for each in programs.values())
        programs[program] = name
        if same:
            name = f"{name} ({same + 1})"
        found.append(Mutant(question, name, MEMORY.lstrip() + program, where=where, was=was, now=now))
    return tuple(found)


def _inside(answer: str) -> set[int]:
    """The numbers of the lines that belong to a solution."""
    found, inside = set(), False
    for number, line in enumerate(answer.split("\n"), 1):
        inside = f"END {SOLUTION}" not in line and (inside or f"BEGIN {SOLUTION}" in line)
        if inside:
            found.add(number)
    return found


def _changes(tree: ast.Module, lines: set[int]) -> Iterator[tuple[str, str, str]]:
    """Where, what was and what is now: for as long as the caller looks, `tree` is so."""
    for where, function in _functions(tree, ""):
        if not any(statement.lineno in lines for statement in function.body):
            continue
        first = next(index for index, statement in enumerate(function.body) if statement.lineno in lines)
        for text in first_lines(function):
            added = ast.parse(text).body
            function.body[first:first] = added
            yield where, f"def {function.name}", text
            del function.body[first : first + len(added)]
        for block in _blocks(function):
            for index, statement in enumerate(block):
                if statement.lineno not in lines:
                    continue
                yield from _of_statement(where, function, block, index)
                yield from _of_expressions(where, statement)


def _of_statement(
    where: str, function: ast.FunctionDef, block: list[ast.stmt], index: int
) -> Iterator[tuple[str, str, str]]:
    statement = block[index]
    texts = list(other_lines(block, index))
    if isinstance(statement, ast.Return):
        texts += last_lines(function, statement)
    for text in texts:
        try:
            others = ast.parse(text).body
        except SyntaxError:  # a `return`, or what stands in a loop, is Python only there
            others = ast.parse(f"def f():\n while 1:\n  {text.replace(chr(10), chr(10) + '  ')}").body[0].body[0].body  # type: ignore[attr-defined]
        block[index : index + 1] = others
        yield where, _head(statement), " ⏎ ".join(map(_head, others))
        block[index : index + len(others)] = [statement]


def _of_expressions(where: str, statement: ast.stmt) -> Iterator[tuple[str, str, str]]:
    """One expression of the statement's own, of none in its body, is another."""
    was = _head(statement)
    for node, put in _expressions(statement):
        for text in other_texts(node):
            try:
                other = _parsed(text, is_slice=isinstance(node, (ast.Slice, ast.Tuple)))
            except SyntaxError:
                continue
            put(other)
            yield where, was, _head(statement)
            put(node)


def _parsed(text: str, is_slice: bool) -> ast.expr:
    if is_slice:
        return ast.parse(f"x[{text}]", mode="eval").body.slice  # type: ignore[attr-defined]
    return ast.parse(f"({text})", mode="eval").body


def _expressions(node: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Each expression below a node, and a function that puts another in its place."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "annotation") and isinstance(node, ast.stmt):
            continue
        if isinstance(node, ast.keyword) and node.arg == "strict":  # only says what holds anyway
            continue
        if isinstance(value, ast.AST):
            if isinstance(value, (ast.expr, ast.Slice)):
                yield value, lambda other, name=name: setattr(node, name, other)  # type: ignore[misc]
            yield from _expressions(value)
        elif isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, ast.AST):
                    if isinstance(part, ast.expr):
                        yield part, lambda other, value=value, index=index: value.__setitem__(index, other)  # type: ignore[misc]
                    yield from _expressions(part)


def _functions(node: ast.Module | ast.ClassDef, above: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for part in node.body:
        if isinstance(part, ast.ClassDef):
            yield from _functions(part, f"{above}{part.name}.")
        elif isinstance(part, ast.FunctionDef):
            yield f"{above}{part.name}", part


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block
            for statement in list(block):
                if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                    yield from _blocks(statement)


def _head(statement: ast.stmt) -> str:
    """A statement in one line, without its body."""
    return ast.unparse(statement).split("\n")[0]


def _is_python(program: str) -> bool:
    try:
        compile(program, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
