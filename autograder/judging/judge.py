"""Compare what a submission answered with what the reference answered, and give the question's mark.

Runs in the trusted process, on bytes. Tolerance, strictness and groups are read from the reference's frames alone;
whatever settings a submission sends are not looked at.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.answers import frames
from autograder.answers.frames import AnswerFrame, exception_matches, read_frame, read_settings
from autograder.answers.settings import Settings
from autograder.answers.values import LIMITS, REASONS, ValueLimits, ValueRefused
from autograder.judging.compare import Difference, difference
from autograder.judging.held_out import shortfall
from autograder.judging.ideas import earned
from autograder.judging.own_network import shortfall as shortfall_of_own

_SMALL = 1 << 14  # bytes


SAID = (
    "NotImplementedError", "NameError", "AttributeError", "TypeError", "IndexError", "KeyError", "ValueError",
    "AssertionError", "ZeroDivisionError", "RuntimeError",
)  # fmt: skip
"""The exceptions that students read of, what helps most first. The names of all of Python's own could spell out what a
hidden test asks with."""


def said_of(exception: str) -> str:
    """How feedback names an exception."""
    return exception if exception in SAID else "another exception"


class JudgeError(Exception):
    """The reference's own answers cannot be used; the message says why."""


@dataclass(frozen=True)
class AnswerVerdict:
    """What came of one answer.

    `number` counts from 1. `outcome` is "match", "differs", "changed" (it is right, and its arguments are no longer as
    they were), "exception", "refused", "missing" or "extra"; `aspect` says in what it differs.
    `says` is a sentence for the student: it names types and dtypes, never an input or a value.
    """

    number: int
    group: str | None
    outcome: str
    says: str
    aspect: str = ""


@dataclass(frozen=True)
class Verdict:
    """The mark of one question: `score` is what the right answers earn (`ideas.earned`), within [0, points].

    `matched` and `asked` count a group, and an edge, as one. `has_rule` says whether all is right but for `edges`;
    `parts` names the groups of the rule that are not right. `stopped` names the exception with which the test itself
    ended early.
    """

    score: float
    points: float
    matched: int
    asked: int
    answers: tuple[AnswerVerdict, ...]
    stopped: str | None = None
    has_rule: bool = True
    parts: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expected:
    """One answer of the reference."""

    frame: AnswerFrame
    settings: Settings


def judge(expected: Sequence[bytes], received: Sequence[bytes], points: float, limits: ValueLimits = LIMITS) -> Verdict:
    """The verdict on one question; where it was asked twice, on the better of both times.

    Args:
        expected: the frames of the reference.
        received: the frames of a submission, with the same seed; hostile.
        points: what the question is worth, finite and not negative.
        limits: how much one answer may hold.

    Raises:
        JudgeError: the reference asked nothing, or its test did not run to the end.
        ValueError: such points do not exist.
    """
    if not (math.isfinite(points) and points >= 0):
        raise ValueError(f"points={points!r}: give a finite number from 0 up")
    asked = read_expected(expected)
    verdicts = [_judged(asked, expected, attempt, float(points), limits) for attempt in attempts(received)]
    return max(verdicts, key=lambda verdict: verdict.score)


