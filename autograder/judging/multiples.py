"""Wrong numbers that are right but for a factor, or for a number that is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from autograder.judging.wrong_values import TELLING, Pair, different_numbers

_SIZES_UP_TO = 100_000
_SUM = "each is a whole number of times too large, from call to call another: a sum where a mean is asked?"
_MEAN = "each is too small by a whole number, from call to call another: a mean where a sum is asked, or one too many?"
_OF_EACH_CALL = "each call is right but for a factor of its own: is something not divided by, or left out?"


def common_factor(pairs: Sequence[Pair]) -> str | None:
    """A factor: the same everywhere, or one of each pair that tells of a count."""
    factors = [_ratio(pair) for pair in pairs]
    known = [factor for factor in factors if factor is not None]
    if len(known) < len(factors) or not known or max(map(abs, known)) > 1e12:
        return None
    first = known[0]
    if all(abs(factor - first) <= 1e-4 * abs(first) for factor in known) and different_numbers(pairs) >= TELLING:
        return _of_factor(first)
    if len({round(factor, 4) for factor in known}) < 2:
        return None
    if all(_is_count(factor) for factor in known):
        return _SUM
    if all(_is_count(1 / factor) for factor in known):
        return _MEAN
    for power, root in ((1, ""), (2, "the root of ")):
        if all(f > 0 and abs(f - 1) > 1e-9 and _is_count(1 / (f**power - 1), fewest=1) for f in known):
            return f"each is too large by {root}n / (n - 1): is n - 1 in the place of n?"
        if all(f > 0 and abs(f - 1) > 1e-9 and _is_count(1 / (1 - f**power), fewest=1) for f in known):
            return f"each is too small by {root}(n - 1) / n: is n in the place of n - 1?"
    if all(pair.expected.size > 2 for pair in pairs):
        return _OF_EACH_CALL
    return None


def _ratio(pair: Pair) -> float | None:
    """The one factor between two arrays; None where there is none, and 1 where all is zero."""
    e, r = pair.expected, pair.received
    if not np.isfinite(e).all() or not e.any():
        return None
    at = np.unravel_index(int(np.abs(e).argmax()), e.shape)
    factor = float(r[at] / e[at])
    if not np.isfinite(factor) or abs(factor) < 1e-12 or not pair.equals(factor * e).all():
        return None
    return factor


def _of_factor(factor: float) -> str | None:
    size = abs(factor)
    sign = ", and the sign is wrong" if factor < 0 else ""
    if abs(size - 1) < 1e-6:
        return "the sign is wrong" if factor < 0 else None
    if _is_count(size) and round(size) <= 20:
        return f"each is {round(size)} times what is asked{sign}"
    if _is_count(1 / size) and round(1 / size) <= 20:
        return f"each is 1/{round(1 / size)} of what is asked{sign}"
    return f"each is {_digits(size)} times what is asked{sign}"


def _digits(factor: float) -> str:
    """As many digits as it takes to tell it from 1."""
    for digits in range(3, 10):
        if (text := f"{factor:.{digits}g}") != "1" and abs(float(text) - factor) < abs(factor - 1) / 10:
            return text
    return f"{factor:.10g}"


def _is_count(number: float, fewest: int = 2) -> bool:
    return fewest - 0.01 < number < _SIZES_UP_TO and abs(number - round(number)) < 1e-3 * max(1.0, number / 100)


def common_offset(pairs: Sequence[Pair]) -> str | None:
    shifts = []
    for pair in pairs:
        e, r = pair.expected, pair.received
        if not (np.isfinite(e).all() and np.isfinite(r).all()) or np.ptp(e) == 0 or not e.size:
            return None
        shift = float(np.median(r - e))
        if not pair.equals(e + shift).all() or abs(shift) < 1e-9 * np.abs(e).max():
            return None
        shifts.append(shift)
    if different_numbers(pairs) < TELLING:
        return None
    if max(shifts) - min(shifts) <= 1e-4 * abs(shifts[0]):
        return f"each is too {'large' if shifts[0] > 0 else 'small'} by the same number"
    return "within a call each is off by the same number, from call to call by another"


def along(says: str, axis: int, is_offset: bool) -> Callable[[Sequence[Pair]], str | None]:
    """Each entry of an axis has a factor or an offset of its own, which all that stands there shares."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        told = 0
        for pair in pairs:
            e, r = pair.expected, pair.received
            if e.ndim <= axis or e.ndim < 2 or not e.size or not (np.isfinite(e).all() and np.isfinite(r).all()):
                return None
            flat, came = (np.moveaxis(values, axis, 0).reshape(e.shape[axis], -1) for values in (e, r))
            told += flat.size - len(flat)
            if is_offset:
                other = flat + np.median(came - flat, axis=1, keepdims=True)
            else:
                at = np.abs(flat).argmax(axis=1, keepdims=True)
                largest, there = np.take_along_axis(flat, at, 1), np.take_along_axis(came, at, 1)
                if not there[largest != 0].all():
                    return None
                other = flat * np.where(largest == 0, 0, there / largest)
            if not replace(pair, expected=flat, received=came).equals(other).all():
                return None
        return says if told >= TELLING else None

    return tried


def scaled_and_shifted(says: str, axis: int) -> Callable[[Sequence[Pair]], str | None]:
    """Each entry of an axis has a factor and an offset of its own, which all that stands there shares."""

    def tried(pairs: Sequence[Pair]) -> str | None:
        told = 0
        for pair in pairs:
            e, r = pair.expected, pair.received
            if e.ndim != 2 or not e.size or not (np.isfinite(e).all() and np.isfinite(r).all()):
                return None
            flat, came = (np.moveaxis(values, axis, 0).reshape(e.shape[axis], -1) for values in (e, r))
            told += max(flat.size - 2 * len(flat), 0)
            low, high = (at(flat, axis=1)[:, None] for at in (np.argmin, np.argmax))
            least, most = (np.take_along_axis(flat, at, 1) for at in (low, high))
            first, last = (np.take_along_axis(came, at, 1) for at in (low, high))
            factor = np.where(most > least, (last - first) / np.where(most > least, most - least, 1), 0)
            if not factor[most > least].all():
                return None
            other = first + (flat - least) * factor
            if not replace(pair, expected=flat, received=came).equals(other).all():
                return None
        return says if told >= TELLING else None

    return tried
