"""The answers that classes get wrong cost marks, and so do the short cuts that a question forbids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from test_problem_sets import share
from torch.nn import functional as F

Tensor = torch.Tensor


def rule_aligned_at_the_left(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    length = max(len(a), len(b))
    pairs = list(zip(a + (1,) * (length - len(a)), b + (1,) * (length - len(b)), strict=True))
    if any(x != y and 1 not in (x, y) for x, y in pairs):
        raise ValueError
    return tuple(y if x == 1 else x for x, y in pairs)


def rule_of_the_larger_size(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    length = max(len(a), len(b))
    pairs = list(zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b, strict=True))
    if any(x != y and 1 not in (x, y) for x, y in pairs):
        raise ValueError
    return tuple(max(pair) for pair in pairs)


def rule_without_misfits(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    length = max(len(a), len(b))
    pairs = zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b, strict=True)
    return tuple(y if x == 1 else x for x, y in pairs)


def rule_of_the_library(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError:
        raise ValueError from None


def border_written_into_the_argument(images: Tensor, value: float) -> Tensor:
    images[:, [0, -1]] = value
    images[:, :, [0, -1]] = value
    return images


def border_without_columns(images: Tensor, value: float) -> Tensor:
    framed = images.clone()
    framed[:, [0, -1]] = value
    return framed


def distances_by_expansion(A: Tensor, B: Tensor) -> Tensor:
    return (A.square().sum(1)[:, None] + B.square().sum(1) - 2 * A @ B.T).clamp(min=0).sqrt()


def fitted(shuffled: bool = True, mean: bool = True, once: bool = False, frees: bool = True) -> Callable[..., Any]:
    """A training loop with one thing wrong."""

    def fit(
        X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
    ) -> tuple[Tensor, Tensor]:
        W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, requires_grad=True)
        b = torch.zeros(num_classes, dtype=X.dtype, requires_grad=True)
        for _ in range(1 if once else num_epochs):
            order = torch.randperm(len(X)) if shuffled else torch.arange(len(X))
            for rows in order.split(batch_size):
                loss = F.cross_entropy(X[rows] @ W + b, y[rows], reduction="mean" if mean else "sum")
                gradients = torch.autograd.grad(loss, [W, b])
                with torch.no_grad():
                    W -= lr * gradients[0]
                    b -= lr * gradients[1]
        return (W.detach(), b.detach()) if frees else (W, b)

    return fit


def gradient_by_autograd(logits: Tensor, y: Tensor) -> Tensor:
    logits = logits.clone().requires_grad_()
    F.cross_entropy(logits, y).backward()
    return logits.grad  # type: ignore[return-value]


def flattened(images: Tensor, size: int) -> Tensor:
    return images.reshape(len(images), -1, size * size)


def means_of_the_rows_at_hand(train: pd.DataFrame, table: pd.DataFrame) -> Tensor:
    X = torch.tensor(table[train.columns].to_numpy(dtype="float32"))
    return torch.where(X.isnan(), X.nanmean(dim=0), X)


def categories_of_the_rows_at_hand(train: pd.Series, column: pd.Series) -> Tensor:
    return torch.tensor(pd.get_dummies(column, dummy_na=True).to_numpy(dtype="float32"))


def numbers_that_pandas_guesses(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor(pd.to_numeric(column, errors="coerce").to_numpy(dtype="float32"))


def slopes_forwards(f: Callable[[Tensor], Tensor], x: Tensor, h: float) -> Tensor:
    return torch.tensor([(f(x + h * e) - f(x)) / h for e in torch.eye(len(x), dtype=x.dtype)], dtype=x.dtype)


def jacobian_by_pytorch(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.func.jacrev(f)(x)


def jacobian_of_the_sum(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    return torch.autograd.grad(f(inputs).sum(), inputs)[0]


def plane_through_the_origin(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return torch.linalg.pinv(X) @ y, torch.zeros((), dtype=X.dtype)


def ridge_on_the_bias_too(X: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    n, d = X.shape
    A = torch.nn.functional.pad(X, (0, 1), value=1.0)
    v = torch.linalg.inv(A.T @ A + n * penalty * torch.eye(d + 1, dtype=X.dtype)) @ A.T @ y
    return v[:d], v[d]


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


def flattering_estimate(fit: Callable[..., Any], X: Tensor, y: Tensor, k: int) -> float:
    return float((fit(X, y)(X) - y).square().mean())


MISTAKES: dict[tuple[str, str, str], Callable[..., Any]] = {
    ("ps1", "checkerboard", "colours swapped"): lambda n: ((torch.arange(n)[:, None] + torch.arange(n)) % 2).float(),
    ("ps1", "checkerboard", "booleans"): lambda n: (torch.arange(n)[:, None] + torch.arange(n)) % 2 == 0,
    ("ps1", "to_patches", "only a reshape"): flattened,
    ("ps1", "to_patches", "columns first"): lambda images, size: (
        images.unfold(1, size, size).unfold(2, size, size).transpose(1, 2).reshape(len(images), -1, size * size)
    ),
    ("ps1", "with_border", "in place"): border_written_into_the_argument,
    ("ps1", "with_border", "rows only"): border_without_columns,
    ("ps1", "broadcast_shape", "aligned at the left"): rule_aligned_at_the_left,
    ("ps1", "broadcast_shape", "the larger size, also of 0 and 1"): rule_of_the_larger_size,
    ("ps1", "broadcast_shape", "no error"): rule_without_misfits,
    ("ps1", "broadcast_shape", "PyTorch's own"): rule_of_the_library,
    ("ps1", "broadcast_shape", "a sum of tensors"): lambda a, b: tuple((torch.empty(a) + torch.empty(b)).shape),
    ("ps1", "normalise_channels", "along the width"): lambda images, mean, std: (images - mean) / std,
    ("ps1", "normalise_channels", "in place"): lambda images, mean, std: images.sub_(mean[:, None, None]).div_(
        std[:, None, None]
    ),
    ("ps1", "pick_per_row", "a loop"): lambda X, columns: torch.stack([X[i, j] for i, j in enumerate(columns)]),
    ("ps1", "pick_per_row", "a loop over lists"): lambda X, columns: X.new_tensor(
        [row[j] for row, j in zip(X.tolist(), columns.tolist(), strict=True)]
    ),
    ("ps1", "pick_per_row", "whole columns"): lambda X, columns: X[:, columns],
    ("ps1", "drop_incomplete", "infinities too"): lambda X: X[X.isfinite().all(dim=1)],
    ("ps1", "drop_incomplete", "rows with anything left"): lambda X: X[~X.isnan().all(dim=1)],
    ("ps1", "drop_incomplete", "== nan"): lambda X: X[~(float("nan") == X).any(dim=1)],
    ("ps1", "distances", "no root"): lambda A, B: (A[:, None] - B).square().sum(2),
    ("ps1", "distances", "expanded"): distances_by_expansion,
    ("ps1", "distances", "transposed"): lambda A, B: (B[:, None] - A).norm(dim=2),
    ("ps1", "distances", "cdist"): torch.cdist,
    ("ps1", "distances", "a loop"): lambda A, B: torch.stack([(a - B).norm(dim=1) for a in A]),
    ("ps1", "moving_average", "a loop"): lambda x, width: torch.tensor([w.mean() for w in x.unfold(0, width, 1)]),
    ("ps1", "moving_average", "running sums"): lambda x, width: (
        (x.cumsum(0)[width - 1 :] - F.pad(x.cumsum(0), (1, 0))[:-width]) / width
    ),
    ("ps1", "stack_padded", "by columns"): lambda given, fill: (
        torch.nn.utils.rnn.pad_sequence(given, padding_value=fill),
        torch.nn.utils.rnn.pad_sequence([torch.ones_like(one, dtype=torch.bool) for one in given]),
    ),
    ("ps2", "missing_share", "a Series"): lambda table: table.isna().mean(),
    ("ps2", "to_numbers", "coerced"): numbers_that_pandas_guesses,
    ("ps2", "impute_means", "means of the rows at hand"): means_of_the_rows_at_hand,
    ("ps2", "missing_indicators", "columns of the rows at hand"): lambda train, X: (
        X[:, X.isnan().any(0)].isnan().float()
    ),
    ("ps2", "one_hot", "categories of the rows at hand"): categories_of_the_rows_at_hand,
    ("ps2", "standardise", "an epsilon"): lambda train, X: (X - train.mean(0)) / (train.std(0, correction=0) + 1e-6),
    ("ps2", "standardise", "scaled by itself"): lambda train, X: (X - X.mean(0)) / X.std(0, correction=0),
    ("ps2", "covariance", "PyTorch's own"): lambda X: torch.cov(X.T, correction=0).reshape(X.shape[1], X.shape[1]),
    ("ps2", "covariance", "NumPy's"): lambda X: torch.from_numpy(np.atleast_2d(np.cov(X.numpy().T, bias=True))).to(
        X.dtype
    ),
    ("ps2", "unit_rows", "PyTorch's own"): lambda X, p: F.normalize(X, p=p, dim=1, eps=1e-30),
    ("ps2", "unit_rows", "nan for zeros"): lambda X, p: X / torch.linalg.vector_norm(X, p, 1, keepdim=True),
    ("ps2", "project_onto_line", "a unit vector"): lambda X, v: torch.outer(X @ v, v),
    ("ps2", "project", "orthonormal columns"): lambda X, A: X @ A @ A.T,
    ("ps3", "numerical_gradient", "forwards"): slopes_forwards,
    ("ps3", "jacobian", "of the sum"): jacobian_of_the_sum,
    ("ps3", "jacobian", "jacrev"): jacobian_by_pytorch,
    ("ps3", "linear_vjp", "a mean for the bias"): lambda X, W, G: (G @ W.T, X.T @ G, G.mean(0)),
    ("ps3", "squared_loss", "broadcast"): lambda X, w, b, y: (X @ w + b - y).square().mean() / 2,
    ("ps3", "squared_loss", "MSELoss"): lambda X, w, b, y: F.mse_loss((X @ w + b)[:, 0], y),
    ("ps3", "squared_loss_grad", "twice"): lambda X, w, b, y: (
        2 * X.T @ (X @ w + b - y[:, None]) / len(y),
        2 * (X @ w + b - y[:, None]).mean(0),
    ),
    ("ps3", "least_squares", "no bias"): plane_through_the_origin,
    ("ps3", "sgd_epoch", "one step on everything"): lambda X, y, w, b, lr, batches: (
        w - lr * X.T @ (X @ w + b - y) / len(y),
        b - lr * (X @ w + b - y).mean(),
    ),
    ("ps3", "ridge", "penalises the bias"): ridge_on_the_bias_too,
    ("ps3", "RidgeRegression", "buffers"): NoParameters,
    ("ps3", "k_fold_loss", "no fold left out"): flattering_estimate,
    ("ps4", "one_hot", "integers"): lambda y, num_classes: torch.eye(num_classes, dtype=torch.int64)[y],
    ("ps4", "one_hot", "as many classes as occur"): lambda y, num_classes: torch.eye(int(y.max()) + 1)[y],
    ("ps4", "one_hot", "PyTorch's own"): lambda y, num_classes: F.one_hot(y, num_classes).float(),
    ("ps4", "log_sum_exp", "overflows"): lambda Z: Z.exp().sum(1).log(),
    ("ps4", "log_sum_exp", "one maximum for all rows"): lambda Z: (Z - Z.max()).exp().sum(1).log() + Z.max(),
    ("ps4", "log_sum_exp", "PyTorch's own"): lambda Z: torch.logsumexp(Z, dim=1),
    ("ps4", "log_sum_exp", "kept dimension"): lambda Z: torch.stack(
        [Z.max() + (z - Z.max()).exp().sum().log() for z in Z]
    )[:, None],
    ("ps4", "softmax", "overflows"): lambda Z: Z.exp() / Z.exp().sum(1, keepdim=True),
    ("ps4", "softmax", "over examples"): lambda Z: torch.exp(Z - Z.logsumexp(0)),
    ("ps4", "softmax", "PyTorch's own"): lambda Z: Z.softmax(1),
    ("ps4", "cross_entropy", "sum"): lambda Z, y: (Z.logsumexp(1) - Z[torch.arange(len(y)), y]).sum(),
    ("ps4", "cross_entropy", "logarithm of softmax"): lambda Z, y: -Z.softmax(1)[torch.arange(len(y)), y].log().mean(),
    ("ps4", "cross_entropy", "a small number in the logarithm"): lambda Z, y: (
        -(Z.softmax(1)[torch.arange(len(y)), y] + 1e-9).log().mean()
    ),
    ("ps4", "cross_entropy", "PyTorch's own"): F.cross_entropy,
    ("ps4", "cross_entropy", "a Python number"): lambda Z, y: (
        (Z.logsumexp(1) - Z[torch.arange(len(y)), y]).mean().item()
    ),
    ("ps4", "cross_entropy_grad", "no mean"): lambda Z, y: Z.softmax(1) - F.one_hot(y, Z.shape[1]),
    ("ps4", "cross_entropy_grad", "the sign"): lambda Z, y: (F.one_hot(y, Z.shape[1]) - Z.softmax(1)) / len(y),
    ("ps4", "cross_entropy_grad", "mean over classes"): lambda Z, y: (
        (Z.softmax(1) - F.one_hot(y, Z.shape[1])) / Z.shape[1]
    ),
    ("ps4", "cross_entropy_grad", "automatic"): gradient_by_autograd,
    ("ps4", "accuracy", "a tensor"): lambda Z, y: (Z.argmax(1) == y).float().mean(),
    ("ps4", "accuracy", "a count"): lambda Z, y: float((Z.argmax(1) == y).sum()),
    ("ps4", "accuracy", "per cent"): lambda Z, y: 100 * (Z.argmax(1) == y).float().mean().item(),
    ("ps4", "fit_softmax", "never shuffled"): fitted(shuffled=False),
    ("ps4", "fit_softmax", "sum, not mean"): fitted(mean=False),
    ("ps4", "fit_softmax", "one epoch"): fitted(once=True),
    ("ps4", "fit_softmax", "still requires gradients"): fitted(frees=False),
}


@pytest.mark.parametrize(("name", "question", "mistake"), list(MISTAKES))
def test_a_known_mistake_costs_marks(name: str, question: str, mistake: str) -> None:
    assert share(name, question, MISTAKES[name, question, mistake]) < 1


def test_the_training_loop_passes_with_nothing_wrong() -> None:
    assert share("ps4", "fit_softmax", fitted()) == 1