def attempts(received: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The answers under usual settings and, if the notebook has others, those under its own: once more, not oftener."""
    if frames.OTHERWISE not in received:
        return [received]
    end = received.index(frames.OTHERWISE)
    return [received[:end], received[end + 1 :]]


def _judged(
    asked: list[Expected], expected: Sequence[bytes], received: Sequence[bytes], points: float, limits: ValueLimits
) -> Verdict:
    verdicts, stopped = [], None
    for number, answer in enumerate(asked, 1):
        frame: AnswerFrame | ValueRefused | None = None
        if number <= len(received) and stopped is None:
            if received[number - 1] == expected[number - 1]:  # to the byte, as most right answers are
                verdicts.append(_of_itself(expected[number - 1], number))
                continue
            frame = _frame(received[number - 1], limits)
        if isinstance(frame, AnswerFrame) and frame.kind == frames.STOPPED:
            stopped, frame = frame.content, None
        verdicts.append(_verdict(number, answer, frame))
    surplus = len(received) - len(asked)
    if stopped is None and surplus == 1 and _ends_the_stream(received[-1], limits):
        stopped, surplus = read_frame(received[-1], limits).content, 0
    right, changed = (
        [index for index, verdict in enumerate(verdicts) if verdict.outcome == outcome]
        for outcome in ("match", "changed")
    )
    came = earned([answer.settings for answer in asked], right, changed, max(surplus, 0))
    verdicts += [
        AnswerVerdict(number, None, "extra", "Nothing was asked here.")
        for number in range(len(asked) + 1, len(asked) + 1 + min(surplus, 1))
    ]
    score = points if came.share == 1 else min(points * came.share, points)
    return Verdict(
        score, points, came.matched, came.asked, tuple(verdicts), stopped, came.has_rule, came.parts, came.edges
    )


def read_expected(expected: Sequence[bytes]) -> list[Expected]:
    """The reference's answers, not to be changed: they are read once for all submissions.

    Raises:
        JudgeError: there are none, the test did not run to the end, or a frame is broken.
    """
    return list(_read_once(tuple(attempts(expected)[0])))


@functools.lru_cache(maxsize=128)  # questions
def _read_once(expected: tuple[bytes, ...]) -> tuple[Expected, ...]:
    try:
        found = [Expected(read_frame(frame), read_settings(frame)) for frame in expected]
    except (ValueRefused, ValueError) as error:
        raise JudgeError(f"an answer of the reference cannot be read: {error}") from error
    for number, answer in enumerate(found, 1):
        if answer.frame.kind == frames.STOPPED:
            raise JudgeError(f"the reference's test ended with {answer.frame.content} after {number - 1} answers")
        if answer.frame.kind == frames.REFUSED:
            raise JudgeError(f"answer {number} of the reference is {REASONS[answer.frame.content]}")
    if not found:
        raise JudgeError("the reference answered nothing")
    return tuple(found)


@functools.lru_cache(maxsize=1024)  # answers
def _of_itself(expected: bytes, number: int) -> AnswerVerdict:
    """The verdict on an answer of the reference: read, and compared with itself, once for a class."""
    answer = Expected(read_frame(expected), read_settings(expected))
    return _verdict(number, answer, answer.frame)


def read_received(data: bytes, limits: ValueLimits = LIMITS) -> AnswerFrame:
    """An answer of a submission, not to be changed: small ones are kept, for many students answer the same.

    Raises:
        ValueRefused: it cannot be read.
    """
    return _read_small(data, limits) if len(data) <= _SMALL else read_frame(data, limits)


@functools.lru_cache(maxsize=2048)
def _read_small(data: bytes, limits: ValueLimits) -> AnswerFrame:
    return read_frame(data, limits)


def _frame(data: bytes, limits: ValueLimits) -> AnswerFrame | ValueRefused:
    try:
        return read_received(data, limits)
    except ValueRefused as refusal:
        return refusal


def _ends_the_stream(data: bytes, limits: ValueLimits) -> bool:
    frame = _frame(data, limits)
    return isinstance(frame, AnswerFrame) and frame.kind == frames.STOPPED


def _verdict(number: int, answer: Expected, frame: AnswerFrame | ValueRefused | None) -> AnswerVerdict:
    settings = answer.settings

    def verdict(outcome: str, says: str, aspect: str = "") -> AnswerVerdict:
        return AnswerVerdict(number, settings.group or settings.edge, outcome, says, aspect)

    if frame is None:
        return verdict("missing", "There was no answer.")
    if isinstance(frame, ValueRefused) or frame.kind == frames.REFUSED:
        code = frame.code if isinstance(frame, ValueRefused) else frame.content
        return verdict("refused", f"Your function returned {REASONS[code]}.")
    if frame.kind == frames.EXCEPTION:
        asked = settings.raises or (answer.frame.content if answer.frame.kind == frames.EXCEPTION else None)
        if asked and exception_matches(frame.content, asked):
            return verdict("match", "Right.")
        return verdict("exception", f"Your function ended with {said_of(frame.content)}.")
    if answer.frame.kind == frames.EXCEPTION:
        return verdict("differs", f"{settings.raises or answer.frame.content} should be raised here.", "type")
    if settings.held_out is not None:
        found = shortfall(frame.content, settings.held_out)
    elif settings.own is not None:
        found = shortfall_of_own(frame.content, settings.own, answer.frame.content)
    elif settings.returns == "both":
        found = _difference_of_results(answer.frame.content, frame.content, settings)
        if found is None and (changes := _change(answer.frame.content[1], frame.content[1], settings)):
            return verdict("changed", "Your function changed what it was given; let it work on a copy.", changes.aspect)
    else:
        found = difference(answer.frame.content, frame.content, settings)
    if found is None:
        return verdict("match", "Right.")
    return verdict("differs", found.sentence(settings.parts), found.aspect)


def _difference_of_results(expected: Any, received: Any, settings: Settings) -> Difference | None:
    """The result, where the arguments were sent beside it."""
    if type(received) is not tuple or len(received) != 2:
        return Difference("type", "There was no result.")
    return difference(expected[0], received[0], settings)


def _change(before: Any, after: Any, settings: Settings) -> Difference | None:
    """The arguments after the call, exactly: the least change is one."""
    return difference(before, after, replace(settings, rtol=0.0, atol=0.0, kind="exact"))
