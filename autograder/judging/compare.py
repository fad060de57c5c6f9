"""How a received value differs from the expected one, in words that give neither away.

NaN equals NaN in the same place, infinities are equal by sign, and -0 equals 0. Floats may differ by
atol + rtol · |expected|; whole numbers, booleans and strings are compared exactly. All values are decoded ones, plain
Python and `Array`: nothing of a student's runs here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.answers.settings import EXCEPTIONS, Settings
from autograder.answers.values import Array

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_WORDS = {
    type(None): "None", bool: "a bool", int: "an int", float: "a float", str: "a string", list: "a list",
    tuple: "a tuple", dict: "a dict",
}  # fmt: skip
_TYPES = ("bool", "int", "float", "str", "list", "tuple", "dict", "set", "NoneType", "Size", "Tensor", "ndarray")
_LIBRARY_WORDS = {"torch": "a PyTorch tensor", "numpy": "a NumPy array", "numpy scalar": "a NumPy number"}


@dataclass(frozen=True)
class Difference:
    """`aspect` is "type", "dtype", "shape", "length", "keys", "values" or "accuracy"; `says` is a sentence for the
    student.

    `place` is where in a nested value it is, as Python writes it: "[0][2]".
    """

    aspect: str
    says: str
    place: str = ""

    def sentence(self, parts: tuple[str, ...] = ()) -> str:
        """`says`, and in which of the named `parts` of the result it is.

        A hidden test may have put together what it compares: its lists and numbers mean nothing to a student.
        """
        if not self.place:
            return self.says
        number = self.place[1 : self.place.index("]")]
        known = number.isdigit() and int(number) < len(parts)
        return f"In {parts[int(number)]}: {self.says}" if known else f"In one of several results: {self.says}"

    def inside(self, entry: str) -> Difference:
        return replace(self, place=f"[{entry}]{self.place}")


def difference(expected: Any, received: Any, settings: Settings) -> Difference | None:
    """The first difference, or None when `received` counts as `expected`."""
    if settings.kind == "number" and _is_number(expected):
        return _between_numbers(expected, received, settings)
    if type(expected) is float and _is_float(received):
        received = float(_as_number(received))  # no decoded integer is beyond the floats
    if isinstance(expected, Array) or isinstance(received, Array):
        return _between_arrays(expected, received, settings)
    if type(expected) is not type(received):
        return _wrong_type(expected, received)
    if type(expected) in (list, tuple):
        return _between_sequences(expected, received, settings)
    if type(expected) is dict:
        return _between_dicts(expected, received, settings)
    if type(expected) is float:
        return None if _close(np.float64(expected), np.float64(received), settings) else _wrong_values("The value")
    if expected == received:
        return None
    return _wrong_word(expected, received) if type(expected) is str else _wrong_values("The value")


def _between_numbers(expected: Any, received: Any, settings: Settings) -> Difference | None:
    if not _is_number(received):
        return Difference("type", f"A number is asked for; yours is {_words(received)}.")
    a, b = _as_number(expected), _as_number(received)
    if type(a) is int and type(b) is int:
        return None if a == b else _wrong_values("The number")
    close = _close(np.float64(a), np.float64(b), settings)  # no decoded integer is beyond the floats
    return None if close else _wrong_values("The number")


def _between_arrays(expected: Any, received: Any, settings: Settings) -> Difference | None:
    if not (isinstance(expected, Array) and isinstance(received, Array)):
        return _wrong_type(expected, received)
    relaxed = settings.kind == "array"
    if expected.library != received.library and not relaxed:
        return _wrong_type(expected, received)
    both_float = expected.dtype in _FLOATS and received.dtype in _FLOATS
    if expected.dtype != received.dtype and not (relaxed and both_float):
        return Difference("dtype", f"The dtype should be {expected.dtype}; yours is {received.dtype}.")
    if expected.data.ndim != received.data.ndim:
        return Difference(
            "shape", f"The result should have {_dimensions(expected)}; yours has {_dimensions(received)}."
        )
    if expected.data.shape != received.data.shape:
        return Difference("shape", "The number of dimensions is right, the sizes are not.")
    if expected.data.tobytes() == received.data.tobytes() and expected.dtype == received.dtype:
        equal = True
    elif both_float:
        equal = _close(expected.data.astype(np.float64), received.data.astype(np.float64), settings)
    else:
        equal = bool(np.array_equal(expected.data, received.data))
    return None if equal else _wrong_values("Type and shape are right, the values")


def _between_sequences(expected: Any, received: Any, settings: Settings) -> Difference | None:
    if len(expected) != len(received):
        return Difference("length", f"{_capital(_words(expected))} with another number of entries is asked for.")
    for number, (a, b) in enumerate(zip(expected, received, strict=True)):
        if found := difference(a, b, settings):
            return found.inside(str(number))
    return None


def _between_dicts(expected: Any, received: Any, settings: Settings) -> Difference | None:
    typed = {_typed(key): value for key, value in received.items()}
    if {_typed(key) for key in expected} != set(typed):
        return Difference("keys", "The dict should have other keys.")
    for key, value in expected.items():
        if found := difference(value, typed[_typed(key)], settings):
            return found.inside("…")
    return None


def _typed(key: Any) -> Any:
    """A key under which 1 and True are two."""
    return (tuple, tuple(map(_typed, key))) if type(key) is tuple else (type(key), key)


def _close(expected: Any, received: Any, settings: Settings) -> bool:
    with np.errstate(all="ignore"):
        near = np.abs(received - expected) <= settings.atol + settings.rtol * np.abs(expected)
        near &= np.isfinite(expected) & np.isfinite(received)
        return bool(np.all(near | (expected == received) | (np.isnan(expected) & np.isnan(received))))


def _is_number(value: Any) -> bool:
    if isinstance(value, Array):
        return value.data.ndim == 0 and value.dtype != "bool"
    return type(value) in (int, float)


def _is_float(value: Any) -> bool:
    """Whether it does for a Python float: np.float64, which `isinstance` takes for one, and a whole number.

    `0 if nothing is missing else share` shows no visible check that it is an int now and then.
    """
    return type(value) in (int, float) or (
        isinstance(value, Array) and (value.library, value.dtype) == ("numpy scalar", "float64")
    )


def _as_number(value: Any) -> int | float:
    return value.data.item() if isinstance(value, Array) else value


def _wrong_word(expected: str, received: str) -> Difference:
    """Two strings. Hidden tests note an exception, or a type, by its name."""
    if expected in EXCEPTIONS:
        came = f"yours ends with {received}" if received in EXCEPTIONS else "yours does not"
        return Difference("type", f"{expected} should be raised; {came}.")
    if received in EXCEPTIONS:
        return Difference("type", f"Your function ended with {received} where a result is asked for.")
    if expected in _TYPES:
        came = f"yours is {received}" if received in _TYPES else "yours is another"
        return Difference("type", f"The type should be {expected}; {came}.")
    return _wrong_values("The text")


def _wrong_type(expected: Any, received: Any) -> Difference:
    if type(expected) is str and expected in EXCEPTIONS:
        return Difference("type", f"{expected} should be raised; yours returned {_words(received)}.")
    if type(received) is str and received in EXCEPTIONS:
        return Difference("type", f"Your function ended with {received} where {_words(expected)} is asked for.")
    return Difference("type", f"{_capital(_words(expected))} is asked for; yours is {_words(received)}.")


def _wrong_values(what: str) -> Difference:
    return Difference("values", f"{what} {'differ' if what.endswith('values') else 'differs'} from what is asked for.")


def _words(value: Any) -> str:
    return _LIBRARY_WORDS[value.library] if isinstance(value, Array) else _WORDS[type(value)]


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _dimensions(value: Array) -> str:
    return f"{value.data.ndim} dimension{'s' * (value.data.ndim != 1)}"
