"""Values as bytes and back: what an answer may hold, and nothing that could run.

A value is None, a bool, int, float or str, a tensor or array of a plain dtype, or a list, tuple or dict of values. Each
is written as a tag and its content, little-endian; there is no pickle, and nothing in the bytes names code. `encoding`
writes them, with torch at hand. `decode` is for hostile bytes in a trusted process: it uses NumPy only, and raises
nothing but `ValueRefused`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

REASONS = {
    "object": "an object that is no number, string, tensor, array, or list, tuple or dict of these",
    "complex": "a complex number",
    "sparse": "a tensor that is sparse or nested",
    "quantized": "a quantized tensor",
    "masked": "a masked array",
    "dtype": "a tensor or array with a dtype that cannot be compared",
    "unreadable": "a tensor or array whose data cannot be read",
    "deep": "a container nested too deeply, or one that contains itself",
    "many": "a container with too many entries",
    "large": "more data than an answer may hold",
    "integer": "an integer that is too large",
    "string": "a string that is not valid text",
    "key": "a dict with keys other than strings, integers, booleans, None and tuples of these",
    "malformed": "bytes that are no value",
}
"""Why a value is no answer, in words that follow "returned"."""

DTYPES = (
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
LIBRARIES = ("torch", "numpy", "numpy scalar")

TAGS = {"none": 0, "false": 1, "true": 2, "int": 3, "float": 4, "str": 5, "list": 6, "tuple": 7, "dict": 8, "array": 9}
MAX_INT_BYTES = 128
MAX_DIMENSIONS = 32
MAX_EXTENT = 2**40  # entries along one dimension, and the product of those that are not zero

_SIZE = struct.Struct("<Q")
_FLOAT = struct.Struct("<d")


class ValueRefused(Exception):  # noqa: N818
    """A value that cannot be an answer. `code` is a key of `REASONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"this cannot be an answer: {REASONS[code]}")
        self.code = code


@dataclass(frozen=True)
class ValueLimits:
    """How much one value may hold."""

    depth: int = 20  # containers within containers
    count: int = 100_000  # entries of containers, all together
    keys: int = 5_000  # of dicts, all together: whose hashes are equal, each is compared with all before it
    arrays: int = 20_000  # each takes as long as a hundred numbers
    bytes: int = 64 * 2**20


LIMITS = ValueLimits()


@dataclass(frozen=True, eq=False)
class Array:
    """A decoded tensor, array or NumPy number.

    `library` is one of LIBRARIES and `dtype` one of DTYPES; `data` has the shape, and that dtype in NumPy (bfloat16 as
    float32, which holds it exactly).
    """

    library: str
    dtype: str
    data: np.ndarray


def decode(data: bytes, limits: ValueLimits = LIMITS) -> Any:
    """The value in `data`: plain Python, and `Array` for tensors, arrays and NumPy numbers.

    Raises:
        ValueRefused: these are not the bytes of one value, or of one beyond the limits.
    """
    if len(data) > limits.bytes:
        raise ValueRefused("large")
    reader = _Reader(data, limits)
    value = reader.value(0)
    if reader.position != len(data):
        raise ValueRefused("malformed")
    return value


class _Reader:
    def __init__(self, data: bytes, limits: ValueLimits) -> None:
        self.data = memoryview(data)
        self.limits = limits
        self.position = 0
        self.count = self.keys = self.arrays = 0

    def value(self, depth: int) -> Any:
        if depth > self.limits.depth:
            raise ValueRefused("deep")
        tag = self.take(1)[0]
        if tag == TAGS["none"]:
            return None
        if tag in (TAGS["false"], TAGS["true"]):
            return tag == TAGS["true"]
        if tag == TAGS["int"]:
            size = self.size()
            if not 0 < size <= MAX_INT_BYTES:
                raise ValueRefused("integer")
            return int.from_bytes(self.take(size), "little", signed=True)
        if tag == TAGS["float"]:
            return _FLOAT.unpack(self.take(8))[0]
        if tag == TAGS["str"]:
            return self.string()
        if tag == TAGS["list"]:
            return [self.value(depth + 1) for _ in range(self.entries())]
        if tag == TAGS["tuple"]:
            return tuple([self.value(depth + 1) for _ in range(self.entries())])
        if tag == TAGS["dict"]:
            return self.dictionary(depth)
        if tag == TAGS["array"]:
            return self.array()
        raise ValueRefused("malformed")

    def take(self, size: int) -> memoryview:
        if size > len(self.data) - self.position:
            raise ValueRefused("malformed")
        self.position += size
        return self.data[self.position - size : self.position]

    def size(self) -> int:
        return _SIZE.unpack(self.take(_SIZE.size))[0]

    def entries(self, values_each: int = 1) -> int:
        number = self.size()
        self.count += number * values_each
        if self.count > self.limits.count:
            raise ValueRefused("many")
        if number * values_each > len(self.data) - self.position:  # each value takes a byte at least
            raise ValueRefused("malformed")
        return number

    def string(self) -> str:
        try:
            return str(self.take(self.size()), "utf-8")
        except UnicodeDecodeError:
            raise ValueRefused("string") from None

    def dictionary(self, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        entries = self.entries(2)
        self.keys += entries
        if self.keys > self.limits.keys:
            raise ValueRefused("many")
        for _ in range(entries):
            key = self.value(depth + 1)
            if not is_key(key):
                raise ValueRefused("key")
            if key in found:
                raise ValueRefused("malformed")
            found[key] = self.value(depth + 1)
        return found

    def array(self) -> Array:
        self.arrays += 1
        if self.arrays > self.limits.arrays:
            raise ValueRefused("many")
        library, dtype, dimensions = self.take(3)
        if library >= len(LIBRARIES) or dtype >= len(DTYPES) or dimensions > MAX_DIMENSIONS:
            raise ValueRefused("malformed")
        shape = tuple(self.size() for _ in range(dimensions))
        entries, extent = 1, 1
        for size in shape:
            entries *= size
            extent *= size or 1
            if max(size, extent) > MAX_EXTENT:
                raise ValueRefused("large")
        name = DTYPES[dtype]
        no_such_numpy = LIBRARIES[library] != "torch" and name == "bfloat16"
        if no_such_numpy or (LIBRARIES[library] == "numpy scalar" and shape):
            raise ValueRefused("malformed")
        stored = {"bool": "uint8", "bfloat16": "uint16"}.get(name, name)
        raw = np.frombuffer(self.take(entries * np.dtype(stored).itemsize), dtype=np.dtype(stored).newbyteorder("<"))
        if name == "bool":
            raw = raw != 0
        elif name == "bfloat16":  # the upper half of a float32
            raw = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return Array(LIBRARIES[library], name, raw.reshape(shape))


def is_key(key: Any) -> bool:
    """Whether a decoded value may be the key of a dict."""
    return key is None or type(key) in (bool, int, str) or (type(key) is tuple and all(is_key(entry) for entry in key))
