"""`d2l.torch`, imported so that it loads beside any build of torch, and without what the course does not use.

d2l imports torchvision, SciPy and requests first of all, for a few functions that download and show data sets of its
own: half of the seconds that `import d2l` takes, and three packages that Colab's installation need not have. Here they
are imported when d2l's own code first uses them; one that is not installed says then what to install.

A CPU build of torch beside a torchvision that was compiled for CUDA cannot load torchvision's binary operators, and
`import torchvision` then stops at `operator torchvision::nms does not exist`. The course uses none of these operators.
Declaring them, without a body, is enough for the import to go through, whoever asks for it; calling one still raises,
as it should.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
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
_USED_LATER = {"torchvision": ("transforms",), "scipy.spatial": ("distance_matrix",), "requests": ()}
_USED_AT_ONCE = {"IPython": ("display",), "matplotlib_inline": ("backend_inline",)}  # by every picture


class _Later(ModuleType):
    """A module, or a name in one, that is imported when it is used; what is not installed says how to install it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":  # the import system and `inspect` ask for these
            raise AttributeError(name)
        return getattr(self._imported(), name)

    def __dir__(self) -> list[str]:
        return dir(self._imported())

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._imported()(*arguments, **options)

    def _imported(self) -> Any:
        package, _, below = self.__name__.partition(".")
        if _absent(package):
            wanted = package.replace("_", "-")
            raise ModuleNotFoundError(f"{wanted} is not installed; d2l needs it here: `pip install --no-deps {wanted}`")
        try:
            return importlib.import_module(self.__name__)
        except ModuleNotFoundError as error:
            if not below or error.name != self.__name__:
                raise
            module, _, name = self.__name__.rpartition(".")
            return getattr(importlib.import_module(module), name)


class _BoxOperators:
    """Declares torchvision's operators just before it is imported, where its own cannot be loaded."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "torchvision":
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            if not _binary_operators_load():
                _declare_box_operators()
        return None  # the finders after this one find it


def _binary_operators_load() -> bool:
    """Whether torchvision's compiled operators can be loaded into this torch."""
    found = PathFinder.find_spec("torchvision")
    if found is None or found.origin is None:
        return True  # nothing to cure
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


def _absent(package: str) -> bool:
    return package not in sys.modules and importlib.util.find_spec(package) is None


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let the import of d2l find stand-ins for what is used later or not installed; afterwards nobody else does."""
    wanted = {name: taken for name, taken in _USED_LATER.items() if name not in sys.modules}
    wanted |= {name: taken for name, taken in _USED_AT_ONCE.items() if _absent(name)}
    made = []
    for name, taken in wanted.items():
        for module in dict.fromkeys((name.partition(".")[0], name)):
            if module not in sys.modules:
                sys.modules[module] = _Later(module)
                made.append(module)
        for attribute in taken:
            setattr(sys.modules[name], attribute, _Later(f"{name}.{attribute}"))
    try:
        yield
    finally:
        for module in made:
            del sys.modules[module]


if "torchvision" not in sys.modules:
    sys.meta_path.insert(0, _BoxOperators())

with _stand_ins():
    from d2l import torch as d2l

__all__ = ["d2l"]
