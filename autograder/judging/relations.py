"""How all wrong numbers of a question come from the right ones: what a mistake does, in a clause that shows no value.

Each relation is tried on every pair of what is asked for and what came, the simplest first. One is named only when it
holds of all of them, where the number of entries makes a coincidence unlikely. What is right does not get here, so that
no relation is true of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograder.judging.multiples import along, common_factor, common_offset, scaled_and_shifted
from autograder.judging.orders import order
from autograder.judging.traits import (
    columns_of_spread_one,
    constant,
    has_infinity,
    has_nan,
    rows_of_length_one,
    sums,
    symmetric,
)
from autograder.judging.wrong_values import TELLING, Pair, different_numbers

Relation = Callable[[Sequence[Pair]], str | None]


def relation(pairs: Sequence[Pair]) -> str | None:
    """A clause that follows "The values are not what is asked for: ", or None.

    Args:
        pairs: what is asked for and what came, all of them wrong in some entry.
    """
    with np.errstate(all="ignore"):
        for tried in RELATIONS:
            if said := tried(pairs):
                return said
    return None


def _each(says: str, value: Callable[[np.ndarray], np.ndarray | float | None], fewest: int = 2) -> Relation:
    """All entries of all pairs are a function of what is asked for."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        for pair in pairs:
            other = value(pair.expected)
            if other is None or not pair.equals(other).all():
                return None
        return says if different_numbers(pairs) >= fewest else None

    return tried


def _received(says: str, is_so: Callable[[np.ndarray], bool]) -> Relation:
    """All that came have a property, and nothing of what is asked for has it."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        so = all(is_so(pair.received) and not is_so(pair.expected) for pair in pairs)
        return says if so and sum(pair.received.size for pair in pairs) > 1 else None

    return tried


def _lacks(says: str, is_so: Callable[[Pair, np.ndarray], bool]) -> Relation:
    """All that is asked for has a property, and nothing that came has it."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        so = all(is_so(pair, pair.expected) and not is_so(pair, pair.received) for pair in pairs)
        return says if so else None

    return tried


