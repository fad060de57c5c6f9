"""Visible checks pass what is right, and say of what is wrong how it differs from what was asked."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gradus import check

X = torch.arange(6.0).reshape(2, 3) + 1
RIGHT = [
    lambda: check.shape(X, (2, 3)),
    lambda: check.shape(X, (None, 3)),
    lambda: check.shape(torch.zeros(()), ()),
    lambda: check.dtype(X, torch.float32),
    lambda: check.device(X, X),
    lambda: check.device(X, nn.Linear(2, 2)),
    lambda: check.device(X, "cpu"),
    lambda: check.close(X + 1e-7, X),
    lambda: check.close(X.double(), X.numpy()),
    lambda: check.close(3, 3.0),
    lambda: check.close(torch.tensor([float("inf")]), [float("inf")]),
    lambda: check.close(torch.zeros(0, 3), torch.zeros(0, 3)),
    lambda: check.equal([1, "a"], [1, "a"]),
    lambda: check.equal(torch.tensor([1, 2]), torch.tensor([1, 2])),
    lambda: check.gradient(lambda x: (x**3).sum(), X),
    lambda: check.gradient(lambda x: (x**3).sum(), X, grad=3 * X**2),
    lambda: check.gradient(lambda x: torch.ones(()) * 2, X, grad=torch.zeros(2, 3)),
    lambda: check.unchanged(lambda a, n: a + n, X, 2),
    lambda: check.keeps_dtype(lambda a, n: a * n, X, 2),
    lambda: check.keeps_dtype(lambda a, b: (a @ b, a > 0), X, X.T),
    lambda: check.keeps_dtype(lambda a, at: a[at], X, torch.tensor([0])),
    lambda: check.keeps_dtype(lambda a: a.flip(0), X, dtypes=(torch.float64, torch.int64)),
]


@pytest.mark.parametrize("passes", RIGHT)
def test_what_is_right_passes(passes) -> None:
    assert passes() is None


def _in_place(A: torch.Tensor) -> torch.Tensor:
    A += 1
    return A


WRONG = {
    "shape": (lambda: check.shape(X, (2, 4)), "your result has the shape (2, 3); asked was (2, 4)."),
    "transposed": (lambda: check.shape(X.T, (2, 3)), "It is transposed"),
    "axis lost": (lambda: check.shape(X.sum(1), (2, 1)), "An axis of length one was lost: sum or mean with `keepdim="),
    "axis left": (lambda: check.shape(X[:, :1], (2,), "`mean(X)`"), "`mean(X)` has the shape (2, 1); asked was (2,)."),
    "not summed": (lambda: check.shape(X, (2,)), "too many axes"),
    "summed away": (lambda: check.shape(X.sum(), (2, 3)), "too few axes"),
    "none": (lambda: check.shape(None, (2,)), "your result is None (is there a `return`?); asked was a tensor."),
    "list": (lambda: check.close([1.0], torch.ones(1)), "your result is [1.0] (list); asked was a tensor."),
    "dtype": (lambda: check.dtype(X.double(), torch.float32), "your result is float64; asked was float32."),
    "device": (lambda: check.device(X, "meta"), "on cpu; asked was meta"),
    "entry": (lambda: check.close(X, X + torch.eye(2, 3)), "2 of 6 entries differ; the furthest is 1 at [0, 0]"),
    "number": (lambda: check.close(1.0, 3.5), "it is 1, asked was 3.5."),
    "nan": (lambda: check.close(X * float("nan"), X), "NaN comes from"),
    "infinite": (lambda: check.close(X / 0, X), "Something overflowed"),
    "sign": (lambda: check.close(-X, X), "right but for its sign"),
    "factor": (lambda: check.close(2 * X, X), "2 times what was asked"),
    "sum for mean": (lambda: check.close(X.sum(), X.mean()), "6 times what was asked: a sum"),
    "shift": (lambda: check.close(X + 0.5, X), "off by the same 0.5"),
    "type": (lambda: check.equal(1.0, 1), "your result is 1.0 (float); asked was 1 (int)."),
    "text": (lambda: check.equal("cat", "dog"), "your result is 'cat'; asked was 'dog'."),
    "labels": (lambda: check.equal(torch.tensor([1, 2]), torch.tensor([1, 3])), "1 of 2 entries differ"),
    "label type": (lambda: check.equal(X, X.long()), "your result is float32; asked was int64."),
    "gradient": (lambda: check.gradient(lambda x: (x**2).sum(), X, grad=X), "by finite differences) is not what"),
    "half gradient": (lambda: check.gradient(lambda x: (x**2).sum(), X, grad=X), "0.5 times what was asked"),
    "chain cut": (lambda: check.gradient(lambda x: x.detach().sum(), X), "no gradient arrives at x"),
    "not a number": (lambda: check.gradient(lambda x: x * 2, X), "(2, 3); a gradient is asked of one number"),
    "dtype lost": (
        lambda: check.keeps_dtype(lambda a: torch.zeros(2), X, name="`f`"),
        "`f` was given float64 and returned float32. New tensors need `dtype=float64`, too",
    ),
    "dtype of one": (
        lambda: check.keeps_dtype(lambda a: (a, a.double()), X, name="`f`"),
        "`f` was given float32 and returned float64",
    ),
    "whole numbers lost": (
        lambda: check.keeps_dtype(lambda a: a.float(), X.long(), dtypes=(torch.int64,)),
        "was given int64 and returned float32",
    ),
    "in place": (lambda: check.unchanged(_in_place, X.clone(), name="`f`"), "`f` changed its argument 1 in place"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_explained(name: str) -> None:
    fails, message = WRONG[name]
    with pytest.raises(AssertionError) as raised:
        fails()
    assert message in str(raised.value)


def test_a_backward_that_is_wrong_is_found() -> None:
    class WrongSquare(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    with pytest.raises(AssertionError, match=r"0\.5 times"):
        check.gradient(lambda x: WrongSquare.apply(x).sum(), X)


def test_inputs_are_the_same_for_everybody_and_leave_the_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    drawn = check.inputs(4, 2, seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(drawn, check.inputs(4, 2, seed=1))
    assert not torch.equal(drawn, check.inputs(4, 2, seed=2))
    assert (drawn.shape, drawn.dtype, drawn.device.type) == ((4, 2), torch.float32, "cpu")


def test_inputs_are_made_on_the_students_device() -> None:
    assert check.inputs(2, like=torch.zeros(1, device="meta", dtype=torch.float64)).device.type == "meta"
    assert check.inputs(2, like=torch.zeros(1, device="meta", dtype=torch.float64)).dtype == torch.float64
    assert check.inputs(2, like=nn.Linear(2, 2, device="meta")).device.type == "meta"
    with torch.device("meta"):
        assert check.inputs(2).device.type == "meta"
