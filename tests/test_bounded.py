"""Work on what strangers sent ends in time, without the pieces that do not; and nothing of the grader ends with it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from services import HARD, Pieceworker

from autograder.bounded import pieces
from autograder.bounded.pieces import Pieces
from autograder.bounded.process import MOST_LOST, Bounded, LostError

pytestmark = pytest.mark.slow("processes that are ended")


@pytest.fixture
def bounded() -> Iterator[Bounded]:
    made = Bounded(Pieceworker)
    yield made
    made.close()


@pytest.mark.parametrize("hard", HARD)
def test_a_piece_that_is_too_much_is_done_without_and_the_others_are_done(bounded: Bounded, hard: str) -> None:
    assert bounded.call("work", ["first", hard, "last"]) == ["first", f"without {hard}", "last"]


def test_from_some_number_on_all_that_is_left_is_done_without(bounded: Bounded) -> None:
    hard = ["an end of the process"] * (MOST_LOST + 3)
    done = bounded.call("work", ["first", *hard, "last"])
    assert done[1:-1] == [f"without {name}" for name in hard]
    assert done[-1] == "without last"


def test_a_service_lives_on_between_calls(bounded: Bounded) -> None:
    assert [bounded.call("count") for _ in range(3)] == [1, 2, 3]


def test_a_service_may_ask_for_what_it_needs(bounded: Bounded) -> None:
    assert bounded.call("asked", "the key", answers={"the key": lambda: {"a": 1}}) == {"a": 1}


def test_what_a_service_raises_comes_back(bounded: Bounded) -> None:
    with pytest.raises(ValueError, match="no"):
        bounded.call("refuse")
    assert bounded.call("count") == 1


def test_a_call_that_never_comes_back_says_so(bounded: Bounded) -> None:
    with pytest.raises(LostError):
        bounded.call("die")
    assert bounded.call("count") == 1


def test_nothing_is_left_when_it_is_closed() -> None:
    bounded = Bounded(Pieceworker)
    bounded.call("count")
    assert bounded._process is not None
    pid = bounded._process.pid
    bounded.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)


def test_all_pieces_together_have_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "CALL_SECONDS", 0.05)
    work = Pieces()
    busy = [work.do(n, lambda: sum(range(200_000)) > 0, lambda: False) for n in range(200)]
    assert busy[0]
    assert not busy[-1]
    assert not all(busy)
