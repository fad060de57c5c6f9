"""Who gets which job in a cluster, and what an address is: nothing here starts a process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.cluster.machine import Cores, MachineTurns
from autograder.cluster.scheduler import Scheduler, scheduler_at
from autograder.cluster.workers import Workers
from gradus.errors import GradusError


def workers(**threads: int) -> Workers:
    made = Workers(0.2, "nobody is there")
    for address, number in threads.items():
        made.expect(address)
        made.admit(address, number)
    return made


def happens(function: Callable[[], object], seconds: float = 0.3) -> bool:
    """Whether a call comes back by itself."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def test_jobs_go_to_the_worker_with_the_least_to_do_and_one_waits_at_each() -> None:
    found = workers(small=1, large=3)
    with ExitStack() as held:
        taken = [held.enter_context(found.seat()).address for _ in range(6)]
        assert sorted(taken[:4]) == ["large"] * 3 + ["small"]  # as many as run at once
        assert sorted(taken) == ["large"] * 4 + ["small"] * 2
        assert not happens(lambda: found.seat().__enter__())


def test_a_job_alone_waits_until_its_worker_has_nothing_else_and_lets_nobody_in() -> None:
    found = workers(one=1)
    begun, alone = threading.Event(), threading.Event()

    def run_alone() -> None:
        begun.set()
        with found.seat(alone=True):
            alone.set()

    with found.seat():
        threading.Thread(target=run_alone, daemon=True).start()
        begun.wait()
        assert not alone.wait(0.2)
        assert not happens(lambda: found.seat().__enter__())
    assert alone.wait(5)
    with found.seat() as seat:
        assert seat.address == "one"


def test_a_worker_that_goes_takes_its_jobs_with_it_and_no_others() -> None:
    found = workers(one=1, two=1)
    with found.seat() as first, found.seat() as second:
        pending: dict[str, Future[None]] = {}
        for seat in (first, second):
            pending[seat.address] = Future()
            found.attach(seat, pending[seat.address])
        found.leave("one")
        assert {seat.address: seat.lost for seat in (first, second)} == {"one": True, "two": False}
        with pytest.raises(CancelledError):
            pending["one"].result()
        assert not pending["two"].done()
        late: Future[None] = Future()  # what is asked of a worker as it goes
        found.attach(first if first.lost else second, late)
        assert late.cancelled()


def test_a_worker_that_is_refused_gets_nothing_more_and_what_it_does_is_still_lost_with_it() -> None:
    found = workers(one=1, two=1)
    with found.seat(), found.seat() as second:
        found.refuse(second.address, "it has no sandbox")
        assert found.addresses != [second.address]
        assert found.threads == 1
        found.leave(second.address)
        assert second.lost


def test_where_no_worker_is_left_each_that_was_refused_is_named() -> None:
    found = workers(one=1)
    found.refuse("one", "one has no sandbox")
    found.expect("two")
    found.refuse("two", "two is of another version")
    with pytest.raises(GradusError, match="nobody is there\none has no sandbox\ntwo is of another version"):
        found.seat().__enter__()


def test_a_worker_that_is_asked_who_it_is_is_waited_for() -> None:
    found = workers()
    found.expect("slow")
    threading.Timer(0.6, found.admit, ("slow", 1)).start()
    with found.seat() as seat:
        assert seat.address == "slow"


def test_at_the_end_everybody_is_told_and_the_first_reason_counts() -> None:
    found = workers(one=1)
    waiting: Future[None] = Future()
    with found.seat() as seat:
        found.attach(seat, waiting)
        assert found.end("the scheduler is gone") == found.end("stopped") == "the scheduler is gone"
        assert waiting.cancelled()
        assert not seat.lost
    with pytest.raises(GradusError, match="the scheduler is gone"):
        found.seat().__enter__()


def test_many_threads_share_workers_that_come_and_go() -> None:
    found = workers(one=2, two=2)

    def take(number: int) -> bool:
        with found.seat(alone=number % 7 == 0) as seat:
            return not seat.lost

    with ThreadPoolExecutor(16) as threads:
        done = [threads.submit(take, number) for number in range(400)]
        for number in range(20):
            found.expect(f"more{number}")
            found.admit(f"more{number}", 1)
            found.leave(f"more{number - 1}")
        assert len([each.result(30) for each in done]) == 400


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786"),
        ("scheduler.example.edu:8786", "tcp://scheduler.example.edu:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
    ],
)
def test_an_address_is_taken_with_or_without_its_scheme(text: str, address: str) -> None:
    assert scheduler_at(text) == Scheduler(address)


@pytest.mark.parametrize(
    "text",
    ["", "8786", "host", "host:", "host:0", "host:99999", "http://host:80", "tcp://host:1/x", "a b:1", "local:0"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(GradusError, match="--scheduler takes"):
        scheduler_at(text)


def test_certificates_are_given_all_or_none_and_to_tls_alone(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    with pytest.raises(GradusError, match=r"ca\.pem, the file of --tls-ca-file, is not there"):
        scheduler_at("tls://host:1", *files)
    for file in files:
        file.touch()
    assert scheduler_at("host:1", *files).address == "tls://host:1"
    for text, given, said in [
        ("tls://host:1", [], "asks for certificates"),
        ("tls://host:1", files[:2], "--tls-key must be given"),
        ("tcp://host:1", files, "is not encrypted"),
        ("local", files, "takes no certificates"),
    ]:
        with pytest.raises(GradusError, match=said):
            scheduler_at(text, *given)


@pytest.mark.parametrize(
    ("address", "is_open"),
    [("tcp://127.0.0.1:1", False), ("tcp://localhost:1", False), ("tcp://[::1]:1", False), ("tls://10.0.0.1:1", False),
     ("", False), ("tcp://10.0.0.1:1", True), ("tcp://host:1", True)],
)  # fmt: skip
def test_an_open_scheduler_is_one_that_others_can_reach_unasked(address: str, is_open: bool) -> None:
    assert Scheduler(address).is_open is is_open


_HOLD = "import sys; from pathlib import Path; from autograder.cluster.machine import Cores, MachineTurns\n"


@pytest.mark.slow("a second process")
def test_two_worker_processes_share_cores_and_turns(tmp_path: Path) -> None:
    program = f"""{_HOLD}
cores = Cores(Path(sys.argv[1]), 1)
with MachineTurns(Path(sys.argv[1])).together():
    print(cores.numbers, flush=True)
    sys.stdin.readline()
"""
    turns = MachineTurns(tmp_path)
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        taken = other.stdout.readline().strip()
        mine = Cores(tmp_path, 1)
        assert str(mine.numbers) != taken
        with turns.together():
            pass
        assert not happens(lambda: turns.alone().__enter__())
        other.kill()  # a lock goes with its process, however that ends
    with turns.alone():
        pass
