"""The numbers of wrong answers beside those that are asked for, as far as the two can be laid side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.answers.settings import Settings
from autograder.answers.values import Array

MOST_ENTRIES = 1 << 18  # of all answers together: beyond, nothing is tried
MOST_PAIRS = 512
TELLING = 3  # different numbers that a relation has to hold of: fewer may be so by chance
_MOST_GIVEN = 8  # arguments, and entries of each


@dataclass(frozen=True)
class Answered:
    """One answer that could be compared: what is asked for, what came, and how they are judged.

    `given` are the arguments of the call, where they were sent.
    """

    expected: Any
    received: Any
    settings: Settings
    is_right: bool
    given: Any = ()


@dataclass(frozen=True, eq=False)
class Pair:
    """An array or a number that is asked for, and what came in its place: of the same shape, both as float64.

    `answer` and `slot` say where it was: answers with one slot have their pair in the same place. `dtype` is what came;
    `given` are the arrays and numbers among the arguments, by where they stood.
    """

    expected: np.ndarray
    received: np.ndarray
    dtype: str
    rtol: float
    atol: float
    answer: int = 0
    slot: str = ""
    given: tuple[tuple[str, np.ndarray], ...] = ()

    @property
    def is_whole(self) -> bool:
        return "float" not in self.dtype

    @property
    def part(self) -> str:
        """The name that students know for it; "" where it has none."""
        return self.slot.partition("[")[0]

    def equals(self, other: Any) -> np.ndarray:
        """Where what came is `other`, within what the reference allows and the rounding of a step or two more."""
        with np.errstate(all="ignore"):
            other = np.asarray(other, dtype=np.float64)
            if self.is_whole:
                return np.asarray(self.received == other)
            finite = np.abs(other[np.isfinite(other)])
            rounding = (1e-13 if self.dtype == "float64" else 1e-6) * float(finite.max(initial=0.0))
            near = np.abs(self.received - other) <= max(self.atol, rounding) + 3 * self.rtol * np.abs(other)
            near &= np.isfinite(self.received) & np.isfinite(other)
            return np.asarray(near | (self.received == other) | (np.isnan(self.received) & np.isnan(other)))

    @property
    def right(self) -> np.ndarray:
        """Which entries are right."""
        with np.errstate(all="ignore"):
            e, r = self.expected, self.received
            if self.is_whole:
                return e == r
            near = (np.abs(r - e) <= self.atol + self.rtol * np.abs(e)) & np.isfinite(e) & np.isfinite(r)
            return near | (e == r) | (np.isnan(e) & np.isnan(r))

    def only(self, mask: np.ndarray) -> Pair:
        """Some of its entries, in a row."""
        return Pair(
            self.expected[mask],
            self.received[mask],
            self.dtype,
            self.rtol,
            self.atol,
            self.answer,
            self.slot,
        )


def pairs_of(answers: Sequence[Answered]) -> list[Pair]:
    """All numbers, right ones too, of answers in the shape that is asked for; none where there are too many."""
    found: list[Pair] = []
    entries = 0
    for number, answer in enumerate(answers):
        given = tuple(_arrays(answer.given, ""))
        for pair in _pairs(answer.expected, answer.received, answer.settings, number, "", given):
            entries += pair.expected.size
            if entries > MOST_ENTRIES or len(found) == MOST_PAIRS:
                return []
            found.append(pair)
    return found


Given = tuple[tuple[str, np.ndarray], ...]


def _arrays(value: Any, place: str) -> Iterator[tuple[str, np.ndarray]]:
    if type(value) in (list, tuple):
        for index, entry in enumerate(value[:_MOST_GIVEN]):
            yield from _arrays(entry, f"{place}[{index}]")
    elif type(value) is dict:
        for key, entry in list(value.items())[:_MOST_GIVEN]:
            yield from _arrays(entry, f"{place}[{key!r}]")
    elif (array := as_array(value)) is not None:
        yield place, array


def _pairs(expected: Any, received: Any, settings: Settings, answer: int, slot: str, given: Given) -> Iterator[Pair]:
    if _is_row(expected) and _is_row(received) and len(expected) == len(received) and not settings.parts:
        yield Pair(_as_row(expected), _as_row(received), "float64", settings.rtol, settings.atol, answer, slot, given)
    elif type(expected) in (list, tuple) and type(received) in (list, tuple) and len(expected) == len(received):
        for index, (a, b) in enumerate(zip(expected, received, strict=True)):
            # The entries of a list are many of a kind, those of a tuple are each their own.
            place = f"{slot}[{index if type(expected) is tuple else '…'}]"
            if not slot and type(expected) is tuple and len(settings.parts) == len(expected):
                place = settings.parts[index]
            yield from _pairs(a, b, settings, answer, place, given)
    elif type(expected) is dict and type(received) is dict:
        for key in (key for key in expected if key in received):
            yield from _pairs(expected[key], received[key], settings, answer, f"{slot}[{key!r}]", given)
    else:
        a, b = as_array(expected), as_array(received)
        if a is not None and b is not None and a.shape == b.shape:
            of_numbers = {float: "float64", bool: "bool"}
            dtype = received.dtype if isinstance(received, Array) else of_numbers.get(type(received), "int64")
            dtype = "float64" if "float" not in dtype and _is_float(expected) else dtype
            rtol, atol = settings.rtol, settings.atol
            yield Pair(a, b, dtype, rtol, atol, answer, slot, given)


def different_numbers(pairs: Sequence[Pair]) -> int:
    """How many finite numbers other than zero are asked for, up to `TELLING`; one that is not whole counts as two."""
    found: set[float] = set()
    for pair in pairs:
        values = pair.expected[np.isfinite(pair.expected) & (pair.expected != 0)]
        found.update(np.unique(values[:1000]).tolist())
        if len(found) >= TELLING:
            break
    return len(found) + sum(value != round(value) for value in found)


def as_array(value: Any) -> np.ndarray | None:
    """A number, tensor or array as float64; None for anything else."""
    if isinstance(value, Array):
        return value.data.astype(np.float64)
    if type(value) in (bool, int, float) and abs(value) < 2**1000:
        return np.asarray(float(value))
    return np.asarray(value) if type(value) is float else None


def _is_row(value: Any) -> bool:
    """Whether it is a list of Python's floats, and of whole numbers beside them: one result, not many."""
    return (
        type(value) is list
        and len(value) > 1
        and all(type(entry) in (int, float) and as_array(entry) is not None for entry in value)
        and any(type(entry) is float for entry in value)
    )


def _as_row(value: list[float]) -> np.ndarray:
    return np.asarray(value, dtype=np.float64)


def _is_float(value: Any) -> bool:
    return "float" in value.dtype if isinstance(value, Array) else type(value) is float
