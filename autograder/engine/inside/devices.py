"""A GPU that is not here: notebooks that name one compute on the CPU.

`device="cuda"` in an answer cell worked where it was written. Only notebooks that name an accelerator without asking
whether there is one pay for this: from then on each call of PyTorch passes through one more function. `is_available()`
goes on telling the truth.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_KINDS = ("cuda", "mps", "xpu", "hpu", "hip")
_WORDS = (*_KINDS, "accelerator", ".to(", "device", "pin_memory")
_ASKED_FIRST = re.compile(
    r"""["'](?:cuda|mps|xpu)(?::\d+)?["']\)?\s+if\s+[\w.() ]{0,80}is_available\(\)"""
    r"""|["'](?:cuda|mps|xpu)(?::\d+)?["']\)?\s+if\s+torch\.cuda\.device_count\(\)"""
    r"""|torch\.(?:backends\.)?(?:cuda|mps|xpu|accelerator)\.(?:is_available|device_count|manual_seed|manual_seed_all)"""
)
_NAMED = re.compile(
    r"""["'](?:cuda|mps|xpu|hpu|hip)(?::\d+)?["']|["']torch\.cuda\.|\.(?:cuda|xpu|pin_memory)\("""
    r"""|\btorch\.(?:cuda|mps|xpu|accelerator)\b|\bfrom torch import [^\n]*\b(?:cuda|mps|xpu)\b"""
    r"""|\bfrom torch\.(?:cuda|mps|xpu)\b|\.to\(\s*\d|\bdevice\s*=\s*\d|\btorch\.device\(\s*\d"""
)
_NAME = "the CPU: there is no GPU here"
_shim: Any = None


def named_in(source: str) -> int | None:
    """The line, from 1, of the first accelerator that a cell names without asking for it first."""
    if not any(word in source for word in _WORDS):
        return None
    found = _NAMED.search(_ASKED_FIRST.sub(lambda asked: " " * len(asked[0]), source))
    return None if found is None else source.count("\n", 0, found.start()) + 1


