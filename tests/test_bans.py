"""What a question rules out is refused under each name by which a plain call reaches it, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import in_process
import numpy as np
import pandas as pd
import pytest
import scipy.special
import torch

from autograder.assignment.regions import HIDDEN, without
from autograder.course import Course
from gradus.notebook.cells import label_of
from gradus.notebook.form import source_of

# The problem set, what is ruled out, and a call of it under another name.
CALLS = {
    ("ps4", "softmax"): (
        "torch.softmax(X, 1)", "X.softmax(1)", "torch.nn.functional.softmax(X, 1)", "torch.special.softmax(X, 1)",
        "torch.ops.aten.softmax(X, 1)", "torch.ops.aten.softmax.int(X, 1)", "torch._softmax(X, 1, False)",
        "torch.ops.aten._softmax.default(X, 1, False)", "torch._C._VariableFunctions.softmax(X, 1)",
    ),
    ("ps4", "one_hot"): ("F.one_hot(y)", "torch._C._nn.one_hot(y)", "torch.ops.aten.one_hot(y, 3)"),
    ("ps4", "log_softmax"): (
        "torch.log_softmax(X, 1)", "X.log_softmax(1)", "F.log_softmax(X, 1)", "torch.nn.LogSoftmax(1)(X)",
        "torch.special.log_softmax(X, 1)", "torch.ops.aten._log_softmax(X, 1, False)",
        "torch._log_softmax(X, 1, False)", "special.log_softmax(X.numpy(), axis=1)",
    ),
    ("ps4", "logsumexp"): (
        "torch.logsumexp(X, 1)", "X.logsumexp(1)", "torch.special.logsumexp(X, 1)", "torch.ops.aten.logsumexp(X, [1])",
        "torch.ops.aten.special_logsumexp(X, [1])", "torch._C._special.special_logsumexp(X, 1)",
        "scipy.special.logsumexp(X.numpy(), axis=1)", "special.logsumexp(X, axis=1)", "imported(X.numpy(), axis=1)",
    ),
    ("ps4", "logaddexp"): ("torch.logaddexp(X, X)", "np.logaddexp(X, X)", "np.logaddexp.reduce(X.numpy(), axis=1)"),
    ("ps4", "logaddexp2"): (
        "torch.logaddexp2(X, X)", "X.logaddexp2(X)", "torch.ops.aten.logaddexp2(X, X)", "np.logaddexp2(1.0, 2.0)",
        "np.logaddexp2.reduce(X.numpy(), axis=1)", "log_sum(X, X)",
    ),
    ("ps4", "cross_entropy"): (
        "F.cross_entropy(X, y)", "torch.nn.CrossEntropyLoss()(X, y)", "torch._C._nn.cross_entropy_loss(X, y)",
        "torch.ops.aten.cross_entropy_loss(X, y)",
    ),
    ("ps4", "nll_loss"): (
        "F.nll_loss(X, y)", "torch.nn.NLLLoss()(X, y)", "torch._C._nn.nll_loss(X, y)", "torch._C._nn.nll_loss_nd(X, y)",
        "torch.ops.aten.nll_loss(X, y)", "torch.ops.aten.nll_loss_nd(X, y)",
        "torch.ops.aten.nll_loss_forward(X, y, None, 1, -100)",
    ),
    ("ps4", "backward"): ("leaf.sum().backward()", "torch.autograd.backward(leaf.sum())"),
    ("ps4", "grad"): (
        "torch.autograd.grad(leaf.sum(), leaf)", "torch.func.grad(torch.sum)(X)", "torch.func.jacrev(torch.sum)(X)",
        "torch.func.vjp(torch.sum, X)[1](torch.ones(()))", "torch.func.jvp(torch.sum, (X,), (X,))",
        "torch.func.jacfwd(torch.sum)(X)", "torch.autograd.functional.jacobian(torch.sum, X)",
    ),
    ("ps1", "cdist"): (
        "torch.cdist(X, X)", "torch.ops.aten.cdist(X, X)", "torch.ops.aten._cdist_forward(X, X, 2.0, 0)",
    ),
    ("ps1", "pairwise_distance"): ("F.pairwise_distance(X, X)", "torch.nn.PairwiseDistance()(X, X)"),
    ("ps1", "numpy"): ("X.numpy()", "np.asarray(X)", "np.from_dlpack(X)", "np.sqrt(X)"),
    ("ps1", "tolist"): ("X.tolist()", "X.untyped_storage().tolist()"),
    ("ps2", "cov"): ("torch.cov(X)", "X.cov()", "torch.ops.aten.cov(X)"),
    ("ps2", "corrcoef"): ("torch.corrcoef(X)", "X.corrcoef()", "torch.ops.aten.corrcoef(X)"),
    ("ps2", "numpy"): ("np.cov(X)", "np.cov(X.numpy())", "pd.DataFrame(X)"),
    ("ps2", "normalize"): ("F.normalize(X)", "torch.nn.functional.normalize(X, p=1.0)"),
    ("ps2", "renorm"): ("X.renorm(2, 0, 1.0)", "torch.renorm(X, 2, 0, 1.0)", "torch.ops.aten.renorm(X, 2, 0, 1.0)"),
    ("ps3", "grad"): ("torch.autograd.grad(leaf.sum(), leaf)", "torch.func.jacfwd(torch.sum)(X)"),
    ("ps3", "mm"): ("torch.mm(X, X.T)", "torch.ops.aten.mm(X, X.T)"),
    ("ps5", "sum_to_size"): ("X.sum_to_size(1, 3)", "torch.Tensor.sum_to_size(X, 1, 3)"),
    ("ps5", "mm"): ("torch.mm(X, X.T)", "torch.ops.aten.mm.default(X, X.T)"),
}  # fmt: skip


def watching(problem_set: str, banned: str) -> tuple[Any, dict[str, Any]]:
    """The notebook's `Watch` of one name, and the names beside it."""
    cells = {label_of(cell) or cell["id"]: source_of(cell) for cell in in_process.source_notebook(problem_set)["cells"]}
    cell = next(source for source in cells.values() if "class Watch(TorchFunctionMode)" in source)
    names: dict[str, Any] = {
        "__name__": "__main__", "torch": torch, "F": torch.nn.functional, "np": np, "pd": pd, "scipy": scipy,
        "special": scipy.special, "imported": scipy.special.logsumexp, "log_sum": np.logaddexp2,
        "X": torch.ones(2, 3), "y": torch.tensor([0, 2]), "leaf": torch.ones(2, 3, requires_grad=True),
    }  # fmt: skip
    in_process.run(cell, names)
    options = {"at_most": 20} if problem_set == "ps1" else {}
    return names["Watch"](without=[banned], **options), names


