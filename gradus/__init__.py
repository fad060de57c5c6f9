"""Gradus: the thin library that the chapters and the students import.

`import gradus` is instant: nothing heavy is loaded until a name is used. `from gradus import d2l` gives the `d2l.torch`
module, with a cure for the pairs of torch and torchvision builds that otherwise stop at import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gradus.version import __version__

if TYPE_CHECKING:
    import gradus.check as check
    from gradus.board import ProgressBoard
    from gradus.data_modules import Diabetes, Digits, FashionMNIST, Penguins, SyntheticRegression
    from gradus.device import pick_device
    from gradus.figures import figure
    from gradus.hand_in.preflight import preflight
    from gradus.history import History
    from gradus.interactive import Frame, stepper
    from gradus.mistakes import goes_wrong
    from gradus.modules import Classifier, Module
    from gradus.networks import draw_graph, draw_network
    from gradus.seeds import seed_everything
    from gradus.stopping import EarlyStopping
    from gradus.torch_d2l import d2l
    from gradus.trainer import Trainer

__all__ = [
    "Classifier",
    "Diabetes",
    "Digits",
    "EarlyStopping",
    "FashionMNIST",
    "Frame",
    "History",
    "Module",
    "Penguins",
    "ProgressBoard",
    "SyntheticRegression",
    "Trainer",
    "__version__",
    "check",
    "d2l",
    "draw_graph",
    "draw_network",
    "figure",
    "goes_wrong",
    "pick_device",
    "preflight",
    "seed_everything",
    "stepper",
]

_ROOMS = {
    "Classifier": "gradus.modules",
    "Diabetes": "gradus.data_modules",
    "Digits": "gradus.data_modules",
    "EarlyStopping": "gradus.stopping",
    "FashionMNIST": "gradus.data_modules",
    "Frame": "gradus.interactive",
    "History": "gradus.history",
    "Module": "gradus.modules",
    "Penguins": "gradus.data_modules",
    "ProgressBoard": "gradus.board",
    "SyntheticRegression": "gradus.data_modules",
    "Trainer": "gradus.trainer",
    "d2l": "gradus.torch_d2l",
    "draw_graph": "gradus.networks",
    "draw_network": "gradus.networks",
    "figure": "gradus.figures",
    "goes_wrong": "gradus.mistakes",
    "pick_device": "gradus.device",
    "stepper": "gradus.interactive",
    "preflight": "gradus.hand_in.preflight",
    "seed_everything": "gradus.seeds",
}


def __getattr__(name: str) -> Any:
    if name == "check":  # a room itself: `check.shape(...)`
        return importlib.import_module("gradus.check")
    if name not in _ROOMS:
        raise AttributeError(f"module 'gradus' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
