"""An answer for each group, without its author, drawn in a process that can be ended: what students wrote is parsed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.bounded.pieces import Pieces
from autograder.bounded.process import Bounded, LostError
from autograder.grouping.anonymous import anonymous

_LONGEST = 4_000  # characters of an answer that is looked at, and of an example


@dataclass(frozen=True)
class Sources:
    """What students of a group wrote, in the answer cells that one test marks: pairs of its name and the code."""

    group: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Make:
    def __call__(self, ask: Callable[[str], Any]) -> object:
        return importlib.import_module("autograder.reporting.examples").Reader()


class Reader:
    """Reads what students wrote, as a service that can be ended at any moment."""

    def examples(self, pieces: Pieces, of: Sequence[Sources], handed_out: Sequence[str]) -> dict[str, str]:
        """For each group the shortest answer that can be shown."""
        found = {}
        for sources in of:
            example: str = pieces.do((sources.group,), lambda sources=sources: _example(sources, handed_out), str)  # type: ignore[misc]
            if example:
                found[sources.group] = example
        return found


def _example(sources: Sources, handed_out: Sequence[str]) -> str:
    short = [answer for answer in sources.answers if len(answer[1]) <= _LONGEST]
    for question, source in sorted(short, key=lambda answer: len(answer[1])):
        if program := anonymous(source, question, handed_out):
            return program[:_LONGEST]
    return ""


def examples(of: Sequence[Sources], handed_out: Sequence[str]) -> dict[str, str]:
    """An example for each group that has one, by the group's name."""
    reader = Bounded(_Make())
    try:
        found: dict[str, str] = reader.call("examples", list(of), list(handed_out))
    except LostError:
        return {}
    finally:
        reader.close()
    return found
