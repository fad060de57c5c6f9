"""Warm processes that outlast a grading run: tests that grade small classes one after the other need one, not dozens.

Nothing is lost by it: submissions are forked from it, and what has run in one run is gone with its channel.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.engine.sandbox.warm_process import WarmProcess, can_be_shared

AT_ONCE = 2  # submissions


class Lasting(WarmProcess):
    """A warm process that is not closed with what uses it."""

    def close(self) -> None:
        if not self.runs:  # it was ended, and is started again when it is next needed
            super().close()

    def close_for_good(self) -> None:
        super().close()


def kept() -> Iterator[None]:
    """While this is suspended, each grader in this process that imports the same modules before uses the same one."""
    found: dict[tuple[tuple[str, ...], bool], Lasting] = {}

    def warm(preload: tuple[str, ...], unsafe_no_sandbox: bool = False, workers: int = 1) -> WarmProcess:
        if workers > AT_ONCE or not can_be_shared():
            return WarmProcess(preload, unsafe_no_sandbox, workers)
        return found.setdefault((preload, unsafe_no_sandbox), Lasting(preload, unsafe_no_sandbox, AT_ONCE))

    with pytest.MonkeyPatch.context() as patch:
        for user in ("pool", "sandbox.worker"):
            patch.setattr(f"autograder.engine.{user}.WarmProcess", warm)
        yield
    for one in found.values():
        one.close_for_good()
