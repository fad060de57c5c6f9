"""Work on what strangers sent ends in time, without the pieces that do not; and nothing of the grader ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from services import HARD, Pieceworker

from autograder.bounded import pieces
from autograder.bounded.pieces import Pieces
from autograder.bounded.process import MOST_LOST, Bounded, LostError, prepare
from gradus.errors import GradusError

pytestmark = pytest.mark.slow("processes that are ended")


@pytest.fixture
def bounded() -> Iterator[Bounded]:
    prepare(["services"])
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
    assert done[0] == "first"
    assert done[-1] == "without last"


def test_a_kind_that_has_had_its_time_leaves_the_others_theirs(bounded: Bounded) -> None:
    hard = ["an end of the process"] * 7
    done = bounded.call("work_of_kinds", {"cell": ["first", *hard, "last"], "question": ["first", *hard[:1], "last"]})
    assert done["cell"] == ["first", *(f"without {name}" for name in hard), "without last"]
    assert done["question"] == ["first", f"without {hard[0]}", "last"]


def test_what_is_done_is_not_done_again_once_the_process_was_ended(bounded: Bounded, tmp_path: Path) -> None:
    note = tmp_path / "done"
    bounded.call("note_and_end", str(note), 4)
    assert len(note.read_text()) <= 2 * 4  # at first nobody listens


def test_what_is_done_between_pieces_has_a_time_too(bounded: Bounded, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LostError):
        bounded.call("loop_between_pieces")
    assert bounded.call("count") == 1


@pytest.mark.parametrize(
    "what", ["an error that cannot be read", "an answer that cannot be sent", "an answer too deep"]
)
def test_what_cannot_be_sent_comes_back_as_an_error(bounded: Bounded, what: str) -> None:
    with pytest.raises(Exception, match=r"."):
        bounded.call("unsendable", what)
    assert bounded.call("count") == 2


def test_a_call_is_ended_from_another_thread(bounded: Bounded) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bounded.call, "sleep")
        while bounded._process is None:
            time.sleep(0.01)
        bounded.stop()
        with pytest.raises(GradusError, match="stopped"):
            waiting.result()
    with pytest.raises(GradusError, match="stopped"):
        bounded.call("count")


@pytest.mark.slow("a program that is killed")
def test_a_process_ends_when_its_grader_is_killed() -> None:
    code = (
        "import os, signal\nfrom services import Pieceworker\nfrom autograder.bounded.process import Bounded\n"
        "bounded = Bounded(Pieceworker)\nbounded.call('count')\nprint(bounded._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    here = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": here},
    )
    pid = int(run.stdout)
    for _ in range(500):
        if not _is_alive(pid):
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} is left: {run.stderr}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_failure_of_a_piece_is_news_for_the_log_and_for_no_terminal(
    bounded: Bounded, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bounded.call("work", ["an error"]) == ["without an error"]
    assert "ZeroDivisionError" in caplog.text
    assert "Traceback" not in capfd.readouterr().err


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


def test_all_pieces_of_a_kind_together_have_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "KIND_SECONDS", 0.05)
    work = Pieces()
    busy = [work.do(("cell", n), lambda: sum(range(200_000)) > 0, lambda: False) for n in range(200)]
    assert busy[0]
    assert not busy[-1]
    assert not all(busy)
    assert work.do("question", lambda: True, lambda: False)
