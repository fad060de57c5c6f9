"""The right numbers in other places: transposed, reversed, moved, sorted, or in any other order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from autograder.judging.wrong_values import Pair

_MOST_AXES = 4  # whose orders are all tried


def order(pairs: Sequence[Pair]) -> str | None:
    for pair in pairs:
        e, r = (np.sort(values, axis=None) for values in (pair.expected, pair.received))
        if e.size < 2 or not replace(pair, expected=e, received=r).equals(e).all():
            return None  # other numbers, in whatever order
    if sum(len(np.unique(pair.expected[~np.isnan(pair.expected)])) - 1 for pair in pairs) < 2:
        return None
    common: dict[str, None] | None = None
    for pair in pairs:
        found: dict[str, None] = {}
        for says, other in _reordered(pair.expected, pair.received):
            one = Pair(other, pair.received, pair.dtype, pair.rtol, pair.atol)
            if says.endswith("stand in another order"):
                came = np.sort(pair.received, axis=None)
                one = Pair(other.reshape(-1), came, pair.dtype, pair.rtol, pair.atol)
            if says not in found and one.equals(one.expected).all():
                found[says] = None
        common = found if common is None else {says: None for says in common if says in found}
        if not common:
            return None
    return next(iter(common or {}), None)


def _reordered(e: np.ndarray, r: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What is asked for in other orders, with their names."""
    for axes in itertools.permutations(range(e.ndim)) if 1 < e.ndim <= _MOST_AXES else ():
        if axes != tuple(range(e.ndim)):
            says = "rows and columns are exchanged" if e.ndim == 2 else "the axes are in another order"
            if r.shape == e.transpose(axes).shape:
                yield says, e.transpose(axes)
            yield (
                "the right numbers are laid out in the order of other axes: reshape where a transpose is needed?",
                (e.transpose(axes).reshape(r.shape)),
            )
    for axis in range(e.ndim):
        yield "the order along an axis is reversed", np.flip(e, axis)
        yield "all stand one place further along an axis", np.roll(e, 1, axis)
        yield "all stand one place too early along an axis", np.roll(e, -1, axis)
        yield "they are sorted along an axis", np.sort(e, axis)
    yield "the right numbers stand in another order", np.sort(e, axis=None)
