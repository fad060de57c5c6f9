"""How many held-out images a submission got right, counted where the labels are: outside the sandbox."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograder.answers.settings import HeldOut
from autograder.answers.values import Array
from autograder.judging.compare import Difference

FASHION_MNIST = "fashion-mnist"
_LABELS_HEADER = 8  # bytes before the first label


@functools.cache
def labels_of(data_set: str) -> np.ndarray:
    """The labels of a data set's test split, (n,) int64.

    Raises:
        ValueError: no such data set.
        GradusError: its files are not on this machine.
    """
    if data_set != FASHION_MNIST:
        raise ValueError(f"{data_set!r}: {FASHION_MNIST!r} is the only data set with held-out labels")
    from gradus.datasets.catalog import FASHION_MNIST as CATALOGUED
    from gradus.datasets.fetch import fetch

    file = fetch(CATALOGUED) / "t10k-labels-idx1-ubyte"
    return np.fromfile(file, dtype=np.uint8, offset=_LABELS_HEADER).astype(np.int64)


def accuracy(predicted: Any, asked: HeldOut) -> float | None:
    """The share of right predictions, or None when `predicted` is not one whole number for each image."""
    whole = predicted.data if isinstance(predicted, Array) and "int" in predicted.dtype else None
    if type(predicted) in (list, tuple) and all(type(entry) is int and abs(entry) < 2**31 for entry in predicted):
        whole = np.array(predicted, dtype=np.int64)
    if whole is None or whole.shape != asked.indices.shape:
        return None
    return float(np.mean(whole == labels_of(asked.data_set)[asked.indices]))


def shortfall(predicted: Any, asked: HeldOut) -> Difference | None:
    """Why the predictions do not earn the mark, or None when they do."""
    share = accuracy(predicted, asked)
    if share is None:
        return Difference("type", "One whole number, its class, is asked for each image.")
    if share < asked.at_least:
        says = f"{share:.1%} of the unseen images are right; {asked.at_least:.0%} are asked for."
        return Difference("accuracy", says)
    return None
