"""Fashion-MNIST as tensors: 55,000 images to train on, 5,000 to validate, 10,000 to test."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from gradus.datasets.catalog import FASHION_MNIST
from gradus.datasets.fetch import data_folder, fetch, missing_files

Split = Literal["train", "val", "test"]

FASHION_MNIST_LABELS = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

NUM_TRAIN = 55_000  # the first of the published 60,000; the last 5,000 are the validation set

_SPLITS = {"train": ("train", 0, NUM_TRAIN), "val": ("train", NUM_TRAIN, 60_000), "test": ("t10k", 0, 10_000)}
_PARTS = {"images": (16, 28 * 28), "labels": (8, 1)}  # bytes before the data begin, and bytes of each entry


def fashion_mnist_bytes(split: Split, count: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """One split as it is stored, or its first `count` images.

    Returns:
        `images` (n, 1, 28, 28) uint8 and `labels` (n,) int64, on the CPU.

    Raises:
        GradusError: the data is not on this machine and cannot be fetched.
        ValueError: `split` is none of the three, or `count` is not from 1 to its size.
    """
    if split not in _SPLITS:
        raise ValueError(f"split={split!r}: choose 'train', 'val' or 'test'")
    stem, first, last = _SPLITS[split]
    if count is not None and not (hasattr(count, "__index__") and 1 <= count <= last - first):
        raise ValueError(f"count={count!r}: give a whole number; {split!r} has {last - first:,} images")
    if any(file.name.startswith(stem) for file in missing_files(FASHION_MNIST)):
        fetch(FASHION_MNIST)
    rows = (first, last - first if count is None else count)
    images, labels = _read(stem, "images", *rows), _read(stem, "labels", *rows)
    return torch.from_numpy(images).reshape(-1, 1, 28, 28), torch.from_numpy(labels.astype(np.int64))


def fashion_mnist_tensors(
    split: Split, device: torch.device | str = "cpu", count: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """One split, or its first `count` images, ready to compute with.

    Returns:
        `X` (n, 1, 28, 28) float32 with values in [0, 1], and `y` (n,) int64 with values 0..9, on `device`; without
        `count`, n is 55,000 for "train", 5,000 for "val" (the last of the published 60,000) and 10,000 for "test".

    Raises:
        GradusError: the data is not on this machine and cannot be fetched.
        ValueError: `split` is none of the three, or `count` is not from 1 to its size.
    """
    images, labels = fashion_mnist_bytes(split, count)
    return images.to(device).float().div_(255), labels.to(device)


def _read(stem: str, part: str, first: int, count: int) -> np.ndarray:
    header, width = _PARTS[part]
    path = data_folder(FASHION_MNIST) / f"{stem}-{part}-idx{3 if part == 'images' else 1}-ubyte"
    return np.fromfile(path, dtype=np.uint8, offset=header + first * width, count=count * width)
