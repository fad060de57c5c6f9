"""`d2l.torch`, imported so that it loads beside any build of torch, and without packages that the course does not use.

A CPU build of torch beside a torchvision that was compiled for CUDA cannot load torchvision's binary operators, and
`import torchvision`, which d2l does first of all, then stops at `operator torchvision::nms does not exist`. The course
uses none of these operators. Declaring them, without a body, is enough for the import to go through; calling one still
raises, as it should. Where torchvision or another of d2l's imports is not installed at all, a stand-in takes its place
in d2l alone, and says what to install when d2l's own code wants to use it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

_BOX_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: torch.library.Library | None = None  # the declarations last only as long as this object

# What d2l imports and torch, NumPy, pandas and matplotlib do not bring; with the names that it takes from each.
_IMPORTED_BY_D2L = {
    "torchvision": ("transforms",),
    "scipy.spatial": ("distance_matrix",),
    "requests": (),
    "IPython": ("display",),
    "matplotlib_inline": ("backend_inline",),
}


class _StandIn(ModuleType):
    """A module or function that is not there; using it says what to install."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for these
            raise AttributeError(name)
        return self()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        package = self.__name__.partition(".")[0].replace("_", "-")
        raise ModuleNotFoundError(f"{package} is not installed; d2l needs it here: `pip install --no-deps {package}`")


def _binary_operators_load() -> bool:
    """Whether torchvision's compiled operators can be loaded into this torch."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return True  # nothing to cure: it gets a stand-in
    binary = next(Path(found.origin).parent.glob("_C.*"), None)
    if binary is None:
        return False
    try:
        torch.ops.load_library(str(binary))
    except (OSError, RuntimeError):
        return False
    return True


def _declare_box_operators() -> None:
    global _declared
    _declared = torch.library.Library("torchvision", "DEF")
    for schema in _BOX_OPERATORS:
        _declared.define(schema)


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let the import of d2l find what is not installed; afterwards nobody else does."""
    made = []
    for name, taken in _IMPORTED_BY_D2L.items():
        package = name.partition(".")[0]
        if package in sys.modules or importlib.util.find_spec(package) is not None:
            continue
        for module in dict.fromkeys((package, name)):
            sys.modules[module] = _StandIn(module)
            made.append(module)
        for attribute in taken:
            setattr(sys.modules[name], attribute, _StandIn(f"{name}.{attribute}"))
    try:
        yield
    finally:
        for module in made:
            del sys.modules[module]


if "torchvision" not in sys.modules and not _binary_operators_load():
    _declare_box_operators()

with _stand_ins():
    from d2l import torch as d2l

__all__ = ["d2l"]
