"""Services for the tests of `autograder.bounded`, which are made in processes of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from autograder.bounded.pieces import Pieces

HARD = {
    "a loop": lambda: [None for _ in iter(int, 1)],  # and its memory
    "a regular expression": lambda: re.match(r"(a*)*b", "a" * 60),
    "a memory hog": lambda: bytearray(1 << 36),
    "a deep recursion": lambda: _deeper(),
    "an end of the process": lambda: os._exit(1),
    "a crash": lambda: os.abort(),
    "an error": lambda: 1 / 0,
}


def _deeper() -> int:
    return 1 + _deeper()


class Pieceworker:
    """Does what `HARD` says by name, and gives anything else back."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        self.ask, self.calls = ask, 0

    def work(self, pieces: Pieces, names: list[str]) -> list[str]:
        self.calls += 1
        return [
            pieces.do(
                place,
                lambda name=name: HARD[name]() and "" if name in HARD else name,  # type: ignore[misc]
                lambda name=name: f"without {name}",  # type: ignore[misc]
            )
            for place, name in enumerate(names)
        ]

    def asked(self, pieces: Pieces, what: str) -> Any:
        return self.ask(what)

    def count(self, pieces: Pieces) -> int:
        self.calls += 1
        return self.calls

    def refuse(self, pieces: Pieces) -> None:
        raise ValueError("no")

    def die(self, pieces: Pieces) -> None:
        os._exit(1)


class Here:
    """In the place of `Bounded`: a service in this process, where a test can change what it calls."""

    def __init__(self, make: Callable[[Callable[[str], Any]], Any]) -> None:
        self.service = make(lambda what: None)

    def call(self, name: str, *arguments: Any) -> Any:
        return getattr(self.service, name)(Pieces(), *arguments)

    def close(self) -> None:
        return
