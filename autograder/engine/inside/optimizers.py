"""torch without `torch._dynamo`, which the first optimizer of a process, and `torch.compile`, would import.

That import takes a second, and its 70 MB make every fork dearer. Its only use in an optimizer is to keep
`torch.compile` from tracing into it. What a notebook compiles gives the same numbers as it is, and calls a C++ compiler
for each new shape of its inputs: hidden tests have many.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any


def run_as_it_is() -> None:
    """Let `torch.compile` give back what it is given, whatever its options ask for."""
    import torch

    def compile(model: Any = None, **_: Any) -> Any:
        return (lambda function: function) if model is None else model

    torch.compile = compile
    torch.nn.Module.compile = lambda self, *_, **__: None  # type: ignore[method-assign]


def without_compiler() -> bool:
    """Take the detours over `torch._dynamo` out of torch's optimizers. No optimizer may have been made yet.

    Returns:
        Whether they looked as expected. When not (another version of torch), some may still import it.
    """
    import torch

    if "_dynamo" in vars(torch):
        return True
    kinds = set()
    for cls, name, function, right in _detours(torch):
        kind = function.__code__.co_name
        kinds.add(kind)
        if kind == "inner":  # `_disable_dynamo`: what it would find after its first call
            right.__dict__["__dynamo_disable"] = right
        elif kind == "_use_grad":
            setattr(cls, name, _with_grad_as_asked(torch, right))
    return kinds == {"inner", "_use_grad"}


def _detours(torch: Any) -> Iterator[tuple[type, str, Any, Any]]:
    """Class, name, method and what it wraps, for every method that imports `torch._dynamo` when it is called."""
    base = torch.optim.Optimizer
    for cls in {found for found in vars(torch.optim).values() if inspect.isclass(found) and issubclass(found, base)}:
        for name, function in list(vars(cls).items()):
            right = getattr(function, "__wrapped__", None)
            if inspect.isfunction(function) and right is not None and "_dynamo" in function.__code__.co_names:
                yield cls, name, function, right


def _with_grad_as_asked(torch: Any, step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def stepped(self: Any, *args: Any, **named: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return step(self, *args, **named)

    return stepped
