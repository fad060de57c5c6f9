"""Fashion-MNIST as tensors: 55,000 images to train on, 5,000 to validate, 10,000 to test."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from gradus.datasets.catalog import FASHION_MNIST
from gradus.datasets.fetch import fetch

Split = Literal["train", "val", "test"]

FASHION_MNIST_LABELS = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

NUM_TRAIN = 55_000  # the first of the published 60,000; the last 5,000 are the validation set

_IDX_HEADER = {"images": 16, "labels": 8}  # bytes before the data begin
_ROWS = {"train": slice(0, NUM_TRAIN), "val": slice(NUM_TRAIN, None), "test": slice(None)}


def fashion_mnist_bytes(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """One split as it is stored.

    Returns:
        `images` (n, 1, 28, 28) uint8 and `labels` (n,) int64, on the CPU.

    Raises:
        GradusError: the data is not on this machine and cannot be fetched.
        ValueError: `split` is none of the three.
    """
    if split not in _ROWS:
        raise ValueError(f"split={split!r}: choose 'train', 'val' or 'test'")
    folder = fetch(FASHION_MNIST)
    stem = "t10k" if split == "test" else "train"
    images = _read_idx(folder / f"{stem}-images-idx3-ubyte", _IDX_HEADER["images"]).reshape(-1, 1, 28, 28)
    labels = _read_idx(folder / f"{stem}-labels-idx1-ubyte", _IDX_HEADER["labels"])
    rows = _ROWS[split]
    return torch.from_numpy(images[rows].copy()), torch.from_numpy(labels[rows].astype(np.int64))


def fashion_mnist_tensors(split: Split, device: torch.device | str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """One split, ready to compute with.

    Returns:
        `X` (n, 1, 28, 28) float32 with values in [0, 1], and `y` (n,) int64 with values 0..9, on `device`; n is 55,000
        for "train", 5,000 for "val" (the last of the published 60,000) and 10,000 for "test".

    Raises:
        GradusError: the data is not on this machine and cannot be fetched.
        ValueError: `split` is none of the three.
    """
    images, labels = fashion_mnist_bytes(split)
    return images.to(device).float().div_(255), labels.to(device)


def _read_idx(path: Path, header: int) -> np.ndarray:
    return np.fromfile(path, dtype=np.uint8, offset=header)
