"""What a question rules out is refused under each name by which a plain call reaches it, and nothing else is."""

from __future__ import annotations

from typing import Any

import in_process
import pytest
import torch

from gradus.notebook.cells import label_of
from gradus.notebook.form import source_of

# The problem set, what is ruled out, and a call of it under another name.
CALLS = {
    ("ps4", "softmax"): (
        "torch.softmax(X, 1)", "X.softmax(1)", "torch.nn.functional.softmax(X, 1)", "torch.special.softmax(X, 1)",
        "torch.ops.aten.softmax(X, 1)", "torch.ops.aten.softmax.int(X, 1)", "torch._softmax(X, 1, False)",
        "torch.ops.aten._softmax.default(X, 1, False)", "torch._C._VariableFunctions.softmax(X, 1)",
    ),
    ("ps4", "logsumexp"): ("torch.logsumexp(X, 1)", "torch.ops.aten.logsumexp(X, [1])"),
    ("ps4", "nll_loss_nd"): ("torch._C._nn.nll_loss_nd(X, torch.tensor([0, 1]))",),
    ("ps1", "cdist"): ("torch.cdist(X, X)", "torch.ops.aten.cdist(X, X)"),
    ("ps2", "cov"): ("torch.cov(X)", "torch.ops.aten.cov(X)"),
    ("ps3", "mm"): ("torch.mm(X, X.T)", "torch.ops.aten.mm(X, X.T)"),
    ("ps5", "mm"): ("torch.mm(X, X.T)", "torch.ops.aten.mm.default(X, X.T)"),
}  # fmt: skip


def watching(problem_set: str, banned: str) -> tuple[Any, dict[str, Any]]:
    """The notebook's `Watch` of one name, and the names beside it."""
    cells = {label_of(cell) or cell["id"]: source_of(cell) for cell in in_process.source_notebook(problem_set)["cells"]}
    cell = next(source for source in cells.values() if "class Watch(TorchFunctionMode)" in source)
    names: dict[str, Any] = {"__name__": "__main__", "torch": torch, "X": torch.ones(2, 3)}
    in_process.run(cell, names)
    options = {"at_most": 20} if problem_set == "ps1" else {}
    return names["Watch"](without=[banned], **options), names


@pytest.mark.parametrize(("problem_set", "banned"), list(CALLS))
def test_a_plain_call_under_another_name_is_refused(problem_set: str, banned: str) -> None:
    for call in CALLS[problem_set, banned]:
        watch, names = watching(problem_set, banned)
        with watch, pytest.raises(AssertionError, match=banned):
            eval(call, names)


@pytest.mark.parametrize("problem_set", ["ps1", "ps2", "ps3", "ps4", "ps5"])
def test_what_is_not_ruled_out_is_let_through(problem_set: str) -> None:
    for call in ("torch.exp(X).sum(dim=1, keepdim=True)", "X @ X.T", "X[:, 0].clone()", "torch.zeros(2)", "X.double()"):
        watch, names = watching(problem_set, "softmax")
        with watch:
            eval(call, names)
