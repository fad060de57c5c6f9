"""What can be seen in numbers alone: that rows sum to 1, that all are equal, that one is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.judging.wrong_values import Pair


def constant(axis: int | None) -> Callable[[np.ndarray], bool]:
    def is_so(values: np.ndarray) -> bool:
        if axis is None:
            return values.size > 1 and bool(np.ptp(values) == 0)
        if values.ndim < 2 or values.shape[axis] < 2:
            return False
        return values.ndim == 2 and bool(np.allclose(values, np.take(values, [0], axis), rtol=1e-12, atol=0))

    return is_so


def sums(axis: int, to: float) -> Callable[[Pair, np.ndarray], bool]:
    def is_so(pair: Pair, values: np.ndarray) -> bool:
        if values.ndim < 2 or values.shape[axis] < 2 or pair.is_whole or not np.isfinite(values).all():
            return False
        size = np.abs(values).max() if to == 0 else 1.0
        return bool(np.abs(values.sum(axis=axis) - to).max() <= 1e-4 * (size or 1.0)) and bool(values.any())

    return is_so


def rows_of_length_one(pair: Pair, values: np.ndarray) -> bool:
    return (
        values.ndim == 2
        and not pair.is_whole
        and bool(np.abs(np.linalg.norm(values, axis=1) - 1).max(initial=0) < 1e-4)
    )


def columns_of_spread_one(pair: Pair, values: np.ndarray) -> bool:
    fits = values.ndim == 2 and len(values) > 2 and not pair.is_whole
    return fits and bool(np.abs(values.std(axis=0) - 1).max(initial=0) < 1e-3)


def symmetric(pair: Pair, values: np.ndarray) -> bool:
    square = values.ndim == 2 and values.shape[0] == values.shape[1] > 1
    return square and bool(np.allclose(values, values.T, rtol=1e-5, atol=1e-9))


def has_nan(values: np.ndarray) -> bool:
    return bool(np.isnan(values).any())


def has_infinity(values: np.ndarray) -> bool:
    return bool(np.isinf(values).any())
