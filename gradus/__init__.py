"""Gradus: the thin library that the chapters and the students import.

`import gradus` is instant: nothing heavy is loaded until a name is used. `from gradus import d2l` gives the `d2l.torch`
module, with a cure for the pairs of torch and torchvision builds that otherwise stop at import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gradus.version import __version__

if TYPE_CHECKING:
    from gradus.data_modules import Diabetes, Digits, FashionMNIST, Penguins, SyntheticRegression
    from gradus.device import pick_device
    from gradus.figures import figure
    from gradus.history import History
    from gradus.torch_d2l import d2l
    from gradus.trainer import Trainer

__all__ = [
    "Diabetes",
    "Digits",
    "FashionMNIST",
    "History",
    "Penguins",
    "SyntheticRegression",
    "Trainer",
    "__version__",
    "d2l",
    "figure",
    "pick_device",
]

_ROOMS = {
    "Diabetes": "gradus.data_modules",
    "Digits": "gradus.data_modules",
    "FashionMNIST": "gradus.data_modules",
    "History": "gradus.history",
    "Penguins": "gradus.data_modules",
    "SyntheticRegression": "gradus.data_modules",
    "Trainer": "gradus.trainer",
    "d2l": "gradus.torch_d2l",
    "figure": "gradus.figures",
    "pick_device": "gradus.device",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'gradus' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
