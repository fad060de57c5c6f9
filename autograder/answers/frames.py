"""One answer as bytes: what came of the call, and how it is to be judged.

    "GA1", kind (1 byte), length of the body (8 bytes), body, settings

The body is an encoded value; the rest is an encoded `Settings`. Every process writes both, so that a run of the
reference and a run of a submission differ in nothing. The judge reads the settings of the reference, and skips those
of a submission.
"""

from __future__ import annotations

import builtins as _builtins
import struct
from dataclasses import dataclass
from typing import Any

from autograder.answers.settings import EXCEPTIONS, Settings, settings_from
from autograder.answers.values import LIMITS, REASONS, ValueLimits, ValueRefused, decode

VALUE, EXCEPTION, REFUSED, STOPPED = "value", "exception", "refused", "stopped"
_KINDS = {VALUE: b"V", EXCEPTION: b"E", REFUSED: b"R", STOPPED: b"S"}
_NAMES = {byte: name for name, byte in _KINDS.items()}
_HEAD = struct.Struct("<3scQ")
_MAGIC = b"GA1"
TEST = "<hidden test>"  # the name of a hidden test's code, for whoever compiles it
NEXT = b"next"  # no answer: what comes now are those of another variant
OTHERWISE = b"otherwise"  # no answer: what comes now are all of them again, under the notebook's own settings


@dataclass(frozen=True)
class AnswerFrame:
    """What came of one call.

    VALUE: `content` is the decoded value. EXCEPTION: the name of the exception, from a fixed list. REFUSED: a key of
    `REASONS`. STOPPED: the hidden test itself ended here, with the exception that `content` names.
    """

    kind: str
    content: Any


def packed(kind: str, body: bytes, settings: Settings) -> bytes:
    """A frame whose body is encoded already."""
    return _HEAD.pack(_MAGIC, _KINDS[kind], len(body)) + body + settings.encoded()


def packed_name(kind: str, name: str, settings: Settings) -> bytes:
    """A frame that holds a name: of an exception, or of the reason for a refusal."""
    from autograder.answers.encoding import encode  # imports torch, which the trusted process does without

    return packed(kind, encode(name), settings)


def exception_name(error: BaseException) -> str:
    """The first of Python's own exceptions among the classes of `error`."""
    for cls in type.__dict__["__mro__"].__get__(type(error)):
        name = type.__dict__["__name__"].__get__(cls)
        if name in EXCEPTIONS and cls is getattr(_builtins, name):
            return name
    return "Exception"


def exception_matches(name: str, asked: str) -> bool:
    """Whether the exception `name` is one of those that `asked` stands for: itself and its subclasses."""
    return issubclass(getattr(_builtins, name), getattr(_builtins, asked))


def read_frame(frame: bytes, limits: ValueLimits = LIMITS) -> AnswerFrame:
    """What a frame says, its settings aside; for hostile bytes.

    Raises:
        ValueRefused: it is no frame, or beyond the limits.
    """
    kind, body, _ = _parts(frame)
    content = decode(body, limits)
    allowed: Any = {EXCEPTION: EXCEPTIONS, STOPPED: EXCEPTIONS, REFUSED: REASONS}.get(kind)
    if allowed is not None and (type(content) is not str or content not in allowed):
        raise ValueRefused("malformed")
    return AnswerFrame(kind, content)


def read_settings(frame: bytes, limits: ValueLimits = LIMITS) -> Settings:
    """How the reference wants an answer judged.

    Raises:
        ValueRefused: it is no frame.
        ValueError: it holds no settings.
    """
    return settings_from(decode(_parts(frame)[2], limits))


def _parts(frame: bytes) -> tuple[str, bytes, bytes]:
    if len(frame) < _HEAD.size:
        raise ValueRefused("malformed")
    magic, kind, size = _HEAD.unpack_from(frame)
    if magic != _MAGIC or kind not in _NAMES or size > len(frame) - _HEAD.size:
        raise ValueRefused("malformed")
    end = _HEAD.size + size
    return _NAMES[kind], frame[_HEAD.size : end], frame[end:]
