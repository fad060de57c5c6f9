"""How a submission's network does on held-out images: what its answers say of it beyond the marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograder.answers.values import ValueRefused
from autograder.judging.held_out import accuracy
from autograder.judging.judge import Expected, attempts, read_expected, read_received
from autograder.judging.own_network import number_of_parameters


def standing_in(expected: Sequence[bytes], received: Sequence[bytes]) -> dict[str, Any]:
    """`accuracy`, `images` and `error_bar` where held-out images were asked for, `parameters` where they were told.

    Args:
        expected: the frames of the reference.
        received: the frames of a submission, hostile.
    """
    found: dict[str, Any] = {}
    for attempt in attempts(received):
        for asked, data in zip(read_expected(expected), attempt, strict=False):
            found = {**_told(asked, data), **found}
    return found


def _error_bar(share: float, count: int) -> float:
    """Two standard errors of a share of so many: 95 of 100 times, the share of all such images is within."""
    return 2 * math.sqrt(share * (1 - share) / count)


def _told(asked: Expected, data: bytes) -> dict[str, Any]:
    settings = asked.settings
    if settings.held_out is None and settings.own != "parameters":
        return {}
    try:
        content = read_received(data).content
        if settings.held_out is None:
            return {"parameters": number_of_parameters(content[0])}
        share = accuracy(content, settings.held_out)
    except (ValueRefused, TypeError, ValueError, LookupError):
        return {}
    if share is None:
        return {}
    images = len(settings.held_out.indices)
    return {"accuracy": share, "images": images, "error_bar": _error_bar(share, images)}
