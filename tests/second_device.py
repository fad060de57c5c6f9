"""A second device, on a machine that has none: its tensors lie in the CPU's memory, and say that they do not.

PyTorch's name of a device without memory, `meta`, is borrowed. Inside `second_device()` a tensor that is moved or made
there computes on the CPU, refuses to meet tensors of the CPU, as those of a GPU do, and each value that is read from
it is counted: on a GPU that is where a program waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
aten = torch.ops.aten
_MAY_MIX = {  # copies, and indices
    aten.copy_.default, aten._to_copy.default, aten.index.Tensor, aten.index_put.default, aten.index_put_.default,
    aten._index_put_impl_.default,
}  # fmt: skip
_READS = {aten._local_scalar_dense.default, aten.equal.default, aten.is_nonzero.default, aten.item.default}


class There(torch.Tensor):
    """A tensor of the second device."""

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> There:
        return torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            layout=held.layout, device=DEVICE, requires_grad=False,
        )  # fmt: skip

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    def __repr__(self) -> str:
        return f"There({self.held})"

    def __format__(self, how: str) -> str:
        counts["reads"] += 1
        return format(self.held, how)

    def tolist(self) -> Any:
        counts["reads"] += 1
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, operation: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return computed(operation, arguments, options or {})


def computed(operation: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """What an operation gives: on the second device when its tensors lie there, or it makes new ones there."""
    found = [leaf for leaf in tree_flatten((arguments, options))[0] if isinstance(leaf, torch.Tensor)]
    there = [tensor for tensor in found if isinstance(tensor, There)]
    asked = options.get("device")
    if there and operation not in _MAY_MIX and any(not isinstance(tensor, There) and tensor.dim() for tensor in found):
        raise RuntimeError("Expected all tensors to be on the same device, but found at least two devices")
    held_options = {**options, "device": torch.device("cpu")} if asked is not None else options
    result = operation(*tree_map(_held, arguments), **tree_map(_held, held_options))
    counts["operations"] += bool(there)
    if there and (operation in _READS or (operation is aten._to_copy.default and asked == torch.device("cpu"))
                  or (operation is aten.copy_.default and not isinstance(arguments[0], There))):  # fmt: skip
        counts["reads"] += 1
    stays = asked == DEVICE if asked is not None else bool(there)
    if operation is aten.copy_.default:
        return arguments[0]
    if not stays:
        return result
    name = operation._schema.name
    if name.endswith("_") and not name.endswith("__"):
        return arguments[0]
    return tree_map(lambda leaf: There(leaf) if isinstance(leaf, torch.Tensor) else leaf, result)


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, There) else leaf


counts: Counter[str] = Counter()


class _Everywhere(TorchDispatchMode):
    def __torch_dispatch__(self, operation: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return computed(operation, arguments, options or {})


@contextmanager
def second_device() -> Iterator[Counter[str]]:
    """While it lasts there is the second device; gives what was counted, `operations` on it and `reads` from it."""
    counts.clear()
    apply, infer = nn.Module._apply, LazyModuleMixin._infer_parameters
    swaps = torch.__future__.get_swap_module_params_on_conversion()

    def apply_to_known(self: Any, *given: Any, **options: Any) -> Any:
        waits = isinstance(self, LazyModuleMixin) and self.has_uninitialized_params()
        return self if waits else apply(self, *given, **options)

    def infer_and_move(self: Any, module: Any, given: Any, options: Any = None) -> None:
        """A lazy layer takes its shapes on the CPU, and follows its inputs then."""
        infer(self, module, tree_map(_held, given), options)
        if any(isinstance(one, There) for one in given):
            module.to(DEVICE)

    nn.Module._apply, LazyModuleMixin._infer_parameters = apply_to_known, infer_and_move
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        with _Everywhere():
            yield counts
    finally:
        nn.Module._apply, LazyModuleMixin._infer_parameters = apply, infer
        torch.__future__.set_swap_module_params_on_conversion(swaps)
