"""What all wrong values of a question have in common, for students whom "the values differ" would not help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from autograder.answers.frames import VALUE
from autograder.answers.values import ValueRefused
from autograder.judging.compare import difference
from autograder.judging.judge import Expected, Verdict, attempts, judge, read_expected, read_received
from autograder.judging.kinds_of_call import kind_of_call
from autograder.judging.places import place, size_of_error
from autograder.judging.relations import relation
from autograder.judging.wrong_values import Answered, Pair, as_array, pairs_of

_MOST_RESULTS = 2  # of several without a name that a call gives, of which something is said
_MOST_NAMES = 4
_UNKNOWN = "something else is wrong"


def in_words(verdict: Verdict, expected: Sequence[bytes], received: Sequence[bytes]) -> Verdict:
    """The verdict on these frames, in which wrong values say what they have in common, where that is known."""
    if not any(answer.aspect == "values" for answer in verdict.answers):
        return verdict
    tried = attempts(received)
    if len(tried) > 1:  # the one that counted
        tried = [attempt for attempt in tried if judge(expected, attempt, verdict.points) == verdict]
    compared = {
        answer.number: one
        for answer, asked, data in zip(verdict.answers, read_expected(expected), tried[0], strict=False)
        if (answer.outcome == "match" or answer.aspect == "values")
        and (one := _answered(asked, data, answer.outcome == "match")) is not None
    }
    said = explanation(list(compared.values()))
    if said is None:
        return verdict
    told = (
        replace(answer, says=said) if answer.outcome == "differs" and answer.number in compared else answer
        for answer in verdict.answers
    )
    return replace(verdict, answers=tuple(told))


def _answered(asked: Expected, data: bytes, is_right: bool) -> Answered | None:
    """The values of an answer side by side; None where there are none, or only its arguments are wrong."""
    try:
        frame = read_received(data)
    except ValueRefused:
        return None
    if not frame.kind == asked.frame.kind == VALUE or asked.settings.held_out is not None:
        return None
    if asked.settings.own is not None:
        return None
    wanted, came, given = asked.frame.content, frame.content, ()
    if asked.settings.returns == "both":
        if type(came) is not tuple or len(came) != 2:
            return None
        (wanted, given), came = wanted, came[0]
    fits = difference(wanted, came, asked.settings) is None
    return Answered(wanted, came, asked.settings, fits, given) if fits == is_right else None


def explanation(answers: Sequence[Answered]) -> str | None:
    """A sentence on how the wrong values of a question come from the right ones, or where they are; or None.

    Args:
        answers: those of one question that are right, and those whose values are wrong. No value of theirs is shown.
    """
    pairs = pairs_of(answers)
    wrong = [pair for pair in pairs if not pair.right.all()]
    if not wrong:
        return None
    said = (
        _by_part(pairs, wrong)
        or _related(wrong)
        or _earlier(answers)
        or _by_result(pairs, wrong)
        or place(wrong)
        or _mostly(wrong)
        or size_of_error(wrong)
    )
    kind = kind_of_call(answers)
    if said is None and kind is None:
        return None
    sentence = "The values are not what is asked for" + (f": {said}" if said else "")
    sentence += "" if sentence.endswith("?") else "."
    return f"{sentence} {kind}" if kind else sentence


def _related(wrong: Sequence[Pair]) -> str | None:
    """How they come from what is asked for; results that are no numbers at all may stand aside."""
    if said := relation(wrong):
        return said
    finite = [pair for pair in wrong if np.isfinite(pair.received).all() or not np.isfinite(pair.expected).all()]
    if 0 < len(finite) < len(wrong) <= 2 * len(finite) and (said := relation(finite)):
        return f"{said}; and some calls give NaN or infinities"
    return None


def _mostly(wrong: Sequence[Pair]) -> str | None:
    """What is true of all wrong calls but the smallest ones, where mistakes show otherwise, or not at all."""
    larger = [pair for pair in wrong if pair.expected.size > 1 and min(pair.expected.shape) > 1]
    if not 1 < len(larger) < len(wrong) <= 2 * len(larger):
        return None
    said = relation(larger) or place(larger)
    return said and f"in all calls but the smallest, {said}"


def _by_part(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> str | None:
    """Where the parts of a result have names, each wrong one under its own; what is the same for some is said once."""
    names, wrong = {pair.part for pair in pairs if pair.part}, [pair for pair in wrong if pair.part]
    if len(names) < 2 or not wrong:
        return None
    parts: dict[str, list[str]] = {}
    for part in dict.fromkeys(pair.part for pair in wrong):
        of_part = [pair for pair in wrong if pair.part == part]
        found = _related(of_part) or place(of_part) or size_of_error(of_part) or _UNKNOWN
        parts.setdefault(found, []).append(part)
    if len(parts) == 1 and len(next(iter(parts.values()))) == len(names):
        return next((found for found in parts if found != _UNKNOWN), None)
    said = [f"in {_listed(those)}, {found}" for found, those in parts.items()]
    if set(parts) == {_UNKNOWN}:
        return f"those of {_listed(*parts.values())} are wrong, and the others right"
    return "; ".join(said[:_MOST_NAMES])


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _by_result(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> str | None:
    """Where a call gives several results without a name, each wrong one for itself."""
    if len({pair.slot for pair in pairs}) == 1:
        return None
    said: dict[str, None] = {}
    for slot in dict.fromkeys(pair.slot for pair in wrong):
        of_slot = [pair for pair in wrong if pair.slot == slot]
        if len(said) < _MOST_RESULTS and (found := _related(of_slot) or place(of_slot)):
            said[found] = None
    return f"in one of several results, {'; in another, '.join(said)}" if said else None


def _earlier(answers: Sequence[Answered]) -> str | None:
    """An answer that was right, or given, at the call before."""
    wrong = 0
    again = summed = True
    for before, now in pairwise(answers):
        if now.is_right:
            continue
        wrong += 1
        then, asked, came = (as_array(value) for value in (before.received, now.expected, now.received))
        if then is None or asked is None or came is None or then.shape != came.shape or not came.size:
            return None
        again &= bool(np.array_equal(then, came))
        pair = Pair(asked, came, "float64", now.settings.rtol, now.settings.atol)
        summed &= bool(pair.equals(asked + then).all())
    if not wrong or (answers and not answers[0].is_right):
        return None
    if again:
        return "a call gave what the call before had given: is something kept between calls?"
    return "what the call before gave is added: is something kept between calls?" if summed else None
