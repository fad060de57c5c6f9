"""Questions about a network that only the student has: the key follows from what its run tells of it.

What is told comes from a submission, as what is claimed does. Nothing is to be gained by telling of another network
than one's own: who can say the number for that one has answered the question. What is no network at all is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from autograder.answers.values import Array
from autograder.judging.compare import Difference

_MOST = 2**40  # parameters, multiplications, entries: more has no network that ran here


def shortfall(content: Any, asked: str, expected: Any) -> Difference | None:
    """Why a claim does not earn the mark, or None when it does.

    Args:
        content: of the submission's answer: what is told of the network, and what the student says of it.
        asked: what the question is, one of `settings.OWN`.
        expected: the same of the solution, of whose pair only the labels of given images are used.
    """
    if type(content) is not tuple or len(content) != 2:
        return Difference("type", "There was no answer about your own network.")
    told, claimed = content
    try:
        key = _KEYS[asked](told, expected[0])
    except (TypeError, ValueError, LookupError, OverflowError):
        return Difference(
            "type", "Of your own network nothing could be found out: it is none that this question knows."
        )
    if _plain(claimed) != key:
        return Difference("values", f"For your own network, this is not {_NAMES[asked]}.")
    return None


def number_of_parameters(told: Any) -> int:
    """Of all layers together; arguments and errors as for the keys."""
    return sum(_parameters(told, None))


def _parameters(told: Any, _: Any) -> list[int]:
    return [_bounded(sum(_entries(_shape(each)) for each in layer)) for layer in _rows(told)]


def _multiplications(told: Any, _: Any) -> int:
    """Each entry of a result is a sum of as many products as a weight of the layer has entries for it."""
    found = 0
    for weight, result in _rows(told):
        found += _entries(_shape(result)) * _entries(_shape(weight)[1:])
    return _bounded(found)


def _confusions(told: Any, expected: Any) -> list[int]:
    """The pair that is most often a label and, wrongly, its prediction; of those that are equally often, the least."""
    labels: list[int] = expected[0]
    predicted = _shape(told[1])
    if len(labels) != len(predicted):
        raise ValueError("there is not one prediction for each image")
    counts = Counter(pair for pair in zip(labels, predicted, strict=True) if pair[0] != pair[1])
    most = max(counts.values(), default=0)
    return list(min((pair for pair, count in counts.items() if count == most), default=()))


_KEYS: dict[str, Callable[[Any, Any], Any]] = {
    "parameters": _parameters,
    "multiplications": _multiplications,
    "confusions": _confusions,
}
_NAMES = {
    "parameters": "the number of parameters of each layer",
    "multiplications": "the number of multiplications",
    "confusions": "the pair of classes that it confuses most",
}


def _rows(told: Any) -> list[Any]:
    if type(told) is not list:
        raise TypeError("a list is told")
    return told


def _shape(told: Any) -> list[int]:
    if type(told) is not list or not all(type(size) is int and 0 <= size <= _MOST for size in told):
        raise TypeError("a list of whole numbers is told")
    return told


def _entries(shape: list[int]) -> int:
    """The product of sizes. It is bounded at each step: a product of as many as are told takes minutes."""
    found = 1
    for size in shape:
        found = _bounded(found * size)
    return found


def _bounded(number: int) -> int:
    if number > _MOST:
        raise ValueError("no network is as large")
    return number


def _plain(claimed: Any) -> Any:
    """A claim as whole numbers and lists of them, in whichever style it was given; anything else as it is."""
    if claimed is None:
        return []
    if type(claimed) is bool:
        return str(claimed)
    if isinstance(claimed, Array):
        return claimed.data.tolist() if "int" in claimed.dtype else claimed
    return [_plain(each) for each in claimed] if type(claimed) in (list, tuple) else claimed
