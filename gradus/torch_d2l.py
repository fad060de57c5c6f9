"""`d2l.torch`, imported so that it loads beside any build of torch.

A CPU build of torch beside a torchvision that was compiled for CUDA cannot load torchvision's binary operators, and
`import torchvision`, which d2l does first of all, then stops at `operator torchvision::nms does not exist`. The course
uses none of these operators. Declaring them, without a body, is enough for the import to go through; calling one still
raises, as it should.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch

_BOX_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: torch.library.Library | None = None  # the declarations last only as long as this object


def _binary_operators_load() -> bool:
    """Whether torchvision's compiled operators can be loaded into this torch."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return True  # nothing to cure: the import below says that torchvision is missing
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


if "torchvision" not in sys.modules and not _binary_operators_load():
    _declare_box_operators()

from d2l import torch as d2l  # noqa: E402  (the declarations must come before this import)

__all__ = ["d2l"]
