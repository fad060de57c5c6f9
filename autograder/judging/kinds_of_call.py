"""In which kind of call an answer goes wrong: what can be seen of it in the solution's own answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.answers.values import Array
from autograder.judging.wrong_values import Answered

_LARGE, _TINY = 50.0, 1e-3
_EDGES = 5  # how many of the kinds, from the first, are edges of what may be given


def kind_of_call(answers: Sequence[Answered]) -> str | None:
    """A sentence on what the wrong calls have and no right one, or the other way round, of whichever are fewer."""
    wrong, right = (
        [_features((each.expected, each.given)) for each in answers if each.is_right == side] for side in (False, True)
    )
    if not wrong or not right:
        return None
    few, many = (wrong, right) if len(wrong) <= len(right) else (right, wrong)
    common = set[str].intersection(*few) - set[str]().union(*many)
    telling = _KINDS if few is wrong else _KINDS[:_EDGES]  # right calls that differ in anything else do so by chance
    says = next((says for says in telling if says in common), None)
    return says and f"It is {'so' if few is wrong else 'right'} only where {says}."


_KINDS = (
    "nothing is given, an empty list or tensor", "a single number is given", "a single row is given",
    "a single column is given", "numbers are missing (NaN)", "there are infinities", "there are more columns than rows",
    "there are as many columns as rows", "there are more rows than columns", "very large numbers are given",
    "very small numbers are given", "there are zeros", "there are ties", "there are negative numbers",
    "the numbers are whole", "the numbers are float64", "the numbers are float32", "there are many rows",
)  # fmt: skip
"""From the most telling to the least."""


def _features(content: Any) -> set[str]:
    """Which of `_KINDS` an answer of the reference shows; what was given is known where the arguments were sent too."""
    found: set[str] = set()
    for array in _arrays(content):
        data = array.data
        shape, values = data.shape, data.astype(np.float64)
        finite = values[np.isfinite(values)]
        held = {
            "nothing is given, an empty list or tensor": data.ndim > 0 and data.size == 0,
            "a single number is given": data.ndim > 0 and data.size == 1,
            "a single row is given": data.ndim > 1 and shape[0] == 1,
            "a single column is given": data.ndim > 1 and shape[-1] == 1,
            "numbers are missing (NaN)": bool(np.isnan(values).any()),
            "there are infinities": bool(np.isinf(values).any()),
            "there are more columns than rows": data.ndim == 2 and shape[1] > shape[0] > 1,
            "there are as many columns as rows": data.ndim == 2 and shape[1] == shape[0] > 1,
            "there are more rows than columns": data.ndim == 2 and shape[0] > shape[1] > 1,
            "very large numbers are given": bool(np.abs(finite).max(initial=0) > _LARGE),
            "very small numbers are given": bool(finite.any()) and bool(np.abs(finite).max(initial=0) < _TINY),
            "there are zeros": array.dtype != "bool" and bool((values == 0).any()),
            "there are ties": data.ndim == 2 and array.dtype != "bool" and _has_ties(values),
            "there are negative numbers": bool((finite < 0).any()),
            "the numbers are whole": "int" in array.dtype,
            "the numbers are float64": array.dtype == "float64",
            "the numbers are float32": array.dtype == "float32",
            "there are many rows": data.ndim > 0 and shape[0] > 10,
        }
        found.update(says for says, is_so in held.items() if is_so)
    return found


def _has_ties(values: np.ndarray) -> bool:
    ordered = np.sort(values, axis=-1)
    return bool((ordered[:, 1:] == ordered[:, :-1]).any())


def _arrays(content: Any) -> Iterator[Array]:
    if isinstance(content, Array):
        yield content
    elif type(content) in (list, tuple):
        for entry in content:
            yield from _arrays(entry)
    elif type(content) is dict:
        for entry in content.values():
            yield from _arrays(entry)
