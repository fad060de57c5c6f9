"""Inputs for hidden tests, drawn from the grading seed.

Each call is a function of the seed, the question and how many calls came before it in the test: the same for the
reference and for every submission of a run, other in the next run. Outside the grader the seed is 0. Whatever a
submission made the default dtype or device, dtypes are what is asked for, and tensors lie on the CPU.

A size is a number, or a pair (least, most) of which each case gets one. Edge shapes are sizes too: `rows=1`,
`classes=1`, `rows=0`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from autograder.answers.hidden_run import current
from gradus.datasets.catalog import FASHION_MNIST as _CATALOGUED
from gradus.datasets.fetch import data_folder  # now: before a notebook changes the environment, which names the folder

Size = int | tuple[int, int]
Entry = TypeVar("Entry")

FASHION_MNIST = "fashion-mnist"
_IMAGES_HEADER = 16  # bytes before the first image


@dataclass(frozen=True, eq=False)
class HeldOutImages:
    """Images of a test split: `images` (n, 1, 28, 28), float32 in [0, 1]. Their labels are not in this process."""

    data_set: str
    indices: np.ndarray  # (n,) int64: which images of the split
    images: torch.Tensor


def tensors(
    *shape: Size, n: int = 8, scale: float = 1.0, centre: float = 0.0, dtype: torch.dtype = torch.float32
) -> list[torch.Tensor]:
    """`n` tensors of normal numbers, with the given mean and standard deviation.

    `cases.tensors((1, 6), 3)` gives shapes from (1, 3) to (6, 3). Huge and tiny values come with `scale=1e4`, `1e-6`.
    """
    drawn = []
    for _ in range(n):
        draw = current().draw()
        drawn.append(_tensor(draw.standard_normal(_sizes(draw, shape)) * scale + centre, dtype))
    return drawn


def logits(
    n: int = 8,
    rows: Size = (2, 8),
    classes: Size = (2, 10),
    scale: float = 10.0,
    dtype: torch.dtype = torch.float32,
) -> list[torch.Tensor]:
    """`n` tensors of scores, (rows, classes), normal with standard deviation `scale`."""
    return tensors(rows, classes, n=n, scale=scale, dtype=dtype)


def matrices(
    n: int = 8,
    rows: Size = (2, 8),
    columns: Size = (2, 8),
    scale: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> list[torch.Tensor]:
    """`n` matrices, (rows, columns), of normal numbers."""
    return tensors(rows, columns, n=n, scale=scale, dtype=dtype)


def uniform(*shape: Size, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """One tensor of numbers in [low, high): given noise for dropout and sampling."""
    draw = current().draw()
    return _tensor(draw.uniform(low, high, _sizes(draw, shape)), dtype)


def integers(*shape: Size, low: int, high: int, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """One tensor of whole numbers from `low` to `high` - 1."""
    draw = current().draw()
    return _tensor(draw.integers(low, high, _sizes(draw, shape)), dtype)


def labels(count: int, classes: int) -> torch.Tensor:
    """Labels (count,), int64, in 0..classes-1."""
    return integers(count, low=0, high=classes)


def permutation(count: int) -> torch.Tensor:
    """The numbers 0..count-1 in random order, (count,) int64."""
    return _tensor(current().draw().permutation(count), torch.int64)


def integer(low: int, high: int) -> int:
    """One whole number from `low` to `high`, both included."""
    return int(current().draw().integers(low, high + 1))


def number(low: float = 0.0, high: float = 1.0) -> float:
    """One float in [low, high)."""
    return float(current().draw().uniform(low, high))


def choice(entries: Sequence[Entry]) -> Entry:
    """One of `entries`."""
    return entries[integer(0, len(entries) - 1)]


def with_gaps(X: torch.Tensor, share: float = 0.2, columns: Sequence[int] | None = None) -> torch.Tensor:
    """A copy of a table (n, d), n at least 2, in which numbers are missing: nan.

    Args:
        X: floating point.
        share: of the numbers that are missing, roughly.
        columns: which may have gaps, all by default. Each of them has one at least, and keeps one number at least.
    """
    gaps = torch.zeros(X.shape, dtype=torch.bool)
    for column in range(X.shape[1]) if columns is None else columns:
        drawn = uniform(len(X)) < share
        first, second = permutation(len(X))[:2].tolist()
        drawn[first], drawn[second] = True, False
        gaps[:, column] = drawn
    return X.masked_fill(gaps, float("nan"))


def words(count: int, choices: Sequence[str], missing: float = 0.0) -> list[str | None]:
    """A column of words, None where one is missing; every choice occurs, as far as `count` allows.

    Args:
        count: how many entries. With `missing`, two at least: one word and one gap.
        choices: the words, all different.
        missing: the share of gaps, roughly.
    """
    gaps = int(min(max(1, round(missing * count)), count - 1)) if missing else 0
    column: list[str | None] = [None] * gaps
    for number in range(count - gaps):
        column.append(choices[number] if number < len(choices) else choice(choices))
    return [column[place] for place in permutation(count).tolist()]


def orthonormal(rows: int, columns: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """A matrix (rows, columns) whose columns have length 1 and are orthogonal; at most as many columns as rows."""
    Q, _ = np.linalg.qr(current().draw().standard_normal((rows, columns)))
    return _tensor(Q, dtype)


def regression(
    n: int,
    d: int,
    noise: float = 0.1,
    centre: float = 0.0,
    condition: float = 3.0,
    dtype: torch.dtype = torch.float64,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A regression problem: X (n, d) and y (n,), y = Xw + b + noise with normal w and b.

    Without its column means, X has singular values from √n down to √n / `condition`, and no preferred axis, so that the
    best w is as well determined as `condition` says: n must be above d. `centre` is the mean of every column of X.
    """
    if n <= d:
        raise ValueError(f"n={n}, d={d}: a plane through the origin needs more examples than features")
    draw = current().draw()
    centred = draw.standard_normal((n, d))
    U, _ = np.linalg.qr(centred - centred.mean(axis=0))
    V, _ = np.linalg.qr(draw.standard_normal((d, d)))
    X = np.sqrt(n) * U * np.geomspace(1.0, 1.0 / condition, d) @ V.T + centre
    y = X @ draw.standard_normal(d) + draw.standard_normal() + noise * draw.standard_normal(n)
    return _tensor(X, dtype), _tensor(y, dtype)


