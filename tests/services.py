"""Services for the tests of `autograder.bounded`, which are made in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
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


class UnicodeDecodeErrorLike(Exception):  # noqa: N818
    """An error that cannot be made from its message alone."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


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

    def work_of_kinds(self, pieces: Pieces, names: dict[str, list[str]]) -> dict[str, list[str]]:
        return {
            kind: [
                pieces.do(
                    (kind, place),
                    lambda name=name: HARD[name]() and "" if name in HARD else name,  # type: ignore[misc]
                    lambda name=name: f"without {name}",  # type: ignore[misc]
                )
                for place, name in enumerate(of_kind)
            ]
            for kind, of_kind in names.items()
        }

    def note_and_end(self, pieces: Pieces, file: str, times: int) -> None:
        """Append a letter to a file, and end; so many times, as pieces of one kind."""

        def note() -> None:
            with Path(file).open("a") as notes:
                notes.write("x")

        for number in range(times):
            pieces.do(("note", number), note, lambda: None)
        pieces.do(("end", 0), lambda: os._exit(1), lambda: None)
        pieces.do(("end", 1), lambda: os._exit(1), lambda: None)

    def loop_between_pieces(self, pieces: Pieces) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0.2)  # what is left of the time of the call
        [None for _ in iter(int, 1)]

    def unsendable(self, pieces: Pieces, what: str) -> Any:
        self.calls += 1
        if what == "an answer that cannot be sent":
            return lambda: None
        if what == "an answer too deep":
            nested: list[Any] = []
            for _ in range(100_000):
                nested = [nested]
            return nested
        raise UnicodeDecodeErrorLike("a", "b")

    def sleep(self, pieces: Pieces) -> None:
        time.sleep(60)

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