def stand_in(torch: Any) -> bool:
    """From now on in this process, what is asked of an accelerator is done by the CPU.

    Returns:
        False where there is one, or where this is so already.
    """
    global _shim
    if torch is None or _shim is not None or torch.cuda.is_available():
        return False
    from torch.overrides import TorchFunctionMode

    class OnTheCPU(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            name = getattr(function, "__name__", "")
            if name in ("cuda", "xpu", "hpu", "pin_memory"):
                return args[0]
            if name in ("to", "type") and len(args) > 1:
                first = "cpu" if name == "to" and type(args[1]) is int else _on_cpu(torch, args[1])
                args = (args[0], first, *args[2:])
            if kwargs and kwargs.get("device") is not None:
                device = kwargs["device"]
                kwargs = {**kwargs, "device": "cpu" if type(device) is int else _on_cpu(torch, device)}
            if kwargs and kwargs.get("pin_memory"):
                kwargs = {**kwargs, "pin_memory": False}
            return function(*args, **(kwargs or {}))

    _patch(torch)
    _shim = OnTheCPU()
    _shim.__enter__()  # at the bottom, for good: what tests watch stays above it
    return True


def _on_cpu(torch: Any, device: Any) -> Any:
    """`device`, or the CPU in its place."""
    if isinstance(device, torch.device):
        return torch.device("cpu") if device.type in _KINDS else device
    if isinstance(device, str):
        if device.partition(":")[0] in _KINDS:
            return "cpu"
        return device.replace("torch.cuda.", "torch.")
    return device


def _patch(torch: Any) -> None:
    """What no function mode sees: constructors, contexts, modules as a whole, and the functions of `torch.cuda`."""
    from torch.utils import _device

    context, module = _device.DeviceContext, torch.nn.Module
    made, moved, parsed, load = context.__init__, module.to, torch.device, torch.load
    generator, tensor_type = torch.Generator, torch.set_default_tensor_type

    def moved_to(self: Any, *args: Any, **named: Any) -> Any:
        args = tuple("cpu" if type(each) is int else _on_cpu(torch, each) for each in args)
        if "device" in named:
            named["device"] = "cpu" if type(named["device"]) is int else _on_cpu(torch, named["device"])
        return moved(self, *args, **named)

    class Device(type):
        """torch.device(0) asks for the accelerator of that number."""

        def __call__(cls, *args: Any, **named: Any) -> Any:
            return parsed("cpu") if args and type(args[0]) is int else parsed(*args, **named)

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, parsed)

    class Generator(generator):  # type: ignore[misc, valid-type]
        def __new__(cls, device: Any = "cpu") -> Any:
            return super().__new__(cls, device=_on_cpu(torch, device))

    def loaded(*args: Any, map_location: Any = None, **named: Any) -> Any:
        if len(args) > 1:
            args, map_location = (args[0], *args[2:]), args[1]
        return load(*args, map_location=map_location if callable(map_location) else "cpu", **named)

    def typed(kind: Any) -> None:
        tensor_type(_on_cpu(torch, kind))

    setattr(context, "__init__", lambda self, device: made(self, _on_cpu(torch, device)))  # noqa: B010  (a method)
    module.to = moved_to
    module.cuda = module.xpu = lambda self, device=None: self
    torch.Generator, torch.load, torch.set_default_tensor_type = Generator, loaded, typed
    torch.device = Device("device", (), {"__doc__": parsed.__doc__})
    for kind in ("Float", "Double", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool"):
        setattr(torch.cuda, f"{kind}Tensor", getattr(torch, f"{kind}Tensor"))
    for name in ("cuda", "mps", "xpu", "accelerator"):
        _patch_module(getattr(torch, name, None))


def _patch_module(module: Any) -> None:
    """What such a module's functions say of a machine without a device, instead of raising."""
    for name, result in _SAID.items():
        if hasattr(module, name):
            setattr(module, name, _says(result))
    for name in _CONTEXTS:
        if hasattr(module, name):
            setattr(module, name, _Nothing)
    if hasattr(module, "Event"):
        module.Event = _Event
    if hasattr(module, "get_device_properties"):
        module.get_device_properties = _says(SimpleNamespace(name=_NAME, total_memory=0, major=0, minor=0))
    for name in ("range_push", "range_pop", "mark", "range"):
        if hasattr(getattr(module, "nvtx", None), name):
            setattr(module.nvtx, name, _Nothing)


_SAID: dict[str, Any] = {
    "synchronize": None, "empty_cache": None, "init": None, "ipc_collect": None, "set_device": None,
    "set_device_index": None, "set_device_idx": None, "set_stream": None, "reset_peak_memory_stats": None,
    "reset_max_memory_allocated": None, "reset_accumulated_memory_stats": None, "manual_seed": None,
    "manual_seed_all": None, "seed": None, "seed_all": None, "set_per_process_memory_fraction": None,
    "current_device": 0, "current_device_index": 0, "current_device_idx": 0, "memory_allocated": 0,
    "max_memory_allocated": 0, "memory_reserved": 0, "max_memory_reserved": 0, "current_allocated_memory": 0,
    "driver_allocated_memory": 0, "recommended_max_memory": 0, "utilization": 0, "mem_get_info": (0, 0),
    "get_device_name": _NAME, "memory_summary": "", "get_device_capability": (0, 0),
}  # fmt: skip

_CONTEXTS = (
    "Stream", "ExternalStream", "stream", "device", "device_of", "device_index", "current_stream", "default_stream",
)  # fmt: skip


def _says(result: Any) -> Callable[..., Any]:
    return lambda *_, **__: result


class _Nothing(contextlib.AbstractContextManager[Any]):
    """A stream of work on a device, or the choice of one: on the CPU all work is done at once."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        return None

    def synchronize(self) -> None:
        pass

    wait_stream = wait_event = record_event = lambda self, *_: None


class _Event(_Nothing):
    """A moment; the time between two is measured as the CPU spends it."""

    at = 0.0

    def record(self, *_: Any) -> None:
        self.at = time.perf_counter()

    def elapsed_time(self, later: _Event) -> float:
        """In milliseconds."""
        return 1000 * (later.at - self.at)

    def query(self) -> bool:
        return True

    def wait(self, *_: Any) -> None:
        pass