def _with_given(says: str, value: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Relation:
    """A function of what is asked for and of one argument, the same in all calls."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        places = [dict(pair.given) for pair in pairs]
        if not places or sum(pair.expected.size for pair in pairs) < TELLING:
            return None
        for place in places[0]:
            if all(
                place in given and _fits(given[place], pair.expected) for given, pair in zip(places, pairs, strict=True)
            ):
                others = [
                    value(pair.expected, _as_given(given[place], pair.expected))
                    for given, pair in zip(places, pairs, strict=True)
                ]
                if all(pair.equals(other).all() for pair, other in zip(pairs, others, strict=True)):
                    return says
        return None

    return tried


def _fits(given: np.ndarray, asked: np.ndarray) -> bool:
    return given.ndim == 0 or given.shape == asked.shape


def _as_given(given: np.ndarray, asked: np.ndarray) -> np.ndarray:
    return np.broadcast_to(given, asked.shape)


_all_zero = _received("all are zero", lambda values: values.size > 0 and not values.any())


def all_false(pairs: Sequence[Pair]) -> str | None:
    """Nothing but False came, which nobody who reads of it would call zero."""
    return "all are false" if all(pair.dtype == "bool" for pair in pairs) and _all_zero(pairs) else None


def computed_in_float32(pairs: Sequence[Pair]) -> str | None:
    """Computed in float32 where more is asked for."""
    for pair in pairs:
        rough = pair.received.astype(np.float32).astype(np.float64)
        if (
            pair.dtype != "float64"
            or not (rough == pair.received).all()
            or (pair.received == np.round(pair.received)).all()
        ):
            return None
        if not Pair(pair.expected, pair.received, "float32", 1e-4, pair.atol).equals(pair.expected).all():
            return None
    return "they were computed in float32 on the way to float64, and digits are lost"


def _rounded(digits: int) -> Relation:
    says = f"each is rounded to {digits} digit{'s' * (digits > 1)} behind the point"
    return _each(says, lambda values: np.asarray(np.round(values, digits)))


def _softmax(values: np.ndarray) -> np.ndarray | None:
    if values.ndim < 1 or not values.size or not np.isfinite(values).all():
        return None
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


RELATIONS: tuple[Relation, ...] = (
    all_false,
    _all_zero,
    _received("all are NaN", lambda values: values.size > 0 and bool(np.isnan(values).all())),
    _each("true and false are exchanged", lambda e: 1 - e if np.isin(e, (0, 1)).all() else None, fewest=1),
    _each("the sign is wrong", lambda e: -e),
    _each("the sign is lost: each is the absolute value of what is asked", np.abs),
    common_factor,
    common_offset,
    _each("each is the square of what is asked", np.square),
    _each("each is the square root of what is asked", lambda e: np.sqrt(e) if (e >= 0).all() else None),
    _each("each is half the square of what is asked", lambda e: e * e / 2),
    _each("each is 1 divided by what is asked", lambda e: 1 / e),
    _each("each is 1 minus what is asked", lambda e: 1 - e),
    _each("each is e to the power of what is asked: is a logarithm missing?", np.exp),
    _each("each is the logarithm of what is asked", lambda e: np.log(e) if (e >= 0).all() else None),
    _each("each is the logarithm to base 2 of e to what is asked", lambda e: e / np.log(2)),
    _each("what is negative has become zero", lambda e: np.maximum(e, 0) if (e > 0).any() else None),
    _each("what is positive has become zero", lambda e: np.minimum(e, 0) if (e < 0).any() else None),
    _each("what is above 1 has become 1, and what is below 0 has become 0", lambda e: np.clip(e, 0, 1)),
    _each("each is rounded to a whole number", np.round),
    _each("what is behind the decimal point is cut off", np.trunc),
    _each("each is rounded down to a whole number", np.floor),
    _each("each row has been through a softmax once more: is softmax applied twice?", _softmax),
    _rounded(1), _rounded(2), _rounded(3), _rounded(4),
    computed_in_float32,
    order,
    along("each row is right but for a factor of its own: is something not divided by, or left out?", 0, False),
    along("each column is right but for a factor of its own: is something not divided by, or left out?", 1, False),
    along("each row is off by a number of its own", 0, True),
    along("each column is off by a number of its own", 1, True),
    scaled_and_shifted("each row is right but for a scale and a shift of its own", 0),
    scaled_and_shifted("each column is right but for a scale and a shift of its own", 1),
    _with_given("what was given comes back unchanged", lambda e, g: g),
    _with_given("what is asked and yours add up to something that was given: one for the other?", lambda e, g: g - e),
    _with_given("each is multiplied by something that was given", lambda e, g: e * g),
    _with_given("each is divided by something that was given", lambda e, g: e / g),
    _with_given("each is multiplied by the square of something that was given", lambda e, g: e * g * g),
    _with_given("something that was given is added", lambda e, g: e + g),
    _with_given("something that was given is subtracted", lambda e, g: e - g),
    _received("all of a call are the same number", constant(None)),
    _received("all rows are the same", constant(0)),
    _received("all columns are the same", constant(-1)),
    _received("there is NaN where a number is asked: 0 / 0, inf - inf, or the logarithm of what is negative", has_nan),
    _received("there is an infinity where a number is asked: an overflow, or a division by zero", has_infinity),
    _received("all are whole numbers", lambda values: bool((values == np.round(values)).all())),
    _lacks("each row of what is asked sums to 1, and yours do not", sums(-1, 1.0)),
    _lacks("each column of what is asked sums to 1, and yours do not", sums(0, 1.0)),
    _lacks("each row of what is asked sums to 0, and yours do not", sums(-1, 0.0)),
    _lacks("each column of what is asked sums to 0, and yours do not", sums(0, 0.0)),
    _lacks("each row of what is asked has the length 1, and yours have not", rows_of_length_one),
    _lacks("each column of what is asked has the standard deviation 1, and yours have not", columns_of_spread_one),
    _lacks("what is asked is symmetric, and yours is not", symmetric),
    _lacks("nothing that is asked is negative, and yours is here and there", lambda _, v: bool((v >= 0).all())),
    _lacks("a NaN belongs where you have a number", lambda _, values: has_nan(values)),
)  # fmt: skip
"""From the simplest to the most general: the first that holds is named."""
