"""Objects of a student's process to bytes, without calling what their classes override.

The methods of the base classes are kept here when this module is first imported, which the grader does before any
submission runs, and are called with PyTorch's hooks off: a subclass with its own `__float__`, `__iter__`,
`__array__`, `__reduce__` or `__torch_function__` is reduced to the data that it holds, or refused.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import torch

from autograder.answers.values import (
    DTYPES,
    LIBRARIES,
    LIMITS,
    MAX_DIMENSIONS,
    MAX_INT_BYTES,
    TAGS,
    ValueLimits,
    ValueRefused,
)

_TORCH_DTYPES = {getattr(torch, name): code for code, name in enumerate(DTYPES)}
_NUMPY_DTYPES = {np.dtype(name): code for code, name in enumerate(DTYPES) if name != "bfloat16"}
_NUMPY_SCALARS = {dtype.type for dtype in _NUMPY_DTYPES}
_BASES: tuple[tuple[type, str], ...] = (
    (torch.Tensor, "tensor"), (np.ndarray, "ndarray"), (str, "str"), (int, "int"), (float, "float"), (list, "list"),
    (tuple, "tuple"), (dict, "dict"),
)  # fmt: skip

_is_subclass = type.__subclasscheck__
_no_hooks = torch._C.DisableTorchFunction
_detach, _as_bits, _to_numpy = torch.Tensor.detach, torch.Tensor.view, torch.Tensor.numpy
_to_cpu, _without_sign_bit = torch.Tensor.cpu, torch.Tensor.resolve_neg
_complex_types = (complex, np.complexfloating)
_masked = np.ma.MaskedArray  # the first mention of np.ma imports it, which costs a forked process 30 ms


def encode(value: Any, limits: ValueLimits = LIMITS) -> bytes:
    """`value` as bytes. Subclasses are reduced to the plain data that they hold, with the base classes' methods.

    Raises:
        ValueRefused: it holds something that is no value, or too much.
    """
    return Writer(limits).written(value)


class Writer:
    """Writes one value within limits."""

    def __init__(self, limits: ValueLimits) -> None:
        self.limits = limits
        self.count = 0
        self.written_bytes = 0
        self.parts: list[bytes] = []

    def written(self, value: Any) -> bytes:
        """The bytes of `value`; `ValueRefused` when it is none."""
        try:
            self.value(value, 0)
        except ValueRefused:
            raise
        except Exception:  # a class whose base methods fail: a tensor without storage, a container that changes
            raise ValueRefused("unreadable") from None
        return b"".join(self.parts)

    def value(self, value: Any, depth: int) -> None:
        if depth > self.limits.depth:
            raise ValueRefused("deep")
        if value is None or value is False or value is True:
            self.tag("none" if value is None else "true" if value else "false")
            return
        self._write(value, _kind_of(type(value)), depth)

    def _write(self, value: Any, kind: str, depth: int) -> None:
        if kind == "int":
            self._integer(int.__index__(value))
        elif kind == "float":
            self.tag("float", struct.pack("<d", float.__float__(value)))
        elif kind == "str":
            self._string(str.__str__(value))
        elif kind in ("list", "tuple"):
            whole = slice(None)
            entries = list.__getitem__(value, whole) if kind == "list" else tuple.__getitem__(value, whole)
            self.container(kind, len(entries))
            for entry in entries:
                self.value(entry, depth + 1)
        elif kind == "dict":
            pairs = list(dict.items(value))
            self.container(kind, len(pairs), 2)
            for key, entry in pairs:
                self.value(_key_of(key), depth + 1)
                self.value(entry, depth + 1)
        elif kind == "tensor":
            self._tensor(value)
        else:
            self._array(value, "numpy" if kind == "ndarray" else "numpy scalar")

    def tag(self, name: str, content: bytes = b"") -> None:
        """One tag and what follows it; `ValueRefused` when that is more than the limit."""
        self.expect(1 + len(content))
        self.parts.append(bytes([TAGS[name]]) + content)
        self.written_bytes += 1 + len(content)

    def expect(self, size: int) -> None:
        """Refuse `size` more bytes that would exceed the limit, before anybody makes them."""
        if self.written_bytes + size > self.limits.bytes:
            raise ValueRefused("large")

    def container(self, name: str, entries: int, values_each: int = 1) -> None:
        """The head of a list, tuple or dict."""
        self.count += entries * values_each
        if self.count > self.limits.count:
            raise ValueRefused("many")
        self.tag(name, struct.pack("<Q", entries))

    def _integer(self, value: int) -> None:
        size = value.bit_length() // 8 + 1
        if size > MAX_INT_BYTES:
            raise ValueRefused("integer")
        self.tag("int", struct.pack("<Q", size) + value.to_bytes(size, "little", signed=True))

    def _string(self, value: str) -> None:
        self.expect(len(value))
        try:
            content = value.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueRefused("string") from None
        self.tag("str", struct.pack("<Q", len(content)) + content)

    def _tensor(self, value: torch.Tensor) -> None:
        with _no_hooks():
            plain = _detach(value)  # from here on nothing is recorded for gradients
            if plain.is_quantized:
                raise ValueRefused("quantized")
            if plain.layout is not torch.strided or plain.is_nested:
                raise ValueRefused("sparse")
            if plain.dtype.is_complex:
                raise ValueRefused("complex")
            if plain.dtype not in _TORCH_DTYPES:
                raise ValueRefused("dtype")
            if plain.device.type == "meta":
                raise ValueRefused("unreadable")
            self.expect(plain.numel() * plain.element_size())
            here = _without_sign_bit(_to_cpu(plain))
            if here.dtype is torch.bfloat16:  # which NumPy has not
                here = _as_bits(here, torch.int16)
            content = _to_numpy(here).tobytes()  # whatever its strides: torch has no view as bytes of every layout
            self._data("torch", _TORCH_DTYPES[plain.dtype], tuple(plain.shape), content)

    def _array(self, value: np.ndarray, library: str) -> None:
        if _is_subclass(_masked, type(value)):
            raise ValueRefused("masked")
        plain = np.asarray(value) if library == "numpy scalar" else np.ndarray.view(value, np.ndarray)
        if plain.dtype.kind == "c":
            raise ValueRefused("complex")
        native = plain.dtype.newbyteorder("=")
        if native not in _NUMPY_DTYPES:
            raise ValueRefused("dtype")
        self.expect(plain.size * plain.dtype.itemsize)
        content = plain.astype(native.newbyteorder("<"), copy=False).tobytes()
        self._data(library, _NUMPY_DTYPES[native], plain.shape, content)

    def _data(self, library: str, dtype: int, shape: tuple[int, ...], content: bytes) -> None:
        if len(shape) > MAX_DIMENSIONS:
            raise ValueRefused("dtype")
        head = bytes([LIBRARIES.index(library), dtype, len(shape)]) + struct.pack(f"<{len(shape)}Q", *shape)
        self.tag("array", head + content)


def _kind_of(cls: type) -> str:
    """What the writer takes an object of class `cls` for; the object itself is not asked."""
    for base, name in _BASES:
        if cls is base:
            return name
    for scalar in _NUMPY_SCALARS:  # before float, of which np.float64 is a subclass
        if cls is scalar:
            return "numpy scalar"
    for number in _complex_types:
        if _is_subclass(number, cls):
            raise ValueRefused("complex")
    for base, name in _BASES:  # np.str_ among them, which is a string to isinstance
        if _is_subclass(base, cls):
            return name
    raise ValueRefused("object")


def _key_of(key: Any) -> Any:
    """A key as Python's own types have it; pandas and NumPy hand out strings and integers of theirs."""
    cls = type(key)
    if key is None or cls in (bool, int, str):
        return key
    if _is_subclass(np.integer, cls) and cls in _NUMPY_SCALARS:
        return np.generic.item(key)
    if _is_subclass(str, cls):
        return str.__str__(key)
    if cls is tuple:
        return tuple(map(_key_of, key))
    raise ValueRefused("key")