def layouts(X: torch.Tensor) -> list[torch.Tensor]:
    """The same values, otherwise laid out in memory: as a view of a tensor with reversed dimensions, and as every
    second entry of a longer one. A tensor without dimensions has no other layout."""
    found = [X.clone()]
    if X.dim() > 1:
        backwards = tuple(reversed(range(X.dim())))
        found.append(X.permute(backwards).contiguous().permute(backwards))
    if X.dim() and X.shape[-1]:
        found.append(X.repeat_interleave(2, dim=-1)[..., ::2])
    return found


def generator() -> torch.Generator:
    """A generator for functions that take one."""
    return torch.Generator().manual_seed(integer(0, 2**62))


def held_out_images(n: int, data_set: str = FASHION_MNIST) -> HeldOutImages:
    """`n` different images of the test split, for `answer_accuracy`.

    Raises:
        ValueError: another data set, or more images than there are.
        FileNotFoundError: the images are not on this machine.
    """
    if data_set != FASHION_MNIST:
        raise ValueError(f"data_set={data_set!r}: {FASHION_MNIST!r} is the only one with held-out images")
    stored = _test_images()
    if not 0 < n <= len(stored):
        raise ValueError(f"n={n}: there are {len(stored)} images")
    indices = np.sort(current().draw().choice(len(stored), n, replace=False)).astype(np.int64)
    images = stored[indices].astype(np.float32)
    images /= np.float32(255)
    return HeldOutImages(data_set, indices, torch.from_numpy(images))


@functools.cache
def _test_images() -> np.ndarray:
    file = data_folder(_CATALOGUED) / "t10k-images-idx3-ubyte"
    stored = np.memmap(file, dtype=np.uint8, mode="r", offset=_IMAGES_HEADER)  # only what is picked is read
    return stored.reshape(-1, 1, 28, 28)


def _sizes(draw: np.random.Generator, shape: Sequence[Size]) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else int(draw.integers(size[0], size[1] + 1)) for size in shape)


def _tensor(values: Any, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values)).to(dtype)
