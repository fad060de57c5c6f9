"""What submissions do first, done once in the warm process, so that each of its forks finds it done.

The first call of everything costs more than the next: the linker looks symbols up, torch its kernels, and Python
rewrites the instructions of a function that it has seen. A fork that finds this done takes a tenth less time, and
touches fewer of the pages that it shares, each of which would be copied for it.

Nothing of what happens here is left but that: no name, no thread, no open file (drawing keeps those of its fonts), no
state of a generator that anybody sees (a submission seeds its own).
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from typing import Any

from autograder.answers.frames import VALUE, read_frame

_TIMES = 3  # Python rewrites a function's instructions after it has been called twice
_CELL = """
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

class Rehearsed(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))

def rehearsed_loss(X, y, W):
    Z = X @ W - (X @ W).max(dim=1, keepdim=True).values
    P = torch.exp(Z) / torch.exp(Z).sum(dim=1, keepdim=True)
    return -torch.log(P[torch.arange(len(y)), y]).mean()

X, y = torch.tensor([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]), torch.tensor([0, 1, 1])
W = torch.zeros(2, 2, requires_grad=True)
with Rehearsed():
    rehearsed_loss(X, y, W).backward()
with torch.no_grad():
    W -= 0.1 * W.grad
    W.grad.zero_()
assert isinstance(W, torch.Tensor) and W.shape == (2, 2), f"{tuple(W.shape)}"
assert abs(X[0, 0] - 1) < 1e-3, f"{X[0, 0]:.4f}"
assert not X.isnan().any() and [round(value, 3) for value in X.sum(dim=1).tolist()]
F.one_hot(y, 2).float(), X.reshape(-1).std(), torch.stack([X, X]).mean(dim=0), X.argmax(dim=1).eq(y).float().mean()
torch.randn(3, 2), torch.rand(2), torch.randperm(5), torch.zeros(2, dtype=torch.float64) + 1, X.numpy().sum()
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
F.cross_entropy(model(X), y).backward()
optimizer.step()
print(X, float(W.detach().sum()))
shown = get_ipython().display_formatter.format(X)
"""
_TEST = """
import numpy as np
import torch
from autograder.answers import answer, cases

def both(Z):
    Z = Z.requires_grad_(True)
    loss = (Z - Z.max(dim=1, keepdim=True).values).exp().sum(dim=1).log().mean()
    loss.backward()
    return Z.grad, loss.detach(), Z.argmax(dim=1), float(loss.detach()), [1, "two"]

for Z in cases.logits(n=3):
    answer(both, Z, kind="array", returns="both")
for X in cases.tensors((2, 6), 3, n=2):
    answer(lambda X: np.asarray(X).sum(axis=0), X, kind="array")
for y in cases.layouts(cases.labels(12, 5)):
    answer(lambda y: torch.nn.functional.one_hot(y, 5), y)
"""


def rehearse(its_shell: Any, run_test: Callable[..., None]) -> bool:
    """Run a few cells and a hidden test that are nobody's.

    Args:
        its_shell: the shell whose forks will be the students'.
        run_test: `autograder.answers.stream.run_test`.

    Returns:
        Whether all of it went well. If not, submissions are only slower.
    """
    went_well = True
    frames: list[bytes] = []
    times = _TIMES if "torch" in sys.modules else 0
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        with warnings.catch_warnings(), its_shell.forgetting():
            warnings.simplefilter("ignore")
            for _ in range(times):
                went_well = bool(its_shell.run_cell(_CELL, store_history=True).success) and went_well
                run_test(_TEST, {}, 0, frames.append, question="rehearsal")
    except Exception:
        went_well = False
    finally:
        sys.stdout, sys.stderr = before
    return went_well and all(read_frame(frame).kind == VALUE for frame in frames)
