"""Mistakes that cost marks although no file of variants has them: answers that nobody would be told a name for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import torch
from test_problem_sets import share

Tensor = torch.Tensor


def numbers_that_pandas_guesses(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor(pd.to_numeric(column, errors="coerce").to_numpy(dtype="float32"))


class NoParameters(torch.nn.Module):
    """`w` and `b` as buffers: moved and saved, never trained."""

    def __init__(self, num_inputs: int, weight_decay: float) -> None:
        super().__init__()
        self.weight_decay = weight_decay
        self.register_buffer("w", 0.01 * torch.randn(num_inputs, 1))
        self.register_buffer("b", torch.zeros(1))

    def forward(self, X: Tensor) -> Tensor:
        return X @ self.w + self.b

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        return (y_hat - y).square().mean() / 2 + self.weight_decay / 2 * self.w.square().sum()

    def configure_optimizers(self, lr: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=lr)


MISTAKES: dict[tuple[str, str, str], Callable[..., Any]] = {
    ("ps1", "broadcast_shape", "a sum of tensors"): lambda a, b: tuple((torch.empty(a) + torch.empty(b)).shape),
    ("ps2", "missing_share", "a Series"): lambda table: table.isna().mean(),
    ("ps2", "to_numbers", "coerced"): numbers_that_pandas_guesses,
    ("ps2", "standardise", "an epsilon"): lambda train, X: (X - train.mean(0)) / (train.std(0, correction=0) + 1e-6),
    ("ps2", "standardise", "scaled by itself"): lambda train, X: (X - X.mean(0)) / X.std(0, correction=0),
    ("ps3", "sgd_epoch", "one step on everything"): lambda X, y, w, b, lr, batches: (
        w - lr * X.T @ (X @ w + b - y) / len(y),
        b - lr * (X @ w + b - y).mean(),
    ),
    ("ps3", "RidgeRegression", "buffers"): NoParameters,
    ("ps4", "log_sum_exp", "kept dimension"): lambda Z: torch.stack(
        [Z.max() + (z - Z.max()).exp().sum().log() for z in Z]
    )[:, None],
    ("ps4", "softmax", "over examples"): lambda Z: torch.exp(Z - Z.logsumexp(0)),
}


@pytest.mark.parametrize(("name", "question", "mistake"), list(MISTAKES))
def test_a_mistake_without_a_name_costs_marks(name: str, question: str, mistake: str) -> None:
    assert share(name, question, MISTAKES[name, question, mistake]) < 1
