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
    if len(found) == len(expected) and all(want in (None, have) for have, want in zip(found, expected, strict=True)):
        return
    asked = (
        "(" + ", ".join("any" if n is None else str(n) for n in expected) + ("," if len(expected) == 1 else "") + ")"
    )
    raise AssertionError(f"{name} has the shape {found}; asked was {asked}.{_shape_hint(found, expected)}")


def dtype(value: Any, expected: torch.dtype, name: str = "your result") -> None:
    """`value` is a tensor of the dtype `expected`."""
    _is_tensor(value, name)
    if value.dtype != expected:
        raise AssertionError(f"{name} is {_dtype(value)}; asked was {_named(expected)}. `.to({expected})` converts.")


def device(value: Any, like: Tensor | nn.Module | torch.device | str, name: str = "your result") -> None:
    """`value` lives where `like` does: on a tensor's or a model's device, or on the one that is named."""
    _is_tensor(value, name)
    if isinstance(like, nn.Module):
        like = next(like.parameters())
    wanted = like.device if isinstance(like, Tensor) else torch.device(like)
    if value.device.type != wanted.type or (wanted.index is not None and value.device != wanted):
        raise AssertionError(
            f"{name} is on {value.device}; asked was {wanted}. Make new tensors where the inputs are: "
            "`torch.zeros(…, device=X.device)`."
        )


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
    raise AssertionError(
        f"{name} is not what was asked: {how_many} {float(got[place]):.6g}{where}, asked was {float(asked[place]):.6g}."
        + _value_hint(got, asked, rtol, atol)
    )


def equal(value: Any, expected: Any, name: str = "your result") -> None:
    """`value` is exactly `expected`: the same type, and the same content; for numbers, text, lists and int tensors."""
    if isinstance(expected, Tensor):
        shape(value, tuple(expected.shape), name)
        dtype(value, expected.dtype, name)
        return close(value, expected, rtol=0, atol=0, name=name)
    if type(value) is not type(expected):
        raise AssertionError(f"{name} is {_described(value)}; asked was {_described(expected)}.{_none_hint(value)}")
    if value != expected:
        raise AssertionError(f"{name} is {value!r:.200}; asked was {expected!r:.200}.")
    return None


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
    point = x.double().clone()
    result = f(point.clone().requires_grad_())
    _is_tensor(result, "f(x)")
    if result.numel() != 1:
        raise AssertionError(
            f"f(x) has the shape {tuple(result.shape)}; a gradient is asked of one number: sum or mean?"
        )
    if grad is None:
        leaf = point.clone().requires_grad_()
        (grad,) = torch.autograd.grad(f(leaf).reshape(()), leaf, allow_unused=True) if result.requires_grad else (None,)
        if grad is None:
            raise AssertionError(
                "no gradient arrives at x: somewhere the chain is cut (`.detach()`, `.item()`, `.numpy()`, "
                "`torch.no_grad()`, or a new `torch.tensor(…)` made from x)."
            )
    numerical = torch.empty_like(point)
    with torch.no_grad():
        for place in np.ndindex(*point.shape):
            step = 1e-6 * max(1.0, abs(float(point[place])))
            up, down = point.clone(), point.clone()
            up[place] += step
            down[place] -= step
            numerical[place] = float((f(up) - f(down)).reshape(())) / float(up[place] - down[place])
    scale = float(numerical.abs().max()) if numerical.numel() else 0.0
    close(grad, numerical, rtol=rtol, atol=max(rtol * scale, 1e-7), name=f"{name} (asked: by finite differences)")


def unchanged(f: Callable[..., Any], *arguments: Any, name: str = "your function") -> None:
    """`f(*arguments)` leaves its tensor arguments as they were."""
    before = [value.detach().clone() if isinstance(value, Tensor) else None for value in arguments]
    f(*arguments)
    for number, (was, now) in enumerate(zip(before, arguments, strict=True), start=1):
        if was is not None and not torch.equal(was, now):
            raise AssertionError(
                f"{name} changed its argument {number} in place. Work on a copy (`X = X.clone()`), or with `X = X + …` "
                "instead of `X += …`."
            )


def _is_tensor(value: Any, name: str) -> None:
    if not isinstance(value, Tensor):
        raise AssertionError(f"{name} is {_described(value)}; asked was a tensor.{_none_hint(value)}")


def _none_hint(value: Any) -> str:
    return " Did you forget `return`?" if value is None else ""


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a {_dtype(value)} tensor of shape {tuple(value.shape)}"
    return "None" if value is None else f"{value!r:.60} ({type(value).__name__})"


def _dtype(value: Tensor) -> str:
    return _named(value.dtype)


def _named(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


def _as_double(value: Any) -> Tensor:
    tensor = value.detach().cpu() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
    return tensor.double()


def _shape_hint(found: tuple[int, ...], expected: tuple[int | None, ...]) -> str:
    if len(found) == 2 and found[::-1] == expected:
        return " It is transposed: which axis is the examples'?"
    if len(found) > len(expected) and tuple(n for n in found if n != 1) == tuple(n for n in expected if n != 1):
        return " An axis of length one is left over: `.squeeze(…)`, or index it away."
    if len(found) < len(expected) and tuple(n for n in found if n != 1) == tuple(n for n in expected if n != 1):
        return " An axis of length one was lost: sum or mean with `keepdim=True` keeps it."
    if len(found) > len(expected):
        return " There are too many axes: was a sum or mean over one of them asked?"
    if len(found) < len(expected):
        return " There are too few axes: was one summed or averaged away?"
    return ""


def _value_hint(got: Tensor, asked: Tensor, rtol: float, atol: float) -> str:
    def explains(other: Tensor) -> bool:
        return bool(torch.allclose(got, other, rtol=max(rtol, 1e-5), atol=atol))

    if got.isnan().any() and not asked.isnan().any():
        return " NaN comes from 0/0, inf - inf or the logarithm of a negative number."
    if got.isinf().any() and not asked.isinf().any():
        return " Something overflowed, or was divided by zero."
    if explains(-asked):
        return " It is right but for its sign."
    large = asked.abs().max()
    if asked.numel() and large > 0:
        factor = float((got * asked).sum() / (asked * asked).sum())
        # One number is always some multiple of another; then only a whole factor, such as n for a sum, says anything.
        telling = asked.numel() > 1 or any(abs(f - round(f)) < 1e-4 and f > 1.5 for f in (factor, 1 / (factor or 1)))
        if telling and abs(factor) > 1e-3 and explains(factor * asked):
            return f" Every entry is {factor:.4g} times what was asked: a sum where a mean was asked, or a factor lost?"
    shift = float((got - asked).mean()) if asked.numel() > 1 else 0.0
    if shift and explains(asked + shift):
        return f" Every entry is off by the same {shift:.4g}."
    return ""
