"""Does the class report find copies, and does it name nobody who worked alone?

    python benchmarks/lookalikes.py                    # ps1 to ps8, ten classes of each kind
    python benchmarks/lookalikes.py ps5 --classes 3

A class of 120 works alone: each question in one of its right ways, or with a known mistake. Then 20 are copied: every
name of the author's own is another one, comments are gone, the form is another, and statements change places where
they can. There are three kinds of class, since `variants/` has but a few ways to write a function:

- *ways of their own*: everybody writes theirs as few others would, by operands that change sides, names for parts of an
  expression, methods for functions: each with a chance of 15 %, where it can be done. So do students.
- *the usual way*: the same, but six in ten of the right answers are ways to write what the solution has.
- *from the book*: everybody writes it character by character as one of the files. Who copies from somebody whose
  answers others have too is then no different from these, and must not be named: such copies are counted apart, as
  *like others'*.

For each: copies found, of those that can be told; pairs named among those who worked alone, or that are no copy and its
author; and seconds for a class of 1,000. Results go to `benchmarks/results/lookalikes.json`.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from history import keep  # noqa: E402

from autograder.misconceptions.variants import answers_of, read_variants  # noqa: E402
from autograder.reporting.lookalikes import lookalikes  # noqa: E402
from gradus.notebook.form import read, source_of  # noqa: E402

Code = dict[str, str]  # one student's answers, by question
STUDENTS, COPIED, WRONG, OWN = 120, 20, 0.2, 0.15
KINDS = {
    "ways_of_their_own": {"own": OWN},
    "the_usual_way": {"own": OWN, "usual": 0.6},
    "from_the_book": {},
}


def class_of(
    problem_set: str, students: int, chance: random.Random, own: float = 0.0, usual: float = 0.0
) -> tuple[dict[str, Code], list]:
    """Students who worked alone, and the cells that everybody was handed. `usual` of the right answers are begun as the
    solution is, and `own` is how likely each change is that makes one the student's own."""
    folder = ROOT / "solutions" / problem_set
    notebook = read(folder / f"{problem_set}.ipynb")
    variants = read_variants(folder, notebook)
    right = {name: [re.sub(r"\s*### (BEGIN|END) SOLUTION", "", text)] for name, text in answers_of(notebook).items()}
    wrong: dict[str, list[str]] = {name: [] for name in right}
    for wheat in variants.wheats:
        right[wheat.question].append(wheat.source)
    for mistake in variants.misconceptions:
        wrong[mistake.question].append(mistake.source)

    def answer(name: str) -> str:
        chosen = right[name][0] if chance.random() < usual else chance.choice(right[name])
        if wrong[name] and chance.random() < WRONG:
            chosen = chance.choice(wrong[name])
        return in_a_way_of_their_own(chosen, chance, own) if own else chosen

    released = read(ROOT / "exercises" / problem_set / f"{problem_set}.ipynb")["cells"]
    handed_out = [source_of(cell) for cell in released if cell["cell_type"] == "code"]
    return {f"s{number}": {name: answer(name) for name in right} for number in range(students)}, handed_out


def renamed_and_reordered(source: str, chance: random.Random) -> str:
    """A copy whose author changed every name of their own, the comments, the form, and the order where it is free."""
    tree = ast.parse(source)
    chosen = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    chosen |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - {"self"}
    names = {name: f"my_{chance.randrange(10**6)}" for name in sorted(chosen)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)
        body = getattr(node, "body", [])
        for place in range(len(body) - 1 if isinstance(body, list) else 0):
            if independent(body[place], body[place + 1]):
                body[place], body[place + 1] = body[place + 1], body[place]
    return ast.unparse(tree)


def independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether two statements may change places."""

    def names(statement: ast.stmt, *, stored: bool) -> set[str]:
        found = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        return {node.id for node in found if not stored or isinstance(node.ctx, ast.Store)}

    plain = all(isinstance(statement, (ast.Assign, ast.FunctionDef)) for statement in (one, other))
    clash = names(one, stored=True) & names(other, stored=False) | names(other, stored=True) & names(one, stored=False)
    return plain and not clash


def in_a_way_of_their_own(source: str, chance: random.Random, own: float) -> str:
    """The same function as one person would write it: each change is made with the probability `own`."""
    return ast.unparse(ast.fix_missing_locations(_Hand(chance, own).visit(ast.parse(source))))


class _Hand(ast.NodeTransformer):
    """How one person writes."""

    def __init__(self, chance: random.Random, own: float) -> None:
        self._chance, self._own = chance, own
        self._named = 0

    def _would(self) -> bool:
        return self._chance.random() < self._own

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [new for statement in block for new in self._written(statement)])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Mult)) and self._would():
            node.left, node.right = node.right, node.left
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        super().generic_visit(node)
        match node:
            case ast.Call(
                ast.Attribute(ast.Name("torch"), "exp" | "log" | "sum" | "mean" | "abs" | "sqrt" as name), [of, *more]
            ):
                if self._would():
                    return ast.Call(ast.Attribute(of, name, ast.Load()), more, node.keywords)
        return node

    def _written(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name) and self._would():
            name = statement.target.id
            value = ast.BinOp(ast.Name(name, ast.Load()), statement.op, statement.value)
            return [ast.Assign([ast.Name(name, ast.Store())], value)]
        if not isinstance(statement, (ast.Assign, ast.Return)) or statement.value is None:
            return [statement]
        before: list[ast.stmt] = []
        parts = [one for one in ast.walk(statement.value) if isinstance(one, (ast.Call, ast.BinOp))]
        binds = (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Lambda, ast.IfExp)
        if len(parts) > 1 and not any(isinstance(one, binds) for one in ast.walk(statement.value)) and self._would():
            part = self._chance.choice(parts[1:])
            self._named += 1
            before.append(ast.Assign([ast.Name(f"part{self._named}", ast.Store())], part))
            statement.value = _Replaced(part, ast.Name(f"part{self._named}", ast.Load())).visit(statement.value)
        if isinstance(statement, ast.Return) and not isinstance(statement.value, ast.Name) and self._would():
            before.append(ast.Assign([ast.Name("result", ast.Store())], statement.value))
            statement.value = ast.Name("result", ast.Load())
        return [*before, statement]


class _Replaced(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else super().visit(node)


def measured(problem_set: str, classes: int, own: float = 0.0, usual: float = 0.0) -> dict[str, int]:
    """How many copies were made, how many can be told from others' own work, how many of these were found, and how many
    pairs were named that are no copy and its author."""
    figures = {"copies": 0, "like_others": 0, "found": 0, "false_alarms": 0}
    for seed in range(classes):
        chance = random.Random(seed)
        code, handed_out = class_of(problem_set, STUDENTS, chance, own, usual)
        figures["false_alarms"] += len(lookalikes(code, handed_out))
        copied = chance.sample(sorted(code), COPIED)
        copies = {
            f"copy of {student}": {name: renamed_and_reordered(text, chance) for name, text in code[student].items()}
            for student in copied
        }
        found = {pair.students for pair in lookalikes(code | copies, handed_out)}
        named = {pair for pair in found if pair[0] == f"copy of {pair[1]}"}
        unlike = [student for student in copied if not is_like_others(student, code)]
        figures["copies"] += COPIED
        figures["like_others"] += COPIED - len(unlike)
        figures["found"] += sum((f"copy of {student}", student) in named for student in unlike)
        figures["false_alarms"] += len(found - named)
    return figures


def is_like_others(student: str, code: dict[str, Code]) -> bool:
    """Whether chance alone gives some pair of the class answers as equal as this one's to a copy: the product of how
    often each of them is written, under whatever names, times the number of pairs, is at least 1."""
    pairs = (len(code) + COPIED) * (len(code) + COPIED - 1) / 2
    for name, text in code[student].items():
        pairs *= (sum(shape(other[name]) == shape(text) for other in code.values()) + 1) / len(code)
    return pairs >= 1


@cache
def shape(source: str) -> str:
    """Code without names, numbers and strings of its author's."""
    tree = ast.parse(source)
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in own:
            node.id = "_"
        elif isinstance(node, ast.arg):
            node.arg = "_"
        elif isinstance(node, ast.Constant):
            node.value = 0
    return ast.dump(tree)


def seconds_of(problem_set: str, students: int = 1000) -> float:
    code, handed_out = class_of(problem_set, students, random.Random(0), OWN)
    started = time.perf_counter()
    lookalikes(code, handed_out)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description="Find planted copies.")
    parser.add_argument("problem_sets", nargs="*", default=[f"ps{number}" for number in range(1, 9)])
    parser.add_argument("--classes", type=int, default=10)
    options = parser.parse_args()
    figures: dict[str, Any] = {"students": STUDENTS, "copied": COPIED, "classes": options.classes}
    for kind, chances in KINDS.items():
        figures[kind] = {}
        for problem_set in options.problem_sets:
            figures[kind][problem_set] = measured(problem_set, options.classes, **chances)
            print(kind, problem_set, json.dumps(figures[kind][problem_set]), flush=True)
    figures["seconds_for_1000"] = round(seconds_of("ps4"), 2)
    print("seconds for 1,000 submissions to ps4:", figures["seconds_for_1000"])
    keep("lookalikes", figures)


if __name__ == "__main__":
    main()
