"""How a question was answered wrongly, in a few numbers that say whether two submissions did the same.

What must be equal exactly goes into a hash: which answers are wrong, exceptions, types, shapes, whole numbers, strings,
and where there is NaN or an infinity. A hash of rounded floats would part equal behaviour wherever rounding falls to
two sides. So of the floats of an answer a few projections in random directions are kept (Johnson and Lindenstrauss,
1984): their distance is about that of the answers themselves. No source is looked at.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autograder.answers import frames
from autograder.answers.settings import Settings
from autograder.answers.values import Array, ValueRefused
from autograder.judging.judge import AnswerVerdict, Expected, Verdict, attempts, judge, read_expected, read_received

WRONG, UNANSWERED = "wrong", "unanswered"
DIRECTIONS = 4  # projections of an answer
# Relative, by the dtype that came: what differs by less is rounding, whatever the reference allows of another dtype.
_FINEST = {"float16": 1e-2, "bfloat16": 1e-1, "float32": 1e-5, "float64": 1e-8}
_CLOSE = 3.0  # tolerances between two projections of equal behaviour; a normal deviate is within, 997 times of 1000
_LARGEST = 1e307  # of a projection: what is close to the largest float would be rounded to infinity
_MOST = 1 << 18  # floats of an answer that are looked at, the first ones
_NOT_DONE = "NotImplementedError"


@dataclass(frozen=True)
class Behaviour:
    """Of one question of one submission, where something is wrong.

    `pattern` is a hash of what is equal or is not. `sketch` has `DIRECTIONS` numbers for each wrong answer with
    floats, and `slack` how far each may lie from another's, one number for each such answer. `says` are sentences on
    what is wrong, without a value. `kind` is `UNANSWERED` where the stub alone answered.
    """

    pattern: str
    sketch: tuple[float, ...]
    slack: tuple[float, ...]
    says: tuple[str, ...]
    kind: str = WRONG

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def is_like(self, other: Behaviour) -> bool:
        """Whether two submissions answered the same: to the tolerance, in every answer that is wrong."""
        if self.pattern != other.pattern or len(self.sketch) != len(other.sketch):
            return False
        slack = np.repeat(np.maximum(self.slack, other.slack), DIRECTIONS)
        return bool((np.abs(np.subtract(self.sketch, other.sketch)) <= _CLOSE * slack).all())


def behaviour_from(kept: Mapping[str, Any]) -> Behaviour | None:
    """What `as_dict` gave; None when it is something else."""
    try:
        found = Behaviour(
            str(kept["pattern"]),
            tuple(map(float, kept["sketch"])),
            tuple(map(float, kept["slack"])),
            tuple(map(str, kept["says"])),
            str(kept["kind"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return found if len(found.sketch) == DIRECTIONS * len(found.slack) else None


def behaviour(
    verdict: Verdict, expected: Sequence[bytes], received: Sequence[bytes], says: Sequence[str] = (), state: str = ""
) -> Behaviour:
    """How a question was answered.

    Args:
        verdict: on these frames.
        expected: the frames of the reference.
        received: those of a submission; hostile.
        says: what its student reads of it.
        state: how the run of the hidden test ended.

    Raises:
        JudgeError: the reference's own answers cannot be used.
    """
    asked = read_expected(expected)
    tried = attempts(received)
    if len(tried) > 1:  # the one that counted
        tried = [max(tried, key=lambda attempt: judge(expected, attempt, 1.0).score)]
    pattern = hashlib.sha256(f"{state} {verdict.stopped}".encode())
    sketch: list[float] = []
    slack: list[float] = []
    for answer in verdict.answers:
        pattern.update(f"|{answer.number} {answer.outcome} {answer.aspect}".encode())
        if answer.outcome in ("match", "missing", "extra"):
            continue
        floats, finest = _take(asked[answer.number - 1], tried[0][answer.number - 1], pattern)
        if floats.size:
            projected, its_slack = _projected(floats, asked[answer.number - 1].settings, finest)
            sketch += projected
            slack.append(its_slack)
    kind = UNANSWERED if _is_unanswered(verdict) else WRONG
    return Behaviour(pattern.hexdigest()[:16], tuple(sketch), tuple(slack), tuple(says), kind)


def _is_unanswered(verdict: Verdict) -> bool:
    def not_done(answer: AnswerVerdict) -> bool:
        return answer.outcome == "missing" or (answer.outcome == "exception" and f" {_NOT_DONE}." in answer.says)

    raised = verdict.stopped == _NOT_DONE or any(answer.outcome == "exception" for answer in verdict.answers)
    return raised and all(map(not_done, verdict.answers))


def _take(asked: Expected, data: bytes, pattern: Any) -> tuple[np.ndarray, float]:
    """Hash what of an answer is compared exactly, and give its floats in a row, with their roughest rounding."""
    none = np.zeros(0), _FINEST["float64"]
    try:
        frame = read_received(data)
    except ValueRefused as refusal:
        pattern.update(refusal.code.encode())
        return none
    pattern.update(frame.kind.encode())
    if frame.kind != frames.VALUE:
        pattern.update(str(frame.content).encode())
        return none
    if asked.settings.own is not None or asked.settings.held_out is not None:
        return none  # each is about a network of its own
    floats: list[np.ndarray] = []
    finest = _walk(frame.content, asked.settings, pattern, floats)
    return (np.concatenate(floats)[:_MOST], finest) if floats else none


def _walk(value: Any, settings: Settings, pattern: Any, floats: list[np.ndarray]) -> float:
    """Hash and keep a value; returns the roughest rounding of its floats."""
    finest = _FINEST["float64"]
    if isinstance(value, Array):
        is_float = "float" in value.dtype
        exact = settings.kind == "exact"
        dtype = value.dtype if exact or not is_float else "float"
        pattern.update(f"<{value.library if exact else 'array'} {dtype} {value.data.shape}".encode())
        if is_float:
            _keep(value.data.astype(np.float64).ravel(), pattern, floats)
            return _FINEST[value.dtype]
        pattern.update(np.ascontiguousarray(value.data).tobytes())
    elif type(value) is float:
        pattern.update(b"<number" if settings.kind == "number" else b"<float")
        _keep(np.asarray([value]), pattern, floats)
    elif type(value) in (list, tuple):
        pattern.update(f"<{type(value).__name__} {len(value)}".encode())
        finest = max([finest, *(_walk(entry, settings, pattern, floats) for entry in value)])
    elif type(value) is dict:
        pattern.update(f"<dict {len(value)}".encode())
        for key in sorted(value, key=repr):
            pattern.update(repr(key).encode("utf-8", "surrogatepass"))
            finest = max(finest, _walk(value[key], settings, pattern, floats))
    else:
        pattern.update(f"<{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass"))
    return finest


def _keep(values: np.ndarray, pattern: Any, floats: list[np.ndarray]) -> None:
    """Keep the finite ones; where the others are must be equal."""
    finite = np.isfinite(values)
    if not finite.all():
        for mask in (np.isnan(values), np.isposinf(values), np.isneginf(values)):
            pattern.update(np.packbits(mask).tobytes())
    floats.append(np.where(finite, values, 0.0))


def _projected(values: np.ndarray, settings: Settings, finest: float) -> tuple[list[float], float]:
    """The projections, each about as large as the root mean square of `values`, and the slack between two of them."""
    largest = float(np.abs(values).max())
    if not largest:
        return [0.0] * DIRECTIONS, max(settings.atol, 1e-300)
    unit = values / largest
    root_mean_square = float(np.sqrt(np.mean(unit * unit)))
    on = _directions(values.size) @ unit / np.sqrt(values.size)
    with np.errstate(over="ignore"):
        projected = np.clip(on * largest, -_LARGEST, _LARGEST)
        slack = settings.atol + max(settings.rtol, finest) * root_mean_square * largest
    return [float(f"{number:.10g}") for number in projected], float(f"{slack:.3g}")


def _directions(size: int) -> np.ndarray:
    """Random directions, the same in every process, (DIRECTIONS, size)."""
    return _some_directions(1 << (size - 1).bit_length())[:, :size]


@functools.lru_cache(maxsize=24)
def _some_directions(size: int) -> np.ndarray:
    return np.random.default_rng(size).standard_normal((DIRECTIONS, size))
