"""The settings under which questions are asked: those of a fresh Python, whatever a notebook has set.

A default dtype, a default device, errors instead of warnings: what a notebook sets for itself would change the inputs
that a question makes, and what the solution was never asked under. All functions here are those of the libraries as
they were when this was imported, before any student code.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import _tensor_str
from torch.overrides import _pop_mode, _push_mode
from torch.utils import _device

_dtype, _set_dtype, _grad, _set_grad = (
    torch.get_default_dtype, torch.set_default_dtype, torch.is_grad_enabled, torch.set_grad_enabled,
)  # fmt: skip
_inference, _inference_mode = torch.is_inference_mode_enabled, torch.inference_mode
_anomaly, _set_anomaly = torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly
_deterministic, _set_deterministic = torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms
_precision, _set_precision = torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
_autocast, _set_autocast = torch.is_autocast_enabled, torch.set_autocast_enabled
_set_print = torch.set_printoptions
_number_of_modes, _mode_at = torch._C._len_torch_function_stack, torch._C._get_function_stack_at
_errors, _set_errors, _array_print, _set_array_print = np.geterr, np.seterr, np.get_printoptions, np.set_printoptions
_no_hooks = torch._C.DisableTorchFunction  # a test's `with Watch(...)` is for what the student's function does

_ERRORS, _ARRAY_PRINT, _PRINT, _DEPTH = _errors(), _array_print(), vars(_tensor_str.PRINT_OPTS).copy(), 1000
_left: list[Any] = []  # guards that hold as long as they are kept


@dataclass(frozen=True)
class Tensors:
    """What a notebook has set for the tensors that its functions make."""

    dtype: torch.dtype = torch.float32
    grad: bool = True


def set_by_the_notebook() -> Tensors:
    """What holds now."""
    return Tensors(_dtype(), _grad() and not _inference())


def use(tensors: Tensors) -> None:
    """Make new tensors so."""
    with _no_hooks():
        _set_dtype(tensors.dtype)
        _set_grad(tensors.grad)


def restore() -> None:
    """Undo what an answer may have set; after each one, for where nothing is to be done it takes two microseconds."""
    if (
        _dtype() is not torch.float32
        or not _grad()
        or _inference()
        or _has_device()
        or _errors() != _ERRORS
        or (warnings.filters and warnings.filters[0][0] == "error")
    ):
        restore_all()


def restore_all() -> None:
    """Set all that a question could notice back to what it is in a fresh Python; once, before it begins.

    Python may recur as deep as the notebook asked for, if that is deeper.
    """
    with _no_hooks():
        if _has_device():
            _forget_devices()
        if _inference():
            _left.append(_inference_mode(mode=False))
            _left[-1].__enter__()
        if _dtype() is not torch.float32:
            _set_dtype(torch.float32)
        if not _grad():
            _set_grad(True)
        if _anomaly():
            _set_anomaly(False)
        if _deterministic():
            _set_deterministic(False)
        if _precision() != "highest":
            _set_precision("highest")
        if _autocast("cpu"):
            _set_autocast("cpu", False)
        if vars(_tensor_str.PRINT_OPTS) != _PRINT:
            _set_print(profile="default")
    if _errors() != _ERRORS:
        _set_errors(**_ERRORS)
    if _array_print() != _ARRAY_PRINT:
        _set_array_print(**_ARRAY_PRINT)
    if any(entry[0] == "error" for entry in warnings.filters):
        warnings.filters[:] = [entry for entry in warnings.filters if entry[0] != "error"]  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    if sys.getrecursionlimit() < _DEPTH:
        sys.setrecursionlimit(_DEPTH)
    if "pandas" in sys.modules:
        _restore_pandas(sys.modules["pandas"])


def _has_device() -> bool:
    """Whether there is a default device, or a `torch.device(…)` that was entered and never left."""
    return any(isinstance(_mode_at(place), _device.DeviceContext) for place in range(_number_of_modes()))


def _forget_devices() -> None:
    """`torch.set_default_device(None)`, which fails where there are two, one set and one entered."""
    modes = [_pop_mode() for _ in range(_number_of_modes())]
    for mode in reversed(modes):
        if not isinstance(mode, _device.DeviceContext):
            _push_mode(mode)
    torch._GLOBAL_DEVICE_CONTEXT.device_context = None
    _device.CURRENT_DEVICE = None


def _restore_pandas(pandas: Any) -> None:
    """Options that change results or raise. pandas takes a long time to say which ones differ, so we look ourselves."""
    try:
        config = pandas._config.config
        for group in ("mode", "future"):
            for name, value in list(config._global_config[group].items()):
                usual = config._registered_options[f"{group}.{name}"].defval
                if value is not usual and value != usual:
                    config._global_config[group][name] = usual
    except Exception:  # another version of pandas keeps them elsewhere
        return