@pytest.mark.parametrize(("problem_set", "banned"), list(CALLS))
def test_a_plain_call_under_another_name_is_refused(problem_set: str, banned: str) -> None:
    for call in CALLS[problem_set, banned]:
        watch, names = watching(problem_set, banned)
        with watch, pytest.raises(AssertionError, match=banned):
            eval(call, names)


def test_a_rule_for_tuples_refuses_both_libraries() -> None:
    _, names = watching("ps1", "cdist")
    for call in (
        "torch.broadcast_shapes((2,), (1,))", "(torch.empty(2) + torch.empty(1)).shape",
        "np.broadcast_shapes((2,), (1,))", "np.broadcast(np.empty(2), np.empty(1)).shape",
        "(np.zeros(2) + np.ones(1)).shape", "np.full((2,), 0).shape",
    ):  # fmt: skip
        with names["on_tuples"](), pytest.raises(AssertionError, match="PyTorch"):
            eval(call, names)


@pytest.mark.parametrize("problem_set", ["ps1", "ps2", "ps3", "ps4", "ps5"])
def test_what_is_not_ruled_out_is_let_through(problem_set: str) -> None:
    for call in ("torch.exp(X).sum(dim=1, keepdim=True)", "X @ X.T", "X[:, 0].clone()", "torch.zeros(2)", "X.double()"):
        watch, names = watching(problem_set, "softmax")
        with watch:
            eval(call, names)


# What a prompt rules out by another name than the tests do.
SAID = {"torch.autograd": "grad", "torch.func": "grad", "NumPy": "numpy"}
BESIDE = {"math", "cmath", "X.shape", "A.shape", "x", "x.shape"}  # libraries, and what is counted
TOOLS = ("by_hand", "Without")  # their arguments are names that are ruled out
FORBIDS = re.compile(r"\bmay not\b|\bNo library's\b")


def ruled_out_by(test: str) -> Iterator[str]:
    """The names that a test cell hands to the tools that watch for them."""
    for node in ast.walk(ast.parse(test)):
        if isinstance(node, ast.keyword) and node.arg == "without":
            yield from _texts(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "without":
                    yield from _texts(value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOOLS:
            yield from _texts(ast.List([*node.args]))


def _texts(value: ast.expr) -> list[str]:
    return [node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def ruled_out_in(prompt: str) -> set[str]:
    """The names that a prompt's sentences rule out; what comes behind a semicolon is allowed."""
    prompt = re.sub(r"^```.*?^```$", "", prompt, flags=re.MULTILINE | re.DOTALL)
    sentences = re.split(r"(?<=[.;:])\s+(?=[-A-Z`*])|;", " ".join(prompt.split()))
    said = {
        name
        for sentence in sentences
        if FORBIDS.search(sentence)
        for name in re.findall(r"`([^`]+)`|\b(NumPy), may not", sentence)
    }
    names = {first or second for first, second in said}
    return {SAID.get(name, name) for name in names - BESIDE if re.fullmatch(r"[\w.]+", name)}


def questions() -> Iterator[tuple[str, str, str, str]]:
    """The problem set, the question, its prompt and its test cell, hidden region included."""
    for name in Course.from_environment().problem_sets():
        cells = {cell["id"]: source_of(cell) for cell in in_process.source_notebook(name)["cells"]}
        for cell_id, source in cells.items():
            if cell_id.startswith("test_"):
                question = cell_id.removeprefix("test_")
                yield name, question, cells[f"{question}-prompt"], source


@pytest.mark.parametrize(("name", "question", "prompt", "test"), [pytest.param(*q, id=q[1]) for q in questions()])
def test_a_prompt_rules_out_what_its_test_refuses(name: str, question: str, prompt: str, test: str) -> None:
    visible = without(test, HIDDEN, "")
    refused, shown = set(ruled_out_by(test)), set(ruled_out_by(visible))
    assert ruled_out_in(prompt) == refused
    assert refused == shown, "the visible checks refuse what the hidden tests do"


def test_of_a_prompt_that_forgets_a_name_it_is_said() -> None:
    test = 'with Watch(without=["softmax", "log_softmax"]):\n    pass'
    said = "- `Z` stays as it was. PyTorch's own `softmax` may not be called; `torch.logsumexp` may."
    assert ruled_out_in(said) == {"softmax"}
    assert set(ruled_out_by(test)) == {"softmax", "log_softmax"}
    other = 'limits = {"at_most": 2, "without": ["numpy"]}\nwith by_hand("sum_to_size"):\n    pass'
    assert set(ruled_out_by(other)) == {"numpy", "sum_to_size"}
