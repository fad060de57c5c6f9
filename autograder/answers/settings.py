"""How an answer is to be judged. It travels with each answer; the judge reads it from the reference's side only."""

from __future__ import annotations

import builtins
import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.answers.values import Array

KINDS = ("exact", "number", "array")
RETURNS = ("result", "arguments", "both")
OWN = ("parameters", "multiplications", "confusions")
"""What can be asked of a network that only the student has: the key is found in what the answer says of it."""
EXCEPTIONS = tuple(
    sorted(
        name
        for name, found in vars(builtins).items()
        if isinstance(found, type) and issubclass(found, BaseException) and found.__name__ == name
    )
)
"""Python's own exceptions: the only names of exceptions that leave a student's process."""


@dataclass(frozen=True)
class HeldOut:
    """Which images of a data set's test split the predictions are for."""

    data_set: str
    indices: np.ndarray  # (n,) int64
    at_least: float  # the accuracy that earns the mark, in [0, 1]


@dataclass(frozen=True)
class Settings:
    """What the reference says about one answer.

    `rtol` and `atol` bound the error of floats, |received − expected| <= atol + rtol · |expected|. `kind` relaxes the
    type: "number" takes any real number for any, "array" a tensor for an array and one float dtype for another.
    Answers of one `group` earn together or not at all, and so do those of one `edge`, which asks of what lies at the
    border of what may be given: whoever has only edges wrong has the rule right. `raises` names the exception that is
    asked for. `returns` says what was sent: the result, the arguments after the call, or both. `steps` counts the
    optimiser steps of the answer. `parts` are the names under which students know the entries of a tuple that is the
    result. `own` names what is asked of the student's own network, one of OWN: the answer is then a pair, what is told
    of that network and what the student says of it.
    """

    rtol: float = 1e-5
    atol: float = 1e-8
    kind: str = "exact"
    group: str | None = None
    edge: str | None = None
    raises: str | None = None
    returns: str = "result"
    held_out: HeldOut | None = None
    steps: int = 0
    parts: tuple[str, ...] = ()
    own: str | None = None

    def __post_init__(self) -> None:
        for name, tolerance in (("rtol", self.rtol), ("atol", self.atol)):
            if type(tolerance) not in (int, float) or not 0 <= tolerance < math.inf:
                raise ValueError(f"{name}={tolerance!r}: give a number from 0 up")
        if self.rtol >= 1:
            raise ValueError(f"rtol={self.rtol!r}: a relative error of 1 lets zeros pass; give less")
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r}: choose one of {', '.join(KINDS)}")
        if self.returns not in RETURNS:
            raise ValueError(f"returns={self.returns!r}: choose one of {', '.join(RETURNS)}")
        for what, its_name in (("group", self.group), ("edge", self.edge)):
            if not (its_name is None or (type(its_name) is str and its_name)):
                raise ValueError(f"{what}={its_name!r}: give a name")
        if self.group is not None and self.edge is not None:
            raise ValueError(f"group={self.group!r}, edge={self.edge!r}: give one of them")
        if type(self.parts) is not tuple or not all(type(part) is str and part for part in self.parts):
            raise ValueError(f"parts={self.parts!r}: give a tuple of names")
        if self.raises is not None and self.raises not in EXCEPTIONS:
            raise ValueError(f"raises={self.raises!r}: choose one of Python's own exceptions")
        if self.own is not None and self.own not in OWN:
            raise ValueError(f"own={self.own!r}: choose one of {', '.join(OWN)}")
        if self.held_out is not None and not 0 < self.held_out.at_least <= 1:
            raise ValueError(f"at_least={self.held_out.at_least!r}: give an accuracy above 0, at most 1")

    def after(self, steps: int) -> Settings:
        """The same, for an answer that took this many optimiser steps."""
        return replace(self, steps=steps)

    def encoded(self) -> bytes:
        """As bytes; `settings_from` reads them."""
        return _encoded_once(self) if self.held_out is None else self._encoded()

    def _encoded(self) -> bytes:
        from autograder.answers.encoding import encode  # imports torch, which the trusted process does without

        held_out = self.held_out
        fields = {name: getattr(self, name) for name in Settings.__dataclass_fields__ if name != "held_out"}
        fields["rtol"], fields["atol"] = float(self.rtol), float(self.atol)
        fields["held_out"] = held_out and (held_out.data_set, held_out.indices, float(held_out.at_least))
        return encode(fields)


@functools.lru_cache(maxsize=64)
def _encoded_once(settings: Settings) -> bytes:
    """Most answers of a question have the same settings."""
    return settings._encoded()


def settings_from(fields: Any) -> Settings:
    """The settings in a decoded value.

    Raises:
        ValueError: the value is not what `Settings.encoded` wrote.
    """
    if type(fields) is not dict or set(fields) != set(Settings.__dataclass_fields__):
        raise ValueError("these are no settings of an answer")
    held_out = fields.pop("held_out")
    if held_out is not None:
        data_set, indices, at_least = held_out
        if not isinstance(indices, Array) or indices.dtype != "int64" or indices.data.ndim != 1:
            raise ValueError("these are no held-out indices")
        held_out = HeldOut(data_set, indices.data, at_least)
    return Settings(**fields, held_out=held_out)
