"""What the course takes from d2l 1.0.3, written out: base classes, three models, and how d2l loads and trains.

Only `benchmarks/gpu.py` uses it, on a machine that has torch and little else, and it says so beside its figures. What
costs time is done as d2l does it: four workers that turn one image after the other into a tensor, and a trainer that
reads each figure that a model reports, batch by batch. The images are PIL's, which matplotlib brings, as torchvision's
are; nothing is drawn.
"""

from __future__ import annotations

from d2l.base import (
    Classifier,
    DataModule,
    HyperParameters,
    Module,
    ProgressBoard,
    Trainer,
    add_to_class,
)
from d2l.data import FashionMNIST, SyntheticRegressionData
from d2l.models import SGD, LinearRegression, LinearRegressionScratch, SoftmaxRegression

__all__ = [
    "SGD",
    "Classifier",
    "DataModule",
    "FashionMNIST",
    "HyperParameters",
    "LinearRegression",
    "LinearRegressionScratch",
    "Module",
    "ProgressBoard",
    "SoftmaxRegression",
    "SyntheticRegressionData",
    "Trainer",
    "add_to_class",
]
