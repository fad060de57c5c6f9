"""Do the hidden tests of a problem set answer, as they must? The rules that need no run.

What a hidden region may not do, each with its cure: assert, use magics, set a name that a later cell uses, seed, draw
from a data loader of the student's, or ask for a single yes or no.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.assignment.asked import hidden_source
from autograder.assignment.names import bound_names, free_names, plain_python
from autograder.assignment.regions import HIDDEN, without
from gradus.notebook.cells import kind_of, label_of, place_of
from gradus.notebook.form import Notebook, source_of

ANSWERS = ("answer", "answer_accuracy", "answer_own")
_SEEDS = ("manual_seed", "manual_seed_all", "seed", "default_rng", "RandomState")
_YES_NO = ("isinstance", "issubclass", "hasattr", "callable", "bool", "all", "any", "equal", "allclose", "array_equal")


def answer_findings(source: Notebook, name: str) -> list[str]:
    """All findings in a source notebook, in the order of its cells; `name` is what to call it."""
    findings: list[str] = []
    for index, cell in enumerate(source["cells"]):
        if kind_of(cell) == "test":
            place = f"{name}, {place_of(index, cell)}"
            findings += [f"{place}: {what}" for what in region_findings(hidden_source(cell))]
    return findings + [f"{name}, {what}" for what in _across_cells(source)]


def region_findings(region: str) -> Iterator[str]:
    """What is wrong with one hidden region."""
    try:
        tree = ast.parse(region)
    except SyntaxError as error:
        yield f"its hidden test is not plain Python (line {error.lineno}: {error.msg}); use no magics, no shell."
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    asks = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ANSWERS]
    if not asks:
        yield "its hidden test answers nothing; call answer(fn, ...) in it."
    used = {call.func.id for call in asks if isinstance(call.func, ast.Name)}
    if missing := sorted(used - _imported_from_answers(tree)):
        yield f"its hidden test does not import {', '.join(missing)}; write from autograder.answers import …"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno} of its hidden test asserts, which no longer carries marks; answer instead."
    for call in calls:
        called = _called(call)
        if called.startswith("assert_"):
            yield f"line {call.lineno} of its hidden test calls {called}, which carries no marks; answer instead."
        if called in _SEEDS:
            yield (
                f"line {call.lineno} of its hidden test calls {called}; answer seeds by itself, and inputs come from "
                "cases."
            )
        if call in asks and _asks_yes_or_no(call):
            yield (
                f"line {call.lineno} of its hidden test asks for one yes or no; put it into a batch with group=, or "
                "answer with the value itself."
            )


def _imported_from_answers(tree: ast.Module) -> set[str]:
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "autograder.answers"]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _asks_yes_or_no(call: ast.Call) -> bool:
    """`answer(lambda: a == b)` and the like, outside a group."""
    if any(keyword.arg in ("group", "edge") for keyword in call.keywords) or not call.args:
        return False
    asked = call.args[0]
    if not isinstance(asked, ast.Lambda):
        return isinstance(asked, ast.Name) and asked.id in _YES_NO
    body = asked.body
    if isinstance(body, ast.Compare):
        return True
    if isinstance(body, ast.UnaryOp) and isinstance(body.op, ast.Not):
        return True
    return isinstance(body, ast.Call) and _called(body) in _YES_NO


def _across_cells(source: Notebook) -> Iterator[str]:
    """What a hidden region and a visible cell must not share, since hidden regions run in processes of their own.

    Names that only a hidden region sets and a later cell uses. Data loaders that a visible cell made and a hidden
    region draws from: how far they are drawn is not known.
    """
    hidden: dict[str, str] = {}
    visible: set[str] = set()
    loaders: set[str] = set()
    for index, cell in enumerate(source["cells"]):
        if cell["cell_type"] != "code":
            continue
        place, label = place_of(index, cell), label_of(cell) or cell.get("id", "")
        try:
            text = plain_python(source_of(cell))
            shown, region = without(text, HIDDEN, ""), hidden_source(cell) if kind_of(cell) == "test" else ""
            for name in sorted((free_names(text) & set(hidden)) - visible):
                yield (
                    f"{place}: uses {name!r}, which only the hidden test of {hidden[name]} sets, and that runs "
                    "elsewhere; set it here."
                )
            for name in sorted(free_names(region) & loaders):
                yield (
                    f"{place}: its hidden test draws from {name!r}, a data loader that a visible cell made; make one "
                    "in the test."
                )
            visible |= bound_names(shown)
            loaders |= _made_loaders(shown)
            hidden.update(dict.fromkeys(bound_names(region), label))
        except SyntaxError:
            continue  # the lint of names says so


def _made_loaders(code: str) -> set[str]:
    return {
        target.id
        for node in ast.parse(code).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and "loader" in _called(node.value).lower()
        for target in node.targets
        if isinstance(target, ast.Name)
    }
