"""Visible checks: each compares what you returned with what was asked, and says in words how they differ.

A check that passes returns nothing; one that fails raises `AssertionError`, whose message is meant to be read. Values
are compared on the CPU, so `expected` may live on any device. `inputs` makes what a check feeds into your function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

Tensor = torch.Tensor


def inputs(
    *size: int, seed: int = 0, like: Tensor | nn.Module | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """Normally distributed numbers of shape `size`, on the student's device, the same for everybody.

    Args:
        seed: of these numbers; torch's global generator is neither used nor moved.
        like: the tensor or model whose device is meant; by default where `torch.zeros(1)` would be.
        dtype: by default float32, or that of `like`.
    """
    example = next(like.parameters(), None) if isinstance(like, nn.Module) else like
    example = torch.zeros(()) if example is None else example
    drawn = torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64, device="cpu")
    return drawn.to(dtype or (example.dtype if example.is_floating_point() else torch.float32)).to(example.device)


def shape(value: Any, expected: tuple[int | None, ...], name: str = "your result") -> None:
    """`value` is a tensor of shape `expected`, where `None` stands for any length.

    Raises:
        AssertionError: it is not; the message knows the usual reasons (transposed, an axis lost or left over).
    """
    _is_tensor(value, name)
    found = tuple(value.shape)
    same = len(found) == len(expected) and all(want in (None, have) for have, want in zip(found, expected, strict=True))
    asked = str(expected).replace("None", "any")
    _require(same, f"{name} has the shape {found}; asked was {asked}.{_shape_hint(found, expected)}")


def dtype(value: Any, expected: torch.dtype, name: str = "your result") -> None:
    """`value` is a tensor of the dtype `expected`."""
    _is_tensor(value, name)
    found, asked = (str(kind).removeprefix("torch.") for kind in (value.dtype, expected))
    _require(found == asked, f"{name} is {found}; asked was {asked}. `.to(torch.{asked})` converts.")


def device(value: Any, like: Tensor | nn.Module | torch.device | str, name: str = "your result") -> None:
    """`value` lives where `like` does: on a tensor's or a model's device, or on the one that is named."""
    _is_tensor(value, name)
    if isinstance(like, nn.Module):
        like = next(like.parameters())
    asked = like.device if isinstance(like, Tensor) else torch.device(like)
    same = value.device.type == asked.type and asked.index in (None, value.device.index)
    cure = "Make new tensors where the inputs are: `torch.zeros(…, device=X.device)`."
    _require(same, f"{name} is on {value.device}; asked was {asked}. {cure}")


def close(value: Any, expected: Any, rtol: float = 1e-5, atol: float = 1e-6, name: str = "your result") -> None:
    """`value` has the shape of `expected` and each entry is within `atol + rtol * |expected|` of it; dtypes may differ.

    Args:
        value: a tensor, or a number where a number is asked.
        expected: a tensor, an array, a list of numbers or a number.

    Raises:
        AssertionError: the message shows the entry that is furthest off, and names a plain reason when there is one
            (NaN, the sign, a constant factor, a constant added).
    """
    asked = _as_double(expected)
    if not isinstance(value, Tensor) and asked.dim() == 0 and isinstance(value, (int, float, np.number)):
        value = torch.tensor(float(value), dtype=torch.float64)
    shape(value, tuple(asked.shape), name)
    got = _as_double(value)
    wrong = ~torch.isclose(got, asked, rtol=rtol, atol=atol)
    if not wrong.any():
        return
    distance = torch.where(wrong, (got - asked).abs().nan_to_num(torch.inf, torch.inf), -1.0)
    place = tuple(int(i) for i in np.unravel_index(int(distance.argmax()), asked.shape))
    where = f" at {list(place)}" if place else ""
    how_many = f"{int(wrong.sum())} of {wrong.numel()} entries differ; the furthest is" if place else "it is"
    told = f"{how_many} {float(got[place]):.6g}{where}, asked was {float(asked[place]):.6g}."
    raise AssertionError(f"{name} is not what was asked: {told}{_value_hint(got, asked, rtol, atol)}")


def equal(value: Any, expected: Any, name: str = "your result") -> None:
    """`value` is exactly `expected`: the same type, and the same content; for numbers, text, lists and int tensors."""
    if isinstance(expected, Tensor):
        shape(value, tuple(expected.shape), name)
        dtype(value, expected.dtype, name)
        close(value, expected, rtol=0, atol=0, name=name)
        return
    same_type = type(value) is type(expected)
    _require(same_type, f"{name} is {_described(value)}; asked was {_described(expected)}.")
    _require(value == expected, f"{name} is {value!r:.200}; asked was {expected!r:.200}.")


def gradient(
    f: Callable[[Tensor], Tensor], x: Tensor, grad: Tensor | None = None, rtol: float = 1e-4, name: str = "the gradient"
) -> None:
    """The gradient of the scalar `f(x)` is what finite differences say.

    Every entry of `x` is moved by a small step h to both sides, in float64: (f(x + h) - f(x - h)) / 2h. It costs two
    calls of `f` per entry, so keep `x` small.

    Args:
        f: from a tensor shaped like `x` to a tensor with one entry; it has to cope with float64.
        x: where; not changed.
        grad: your gradient, shaped like `x`; without it, autograd's is checked, that is, your `f` and its backward.
        rtol: relative to the largest entry of the gradient.

    Raises:
        AssertionError: they differ, or `f` does not return one number, or no gradient arrives at `x`.
    """
    x = x.detach().cpu() if x.device.type == "mps" else x.detach()  # MPS has no float64
    leaf = x.double().clone().requires_grad_()
    result = f(leaf)
    _is_tensor(result, "f(x)")
    found = tuple(result.shape)
    _require(result.numel() == 1, f"f(x) has the shape {found}; a gradient is asked of one number: sum or mean?")
    if grad is None and result.requires_grad:
        (grad,) = torch.autograd.grad(result.reshape(()), leaf, allow_unused=True)
    cuts = "`.detach()`, `.item()`, `.numpy()`, `torch.no_grad()`, or a new `torch.tensor(…)` made from x"
    _require(grad is not None, f"no gradient arrives at x: somewhere the chain is cut ({cuts}).")
    point = leaf.detach().clone()
    numerical = torch.empty_like(point)
    with torch.no_grad():
        for place in np.ndindex(*point.shape):
            step = torch.zeros_like(point)
            step[place] = 1e-6 * max(1.0, abs(float(point[place])))
            numerical[place] = (f(point + step) - f(point - step)).reshape(()) / (2 * step[place])
    scale = float(numerical.abs().max()) if numerical.numel() else 0.0
    close(grad, numerical, rtol=rtol, atol=max(rtol * scale, 1e-7), name=f"{name} (asked: by finite differences)")


def unchanged(f: Callable[..., Any], *arguments: Any, name: str = "your function") -> None:
    """`f(*arguments)` leaves its tensor arguments as they were."""
    before = [value.detach().clone() if isinstance(value, Tensor) else None for value in arguments]
    f(*arguments)
    cure = "Work on a copy (`X = X.clone()`), or with `X = X + …` instead of `X += …`."
    for number, (was, now) in enumerate(zip(before, arguments, strict=True), start=1):
        _require(was is None or torch.equal(was, now), f"{name} changed its argument {number} in place. {cure}")


def keeps_dtype(
    f: Callable[..., Any],
    *arguments: Any,
    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float64),
    name: str | None = None,
) -> None:
    """Whatever the dtype of its inputs, `f` answers in the same.

    `f` is called once for each of `dtypes`, with those arguments that are tensors of the first one's dtype made tensors
    of that dtype. Every tensor in its result must have it, but for masks, and whole numbers beside floats.

    Raises:
        AssertionError: one has not; the message says what went in, what came out, and the cure.
    """
    called = name or str(getattr(f, "__name__", "your function"))
    first = next(value.dtype for value in arguments if isinstance(value, Tensor))
    for asked in dtypes:
        given = [
            value.to(asked) if isinstance(value, Tensor) and value.dtype == first else value for value in arguments
        ]
        for value in _tensors_in(f(*given), called):
            if value.is_floating_point() or not (asked.is_floating_point or value.dtype == torch.bool):
                went_in, came_out = (str(dtype).removeprefix("torch.") for dtype in (asked, value.dtype))
                cure = f"New tensors need `dtype={went_in}`, too: `dtype=X.dtype`, or `torch.zeros_like(X)`."
                _require(value.dtype == asked, f"{called} was given {went_in} and returned {came_out}. {cure}")


def _tensors_in(value: Any, name: str) -> list[Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [found for entry in value for found in _tensors_in(entry, name)]
    _require(not isinstance(value, np.ndarray), f"{name} returned a NumPy array; asked was a tensor.")
    return [value] if isinstance(value, Tensor) else []


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


def _is_tensor(value: Any, name: str) -> None:
    _require(isinstance(value, Tensor), f"{name} is {_described(value)}; asked was a tensor.")


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a {value.dtype} tensor of shape {tuple(value.shape)}"
    return "None (is there a `return`?)" if value is None else f"{value!r:.60} ({type(value).__name__})"


def _as_double(value: Any) -> Tensor:
    tensor = value.detach().cpu() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
    return tensor.double()


def _shape_hint(found: tuple[int, ...], expected: tuple[int | None, ...]) -> str:
    if len(found) == 2 and found[::-1] == expected:
        return " It is transposed: which axis is the examples'?"
    too_many = len(found) > len(expected)
    if len(found) == len(expected):
        return ""
    if [n for n in found if n != 1] == [n for n in expected if n != 1]:
        left = " An axis of length one is left over: `.squeeze(…)`, or index it away."
        return left if too_many else " An axis of length one was lost: sum or mean with `keepdim=True` keeps it."
    return f" There are too {'many' if too_many else 'few'} axes: over which was a sum or mean asked?"


def _value_hint(got: Tensor, asked: Tensor, rtol: float, atol: float) -> str:
    def explains(other: Tensor) -> bool:
        return bool(torch.allclose(got, other, rtol=max(rtol, 1e-5), atol=atol))

    if got.isnan().any() and not asked.isnan().any():
        return " NaN comes from 0/0, inf - inf or the logarithm of a negative number."
    if got.isinf().any() and not asked.isinf().any():
        return " Something overflowed, or was divided by zero."
    if explains(-asked):
        return " It is right but for its sign."
    if asked.any():
        factor = float((got * asked).sum() / (asked * asked).sum())
        # One number is always some multiple of another; then only a whole factor, such as n for a sum, says anything.
        telling = asked.numel() > 1 or any(abs(f - round(f)) < 1e-4 and f > 1.5 for f in (factor, 1 / (factor or 1)))
        if telling and abs(factor) > 1e-3 and explains(factor * asked):
            return f" Every entry is {factor:.4g} times what was asked: a sum where a mean was asked, or a factor lost?"
    shift = float((got - asked).mean()) if asked.numel() > 1 else 0.0
    if shift and explains(asked + shift):
        return f" Every entry is off by the same {shift:.4g}."
    return ""
