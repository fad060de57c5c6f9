"""Where wrong numbers are: in which entries of a result, and in which kind of call. Clauses that show no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograder.judging.relations import relation
from autograder.judging.wrong_values import Pair

_TELLING = 4  # wrong entries, or calls, that are more than chance
_NEARLY = 0.1

Mask = Callable[[np.ndarray], np.ndarray | None]


def place(pairs: Sequence[Pair]) -> str | None:
    """A clause on the entries that are wrong, in pairs that are all wrong somewhere; None where none is true."""
    with np.errstate(all="ignore"):
        wrong = [~pair.right for pair in pairs]
        said = next((says for says, mask in _PLACES if _only(pairs, wrong, mask)), None)
        if not said and not all(pair.right.any() for pair in pairs):
            return None
        parts = [pair.only(mask) for pair, mask in zip(pairs, wrong, strict=True)]
        known = relation(parts)
    if said and known:
        return f"{said}: of those, {known}"
    return said or (known and f"some are right; of the others, {known}")


def size_of_error(pairs: Sequence[Pair]) -> str | None:
    """How far off they are, where that says something: hardly, or all to one side."""
    with np.errstate(all="ignore"):
        if any(not (np.isfinite(pair.expected).all() and np.isfinite(pair.received).all()) for pair in pairs):
            return None
        largest = max(float(np.abs(p.received - p.expected).max() / (np.abs(p.expected).max() or 1)) for p in pairs)
        if largest < 1e-3 and not any(pair.is_whole for pair in pairs):
            power = int(np.ceil(np.log10(largest)))
            return (
                f"they are off by less than {10.0**power:g} of the largest: is precision lost, or a small "
                "constant added, or another one?"
            )
        e, r = (
            np.concatenate([v[~pair.right] for pair, v in zip(pairs, values, strict=True)])
            for values in ([pair.expected for pair in pairs], [pair.received for pair in pairs])
        )
        if len(e) > _TELLING:
            for says, one_side in (
                ("each that is wrong is too large", r > e), ("each that is wrong is too small", r < e),
                ("each that is wrong is too far from zero", np.abs(r) > np.abs(e)),
                ("each that is wrong is too near to zero", np.abs(r) < np.abs(e)),
            ):  # fmt: skip
                if one_side.all():
                    return says
        lengths = [(float(np.linalg.norm(pair.received)), float(np.linalg.norm(pair.expected))) for pair in pairs]
        if len(pairs) > _TELLING and largest < _NEARLY:
            return (
                "they are nearly right, off by less than a tenth of the largest: a detail is missing, or one too many"
            )
        if len(pairs) > _TELLING and all(came > asked for came, asked in lengths):
            return "taken together they are too large in each of these calls"
        if len(pairs) > _TELLING and all(came < asked for came, asked in lengths):
            return "taken together they are too small in each of these calls"
    return None


def _only(pairs: Sequence[Pair], wrong: Sequence[np.ndarray], mask: Mask) -> bool:
    """Whether all that is wrong lies in the mask, and the mask is no whole result."""
    for pair, off in zip(pairs, wrong, strict=True):
        inside = mask(pair.expected)
        if inside is None or inside.all() or (off & ~inside).any():
            return False
        if off.sum() * 3 < inside.sum() and off.sum() < 3:  # it may lie there by chance
            return False
    return True


def _at(axis: int, index: int, inverse: bool = False) -> Mask:
    def mask(values: np.ndarray) -> np.ndarray | None:
        if values.ndim < 2 or values.shape[axis] < 2:
            return None
        found = np.zeros(values.shape, dtype=bool)
        found[(index,) if axis == 0 else (..., index)] = True
        return ~found if inverse else found

    return mask


def _entry(index: int, inverse: bool = False) -> Mask:
    def mask(values: np.ndarray) -> np.ndarray | None:
        if values.ndim != 1 or len(values) < 2:
            return None
        found = np.zeros(values.shape, dtype=bool)
        found[index] = True
        return ~found if inverse else found

    return mask


def _diagonal(inverse: bool) -> Mask:
    def mask(values: np.ndarray) -> np.ndarray | None:
        if values.ndim != 2 or values.shape[0] != values.shape[1]:
            return None
        found = np.eye(len(values), dtype=bool)
        return ~found if inverse else found

    return mask


def _triangle(upper: bool) -> Mask:
    def mask(values: np.ndarray) -> np.ndarray | None:
        if values.ndim != 2 or values.shape[0] != values.shape[1]:
            return None
        found = np.triu(np.ones(values.shape, dtype=bool), 1)
        return found if upper else found.T

    return mask


def _border(values: np.ndarray) -> np.ndarray | None:
    if values.ndim < 2 or min(values.shape[-2:]) < 3:
        return None
    found = np.ones(values.shape, dtype=bool)
    found[..., 1:-1, 1:-1] = False
    return found


def _inside(values: np.ndarray) -> np.ndarray | None:
    found = _border(values)
    return None if found is None else ~found


def _some(is_so: Callable[[np.ndarray], np.ndarray]) -> Mask:
    return lambda values: is_so(values) if values.size > 1 else None


_PLACES: tuple[tuple[str, Mask], ...] = (
    ("only where a NaN belongs", _some(np.isnan)),
    ("only where an infinity belongs", _some(np.isinf)),
    ("only where a zero belongs", _some(lambda values: values == 0)),
    ("only where no zero belongs", _some(lambda values: values != 0)),
    ("only on the diagonal", _diagonal(False)),
    ("only off the diagonal", _diagonal(True)),
    ("only above the diagonal", _triangle(True)),
    ("only below the diagonal", _triangle(False)),
    ("only in the first entry", _entry(0)),
    ("only in the last entry", _entry(-1)),
    ("right in the first entry alone", _entry(0, inverse=True)),
    ("right in the last entry alone", _entry(-1, inverse=True)),
    ("only in the first row", _at(0, 0)),
    ("only in the last row", _at(0, -1)),
    ("only in the first column", _at(-1, 0)),
    ("only in the last column", _at(-1, -1)),
    ("right in the first row alone", _at(0, 0, inverse=True)),
    ("right in the last row alone", _at(0, -1, inverse=True)),
    ("right in the first column alone", _at(-1, 0, inverse=True)),
    ("right in the last column alone", _at(-1, -1, inverse=True)),
    ("only on the border", _border),
    ("only inside the border", _inside),
    ("only where a negative number belongs", _some(lambda values: values < 0)),
    ("only where a positive number belongs", _some(lambda values: values > 0)),
    ("only where the number asked for is above 1", _some(lambda values: np.abs(values) > 1)),
    ("only where the number asked for is the largest of its row", _some(lambda v: v == v.max(-1, keepdims=True))),
    ("only where the number asked for is not the largest of its row", _some(lambda v: v != v.max(-1, keepdims=True))),
)  # fmt: skip
