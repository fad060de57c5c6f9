"""Which misconception a submission shows: the one whose answers are the student's, all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.answers import frames
from autograder.answers.frames import AnswerFrame
from autograder.answers.settings import Settings
from autograder.answers.values import ValueRefused
from autograder.judging.compare import difference
from autograder.judging.held_out import accuracy
from autograder.judging.judge import Expected, attempts, judge, read_expected, read_received
from autograder.misconceptions.variants import Misconception

SAME_ACCURACY = 0.08  # two runs of one training with other random numbers, on some hundred images


def diagnose(
    question: str,
    received: Sequence[bytes],
    expected: Sequence[bytes],
    chaff_streams: Mapping[Misconception, Sequence[bytes]],
) -> Misconception | None:
    """The misconception that explains every answer of one question, or None.

    One is named when all answers equal that chaff's, within the reference's tolerances, at least one differs from the
    reference, not all are exceptions, and no other chaff's answers are equal too.

    Args:
        question: the grade_id of the answer cell; chaffs of other questions are left out.
        received: the frames of a submission; hostile.
        expected: the frames of the reference.
        chaff_streams: the frames of the chaffs. All with one seed.

    Raises:
        JudgeError: the reference's own answers cannot be used.
    """
    asked = read_expected(expected)
    received = attempts(received)[0]
    matching = [
        chaff
        for chaff, stream in chaff_streams.items()
        if chaff.question == question and same_answers(asked, received, stream)
    ]
    if len(matching) != 1 or only_exceptions(received) or judge(expected, received, 1.0).score == 1.0:
        return None
    return matching[0]


def same_answers(asked: Sequence[Expected], one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Whether two streams agree on every answer, within the tolerances of the reference."""
    if len(one) != len(other):
        return False
    settings = [answer.settings for answer in asked]
    settings += [Settings()] * (len(one) - len(settings))
    try:  # up to the first that differs: most chaffs go no further
        return all(
            _same(read_received(a), read_received(b), each) for a, b, each in zip(one, other, settings, strict=False)
        )
    except ValueRefused:
        return False


def only_exceptions(stream: Sequence[bytes]) -> bool:
    """Whether there is no value in a stream: it says how code fails, not what its author believes."""
    try:
        kinds = {read_received(frame).kind for frame in stream}
    except ValueRefused:
        return True
    return kinds <= {frames.EXCEPTION, frames.STOPPED}


def _same(one: AnswerFrame, other: AnswerFrame, settings: Settings) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind != frames.VALUE:
        return bool(one.content == other.content)
    if settings.own is not None:  # each is about a network of its own
        return True
    if settings.held_out is None:
        return difference(one.content, other.content, settings) is None
    shares = accuracy(one.content, settings.held_out), accuracy(other.content, settings.held_out)
    if shares[0] is None or shares[1] is None:
        return shares[0] is shares[1]
    passed = [share >= settings.held_out.at_least for share in shares if share is not None]
    return passed[0] == passed[1] and abs(shares[0] - shares[1]) <= SAME_ACCURACY
