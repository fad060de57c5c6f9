"""Right answers in the styles in which students give them: the same values, otherwise kept.

Each style changes what a function of the solution returns, wherever a value of that kind stands in it.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Change = Callable[[Any], Any]


class Same(Exception):  # noqa: N818
    """There is nothing in a value that a style would change."""


def _is_float(value: Any) -> bool:
    return type(value) is float


def _is_int(value: Any) -> bool:
    return type(value) is int


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _is_float_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _is_flat(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dim() == 0


def _has(dtype: str) -> Callable[[Any], bool]:
    """Whether a value is a tensor or array of a dtype."""
    return lambda value: isinstance(value, (torch.Tensor, np.ndarray)) and str(value.dtype).endswith(dtype)


def _cast(value: Any, dtype: str) -> Any:
    return value.to(getattr(torch, dtype)) if _is_tensor(value) else value.astype(dtype)


def _strided(X: torch.Tensor) -> torch.Tensor:
    """In memory, every third entry of something longer; one entry has a stride of 3, too."""
    if X.dim() == 0:
        return torch.stack([X, X])[1]
    wide = X.unsqueeze(-1).repeat_interleave(3, dim=-1).contiguous()
    return wide[..., 1]


def _backwards(X: torch.Tensor) -> torch.Tensor:
    """Laid out with its dimensions in reverse order."""
    if X.dim() < 2:
        return torch.stack([X, X], dim=-1)[..., 0]
    order = tuple(reversed(range(X.dim())))
    return X.permute(order).contiguous().permute(order)


def _with_a_graph(X: torch.Tensor) -> torch.Tensor:
    return X if X.requires_grad else X * torch.ones((), dtype=X.dtype, requires_grad=True)


class _Pair(tuple):
    """A kind of tuple, as `namedtuple` makes it."""

    __slots__ = ()


class _Float(float):
    """A float that can do more."""

    __slots__ = ()


class _Tensor(torch.Tensor):
    """A tensor that can do more."""


def _is_whole(value: Any) -> bool:
    return type(value) is float and value.is_integer()


def _expanded(X: torch.Tensor) -> torch.Tensor:
    """One of several that share their memory."""
    return X.unsqueeze(0).expand(3, *X.shape)[1]


def _read_only(X: np.ndarray) -> np.ndarray:
    X = X.copy()
    X.flags.writeable = False
    return X


def _as_default_dict(value: dict[Any, Any]) -> dict[Any, Any]:
    return collections.defaultdict(list, value)


STYLES: dict[str, tuple[Callable[[Any], bool], Change]] = {
    "np.float64 for a float": (_is_float, np.float64),
    "a tensor's item for a float": (_is_float, lambda x: torch.tensor(x, dtype=torch.float64).item()),
    "np.float32 for a float": (_is_float, np.float32),
    "a float that was in single precision": (_is_float, lambda x: float(np.float32(x))),
    "a tensor without dimensions for a float": (_is_float, lambda x: torch.tensor(x, dtype=torch.float64)),
    "an array without dimensions for a float": (_is_float, np.array),
    "an int for a whole float": (_is_whole, int),
    "a kind of float": (_is_float, _Float),
    "np.int64 for an int": (_is_int, np.int64),
    "a tensor without dimensions for an int": (_is_int, torch.tensor),
    "a float for an int": (_is_int, float),
    "np.bool_ for a bool": (lambda x: type(x) is bool, np.bool_),
    "a float for a tensor without dimensions": (lambda x: _is_flat(x) and _is_float_tensor(x), lambda x: x.item()),
    "an array for a tensor": (_is_tensor, lambda X: X.detach().numpy()),
    "a tensor for an array": (lambda x: type(x) is np.ndarray, torch.from_numpy),
    "every third entry of a longer tensor": (_is_tensor, _strided),
    "a tensor with its dimensions laid out backwards": (_is_tensor, _backwards),
    "a diagonal": (
        lambda x: _is_tensor(x) and x.dim() == 1 and len(x) > 0 and x.dtype is not torch.bool,
        lambda x: torch.diag(x).diagonal(),
    ),
    "a column of something wider": (
        lambda x: _is_tensor(x) and x.dim() == 1,
        lambda x: torch.stack([x, x], dim=1)[:, 0],
    ),
    "a tensor with a graph": (_is_float_tensor, _with_a_graph),
    "a detached tensor": (_is_tensor, lambda X: X.detach()),
    "a parameter": (_is_float_tensor, lambda X: torch.nn.Parameter(X.detach().clone())),
    "made in inference mode": (_is_tensor, torch.inference_mode()(torch.clone)),
    "a kind of tensor": (_is_tensor, lambda X: X.as_subclass(_Tensor)),
    "one of several that share their memory": (_is_tensor, _expanded),
    "the real part of something complex": (
        lambda x: _has("float32")(x) and _is_tensor(x),
        lambda X: torch.complex(X, torch.zeros_like(X)).conj().real,
    ),
    "rows one by one": (
        lambda x: _is_tensor(x) and x.dim() > 0 and len(x) > 0,
        lambda X: torch.stack(list(X)),
    ),
    "a read-only array": (lambda x: type(x) is np.ndarray, _read_only),
    "an array of another machine": (
        lambda x: type(x) is np.ndarray,
        lambda X: X.astype(X.dtype.newbyteorder(">")),
    ),
    "double precision": (_has("float32"), lambda X: _cast(X, "float64")),
    "single precision": (_has("float64"), lambda X: _cast(X, "float32")),
    "32-bit whole numbers": (_has("int64"), lambda X: _cast(X, "int32")),
    "floats for whole numbers": (_has("int64"), lambda X: _cast(X, "float32")),
    "floats for a mask": (_has("bool"), lambda X: _cast(X, "float32")),
    "whole numbers for a mask": (_has("bool"), lambda X: _cast(X, "int64")),
    "a mask for whole numbers": (_has("int64"), lambda X: _cast(X, "bool")),
    "one dimension for none": (_is_flat, lambda X: X.reshape(1)),
    "a column for a vector": (lambda x: _is_tensor(x) and x.dim() == 1, lambda X: X.reshape(-1, 1)),
    "a row for a vector": (lambda x: _is_tensor(x) and x.dim() == 1, lambda X: X.reshape(1, -1)),
    "a negated view": (_is_float_tensor, lambda X: torch._neg_view(-X)),
    "a reversed array": (
        lambda x: type(x) is np.ndarray and x.ndim > 0,
        lambda X: np.ascontiguousarray(X[::-1])[::-1],
    ),
    "an array in Fortran's order": (lambda x: type(x) is np.ndarray, lambda X: np.asfortranarray(X)),
    "a list for a tuple": (lambda x: type(x) is tuple, list),
    "a tuple for a list": (lambda x: type(x) is list, tuple),
    "a named tuple": (lambda x: type(x) is tuple, _Pair),
    "an ordered dict": (lambda x: type(x) is dict, collections.OrderedDict),
    "a dict with a default": (lambda x: type(x) is dict, _as_default_dict),
    "np.str_ for a string": (lambda x: type(x) is str, np.str_),
}


def changed(value: Any, style: str) -> Any:
    """`value` in a style, all through.

    Raises:
        Same: the style changes nothing in it.
    """
    applies, change = STYLES[style]
    found = False

    def inside(part: Any) -> Any:
        nonlocal found
        if type(part) in (list, tuple):
            part = type(part)(inside(entry) for entry in part)
        elif type(part) is dict:
            part = {key: inside(entry) for key, entry in part.items()}
        if applies(part):
            found = True
            return change(part)
        return part

    result = inside(value)
    if not found:
        raise Same
    return result


class Styled:
    """A function or class of the solution whose results come in a style. `times` counts those that it changed."""

    def __init__(self, style: str) -> None:
        self.style = style
        self.times = 0

    def result(self, result: Any) -> Any:
        """What one call gives, in this style."""
        try:
            found = changed(result, self.style)
        except Same:
            return result
        self.times += 1
        return found

    def of(self, right: Any) -> Any:
        """The same function, or class, in this style."""
        if not isinstance(right, type):
            return self._function(right)
        methods = {
            name: staticmethod(self._function(found.__func__))
            if isinstance(found, staticmethod)
            else self._function(found)
            for cls in reversed(right.__mro__[:-1])
            if cls.__module__ == right.__module__
            for name, found in vars(cls).items()
            if callable(found) and not name.startswith("__") and not isinstance(found, type)
        }
        return type(right.__name__, (right,), {**methods, "__module__": right.__module__})

    def _function(self, right: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(right)
        def styled(*given: Any, **named: Any) -> Any:
            return self.result(right(*given, **named))

        return styled


class Kept(Styled):
    """Leaves every result as it is, and keeps them all."""

    def __init__(self) -> None:
        super().__init__("")
        self.results: list[Any] = []

    def result(self, result: Any) -> Any:
        self.results.append(result)
        return result

    def styles(self) -> list[str]:
        """Those that would have changed a result. A test may forbid, while it runs, what finding that out takes."""
        return [style for style in STYLES if any(_changes(style, result) for result in self.results)]


def _changes(style: str, result: Any) -> bool:
    try:
        changed(result, style)
    except Same:
        return False
    return True
