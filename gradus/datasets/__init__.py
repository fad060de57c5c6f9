"""Data sets as files, tables and tensors. The `DataModule`s on top of them are in `gradus.data_modules`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradus.datasets.answers import answers_table
    from gradus.datasets.fashion_mnist import FASHION_MNIST_LABELS, fashion_mnist_tensors
    from gradus.datasets.fetch import cache_folder
    from gradus.datasets.small import (
        DIABETES_FEATURES,
        PENGUIN_FEATURES,
        PENGUIN_SPECIES,
        diabetes_tables,
        diabetes_tensors,
        digits_tensors,
        penguins_table,
        penguins_tensors,
    )
    from gradus.datasets.text import course_text

__all__ = [
    "DIABETES_FEATURES",
    "FASHION_MNIST_LABELS",
    "PENGUIN_FEATURES",
    "PENGUIN_SPECIES",
    "answers_table",
    "cache_folder",
    "course_text",
    "diabetes_tables",
    "diabetes_tensors",
    "digits_tensors",
    "fashion_mnist_tensors",
    "penguins_table",
    "penguins_tensors",
]

_ROOMS = dict.fromkeys(__all__, "gradus.datasets.small") | {
    "FASHION_MNIST_LABELS": "gradus.datasets.fashion_mnist",
    "fashion_mnist_tensors": "gradus.datasets.fashion_mnist",
    "answers_table": "gradus.datasets.answers",
    "cache_folder": "gradus.datasets.fetch",
    "course_text": "gradus.datasets.text",
}


def __getattr__(name: str) -> Any:  # who only asks where the files are does not wait for torch
    if name not in _ROOMS:
        raise AttributeError(f"module 'gradus.datasets' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)
