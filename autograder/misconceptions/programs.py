"""From what a file says of a solution to the program that is handed in: what goes into the answer cell.

The code of a solution is, and this is tried in order:

1. the whole answer, where it defines what the question asks for;
2. the inside of a subclass of `Right`, where the file's first block defines a class of that name;
3. the body of the function, whose first line is that of the notebook's solution.

A difference starts from `Right`, where there is one, else from the notebook's solution, or from the right solution of
the same file that it names. All run where the notebook's own imports, and the cells before, have run.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.misconceptions.pages import Change, Code, Difference, Entry, Page
from autograder.problem_sets.regions import SOLUTION
from gradus.errors import GradusError

RIGHT = "Right"
_SAME, _OUT, _IN = " ", "-", "+"


@dataclass(frozen=True)
class Line:
    """A line of a program, and where it comes from: a line of the Markdown file, or none of it."""

    text: str
    origin: int | None = None


@dataclass(frozen=True)
class Program:
    """`shared` is the file's first block and `own` what stands below it; `wrapped` lines were put around the code.

    `wrapped` is 1 where the first line of `own` is the head of a class or of a function, and what follows is indented
    for it; else 0.
    """

    shared: tuple[Line, ...]
    own: tuple[Line, ...]
    wrapped: int = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.shared, Line(""), Line(""), *self.own) if self.shared else self.own

    @property
    def source(self) -> str:
        return "\n".join(line.text for line in self.lines)


def programs_of(page: Page, answer: str) -> dict[str, Program]:
    """The program of each solution of a file, by its name.

    Args:
        page: the file.
        answer: the source of the notebook's answer cell, with its solution.

    Raises:
        GradusError: code is not Python, or a difference does not fit; the message names the file, the line, the cure.
    """
    if page.shared is not None:
        try:
            ast.parse(page.shared.text)
        except SyntaxError as error:
            raise _not_python(page, page.shared.line - 1 + (error.lineno or 1), error) from None
    found: dict[str, Program] = {}
    reference = [
        Line(text) for text in answer.splitlines() if f"BEGIN {SOLUTION}" not in text and f"END {SOLUTION}" not in text
    ]
    for entry in page.entries:
        made = _program(page, entry, reference, found)
        _require_python(page, entry, made)
        found[entry.name] = made
    return found


def _program(page: Page, entry: Entry, reference: list[Line], others: Mapping[str, Program]) -> Program:
    shared = tuple(Line(*line) for line in page.shared.lines) if page.shared else ()
    if isinstance(entry.solution, Code):
        return _written_out(page, entry.solution, shared, reference)
    assert entry.solution is not None
    base = entry.solution.base if isinstance(entry.solution, Difference) else ""
    if base:
        if base not in others:
            raise page.error(
                entry.line, f"there is no solution {base!r} above this one; name one that there is, or none."
            )
        return Program(shared, tuple(_changed(page, entry, list(others[base].own))))
    if (place := _place_of_right(shared)) is None:
        return Program(shared, tuple(_changed(page, entry, reference)))
    first, end = place
    changed = _changed(page, entry, list(shared[first:end]))
    head = (Line(f"class {page.question}({RIGHT}):", entry.line), Line("    pass", entry.line))
    return Program((*shared[:first], *changed, *shared[end:]), head)


def _written_out(page: Page, code: Code, shared: tuple[Line, ...], reference: list[Line]) -> Program:
    own = tuple(Line(*line) for line in code.lines)
    try:
        tree = ast.parse(code.text)
    except SyntaxError as error:
        raise _not_python(page, code.line - 1 + (error.lineno or 1), error) from None
    if any(_defines(node, page.question) for node in tree.body):
        return Program(shared, own)
    if _place_of_right(shared) is not None:
        head = f"class {page.question}({RIGHT}):"
    elif (head := _head("\n".join(line.text for line in reference), page.question)) == "":
        raise page.error(code.line, f"define {page.question} here: it is a class, of which nothing is known without.")
    inside = (Line(textwrap.indent(line.text, "    "), line.origin) for line in own)
    return Program(shared, (Line(head, code.line - 1), *inside), wrapped=1)


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    return isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name


def _place_of_right(shared: tuple[Line, ...]) -> tuple[int, int] | None:
    """Where in the first block the class `Right` stands, as a half-open range of lines."""
    for node in ast.parse("\n".join(line.text for line in shared)).body:
        if isinstance(node, ast.ClassDef) and node.name == RIGHT and node.end_lineno is not None:
            return node.lineno - 1, node.end_lineno
    return None


def _head(answer: str, question: str) -> str:
    """The first line of the function that an answer defines, without annotations; "" where it defines none."""
    for node in ast.parse(answer).body:
        if isinstance(node, ast.FunctionDef) and node.name == question:
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
            return f"def {question}({ast.unparse(node.args)}):"
    return ""


def _changed(page: Page, entry: Entry, base: list[Line]) -> list[Line]:
    if isinstance(entry.solution, Difference):
        return _with_difference(page, entry.solution, base)
    assert isinstance(entry.solution, tuple)
    for change in entry.solution:
        base = _with_change(page, change, base)
    return base


def _with_change(page: Page, change: Change, base: list[Line]) -> list[Line]:
    places = [number for number, line in enumerate(base) for _ in range(line.text.count(change.old))]
    if not places:
        raise page.error(change.line, f"`{change.old}` is in no line of the right solution; copy it from there.")
    if len(places) > 1:
        raise page.error(change.line, f"`{change.old}` is there {len(places)} times; take more of its line with it.")
    (place,) = places
    return [*base[:place], Line(base[place].text.replace(change.old, change.new), change.line), *base[place + 1 :]]


def _with_difference(page: Page, difference: Difference, base: list[Line]) -> list[Line]:
    hunks: list[list[tuple[str, int]]] = [[]]
    for text, line in difference.code.lines:
        if not text.strip() or text.startswith("@@"):
            hunks.append([])
        elif text[0] in (_SAME, _OUT, _IN):
            hunks[-1].append((text, line))
        else:
            raise page.error(
                line, "each line of a difference begins with a minus, a plus or a space; put one before it."
            )
    for hunk in filter(None, hunks):
        base = _with_hunk(page, hunk, base)
    return base


def _with_hunk(page: Page, hunk: list[tuple[str, int]], base: list[Line]) -> list[Line]:
    """The base with one group of neighbouring lines replaced."""
    line, old = hunk[0][1], [text[1:] for text, _ in hunk if text[0] != _IN]
    if not old:
        raise page.error(line, "nothing says where these lines go; put the line before them, with a space, above.")
    texts = [each.text for each in base]
    places = [place for place in range(len(texts) - len(old) + 1) if texts[place : place + len(old)] == old]
    if not places:
        raise page.error(line, _why_nowhere(old, texts))
    if len(places) > 1:
        raise page.error(line, f"these lines are there {len(places)} times; put more of what is around them here.")
    new, place = [], places[0]
    for text, its_line in hunk:
        if text[0] == _IN:
            new.append(Line(text[1:], its_line))
        else:
            if text[0] == _SAME:
                new.append(base[place])
            place += 1
    return [*base[: places[0]], *new, *base[places[0] + len(old) :]]


def _why_nowhere(old: list[str], texts: list[str]) -> str:
    for each in old:
        if each not in texts:
            if each.strip() in (text.strip() for text in texts):
                return f"`{each.strip()}` is indented otherwise in the right solution; keep its spaces behind the sign."
            return f"`{each.strip()}` is no line of the right solution; copy it from there."
    return "these lines do not follow each other in the right solution; leave an empty line where some are left out."


def _require_python(page: Page, entry: Entry, program: Program) -> None:
    try:
        ast.parse(program.source)
    except SyntaxError as error:
        origin = program.lines[min(error.lineno or 1, len(program.lines)) - 1].origin
        raise _not_python(page, origin or entry.line, error) from None


def _not_python(page: Page, line: int, error: SyntaxError) -> GradusError:
    return page.error(line, f"this is not Python ({error.msg}); mend it.")
