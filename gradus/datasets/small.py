"""Three small data sets that lie in the package, as tables and as tensors; `files/SOURCES.md` says whose they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gradus.datasets.fashion_mnist import Split

PENGUIN_SPECIES = ("Adelie", "Chinstrap", "Gentoo")
PENGUIN_FEATURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
DIABETES_FEATURES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")

_FILES = Path(__file__).parent / "files"
_SHARES = {"train": (0.0, 0.6), "val": (0.6, 0.8), "test": (0.8, 1.0)}
_SHUFFLE_SEED = 0  # the rows are in order of island or of writer: they are dealt out once, the same way for everybody

Tensors = tuple[torch.Tensor, torch.Tensor]


def penguins_table() -> pd.DataFrame:
    """The penguins as they were measured: 344 rows, 19 values missing.

    Returns:
        Columns species, island and sex (text), bill_length_mm, bill_depth_mm, flipper_length_mm and body_mass_g (float,
        in the units that the names say), and year (int). Two birds lack all four measurements, eleven the sex.
    """
    return pd.read_csv(_FILES / "penguins.csv")


def diabetes_tables() -> tuple[pd.DataFrame, pd.Series]:
    """442 patients in their own units: `X` (442, 10) and the progress of the disease a year later, `y` (442,).

    The columns of `X` are `DIABETES_FEATURES`; nothing is scaled and nothing is missing. `y` runs from 25 to 346.
    """
    table = pd.read_csv(_FILES / "diabetes.csv")
    return table[list(DIABETES_FEATURES)].astype(float), table["progression"].astype(float)


def penguins_tensors(split: Split, device: torch.device | str = "cpu") -> Tensors:
    """The four measurements of the 342 penguins that have them, and the species.

    Returns:
        `X` (n, 4) float32, each column standardised with mean and standard deviation of the training split, and `y`
        (n,) int64, an index into `PENGUIN_SPECIES`; n is 205 for "train", 68 for "val" and 69 for "test".

    Raises:
        ValueError: `split` is none of the three.
    """
    X, y = _penguins()
    return _on(device, _standardised(X)[(rows := _rows(len(X), split))], y[rows])


def diabetes_tensors(split: Split, device: torch.device | str = "cpu") -> Tensors:
    """The patients, standardised.

    Returns:
        `X` (n, 10) float32, each column standardised with mean and standard deviation of the training split, and `y`
        (n, 1) float32 in its own units; n is 265 for "train", 88 for "val" and 89 for "test".

    Raises:
        ValueError: `split` is none of the three.
    """
    table, progression = diabetes_tables()
    X, y = table.to_numpy(), progression.to_numpy(np.float32)[:, None]
    return _on(device, _standardised(X)[(rows := _rows(len(X), split))], y[rows])


def digits_tensors(split: Split, device: torch.device | str = "cpu") -> Tensors:
    """1797 handwritten digits.

    Returns:
        `X` (n, 1, 8, 8) float32 with values in [0, 1], and `y` (n,) int64 with values 0 to 9; n is 1078 for "train",
        359 for "val" and 360 for "test". Writers are not known, so that one may be in all three.

    Raises:
        ValueError: `split` is none of the three.
    """
    images, labels = _digits()
    rows = _rows(len(images), split)
    return _on(device, images[rows], labels[rows])


@cache
def _penguins() -> tuple[np.ndarray, np.ndarray]:
    table = penguins_table().dropna(subset=list(PENGUIN_FEATURES))
    species = table["species"].map(PENGUIN_SPECIES.index)
    return table[list(PENGUIN_FEATURES)].to_numpy(float), species.to_numpy(np.int64)


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    rows = np.loadtxt(_FILES / "digits.csv.gz", delimiter=",", dtype=np.int64)
    return (rows[:, :-1] / 16).astype(np.float32).reshape(-1, 1, 8, 8), rows[:, -1]


def _rows(num_rows: int, split: Split) -> np.ndarray:
    """The rows of a split, out of `num_rows`, in the order that was drawn for everybody."""
    if split not in _SHARES:
        raise ValueError(f"split={split!r}: choose 'train', 'val' or 'test'")
    first, last = (int(share * num_rows) for share in _SHARES[split])
    return np.random.RandomState(_SHUFFLE_SEED).permutation(num_rows)[first:last]


def _standardised(X: np.ndarray) -> np.ndarray:
    """Each column minus the training split's mean, over the training split's standard deviation, as float32."""
    train = X[_rows(len(X), "train")]
    return ((X - train.mean(axis=0)) / train.std(axis=0)).astype(np.float32)


def _on(device: torch.device | str, *arrays: np.ndarray) -> Tensors:
    X, y = (torch.tensor(array, device=device) for array in arrays)
    return X, y
