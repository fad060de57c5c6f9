"""Time that others burn is not a submission's, and what others may have ended is run again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

import pytest

from autograder.engine import pool
from autograder.engine.pool import Sandbox
from autograder.engine.sandbox import SandboxError, clock, notebook_run, unavailable
from autograder.engine.sandbox.clock import Clock, Deadline
from autograder.engine.sandbox.processes import kill_below
from autograder.engine.turns import Turns
from autograder.records.execution import (
    CellResult,
    CodeCell,
    Doubt,
    Execution,
    Job,
    Limits,
    Problem,
    Question,
    QuestionResult,
)
from gradus.errors import GradusError

ME = 7


class Machine:
    """A machine whose time and processes are what a test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ran, self.delay, self.stuck = 0.0, 0.0, False

    def times(self, tree: Iterable[int]) -> tuple[float, dict[int, float], bool]:
        return self.ran, {ME: self.delay}, self.stuck

    def pass_(self, seconds: float, ran: float = 0.0, delay: float = 0.0, stuck: bool = False) -> None:
        self.now += seconds
        self.ran, self.delay, self.stuck = self.ran + ran, self.delay + delay, stuck


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(clock, "_times", made.times)
    monkeypatch.setattr(clock, "descendants", lambda pid: [])
    monkeypatch.setattr(clock.time, "monotonic", lambda: made.now)
    return made


LOOK = 0.125  # of a second, between two looks; eight of them make a second
WHAT_PASSED = {  # between two looks; what is charged for eight, and what counts as waiting
    "it ran": ({"ran": LOOK}, 1.0, 0.0),
    "it slept": ({}, 1.0, 0.0),
    "it waited for a processor": ({"delay": LOOK}, 0.0, 1.0),
    "it ran a quarter and waited for the rest": ({"ran": LOOK / 4, "delay": 3 * LOOK / 4}, 0.25, 0.75),
    "processes of its own kept it waiting": ({"ran": LOOK, "delay": LOOK}, 1.0, 0.0),
    "processes of its own ran on two cores": ({"ran": 2 * LOOK}, 2.0, 0.0),
    "more delay is told than time has passed": ({"delay": 5.0}, 0.0, 1.0),
    "it was stopped, or waited for a disk": ({"stuck": True}, 1.0, 1.0),
}


@pytest.mark.parametrize("what", WHAT_PASSED)
def test_what_is_charged_is_what_ran_or_slept(machine: Machine, what: str) -> None:
    passed, charged, waited = WHAT_PASSED[what]
    watch = Clock(ME)
    for _ in range(8):
        machine.pass_(LOOK, **passed)  # type: ignore[arg-type]
        watch.look()
    assert watch.spent.charged == pytest.approx(charged, abs=1e-6)
    assert watch.spent.waited == pytest.approx(waited, abs=1e-6)


def test_a_minute_in_which_the_grader_stood_still_is_not_charged(machine: Machine) -> None:
    watch = Clock(ME)
    limit = Deadline.of(watch, 2.0, 100.0)
    machine.pass_(60.0)
    assert not limit.passed()
    assert watch.spent.charged < 1
    machine.pass_(60.0, ran=60.0)  # but what it ran meanwhile is
    assert limit.passed()
    assert not limit.by_others()


def test_a_limit_says_whether_others_may_have_made_it_pass(machine: Machine) -> None:
    def until_passed(**passed: float | bool) -> tuple[float, bool]:
        watch, began = Clock(ME), machine.now
        limit = Deadline.of(watch, 2.0, 4.0)
        while not limit.passed():
            machine.pass_(LOOK, **passed)  # type: ignore[arg-type]
            watch.look()
        return machine.now - began, limit.by_others()

    assert until_passed(ran=LOOK) == (2.0, False)  # an endless loop
    assert until_passed() == (2.0, False)  # an endless sleep
    assert until_passed(ran=LOOK / 2, delay=LOOK / 2) == (4.0, False)  # an endless loop beside another: twice as late
    assert until_passed(delay=LOOK) == (8.0, True)  # never its turn: the wall clock ends it
    assert until_passed(ran=LOOK / 8, delay=7 * LOOK / 8) == (8.0, True)
    assert until_passed(stuck=True) == (2.0, True)


def test_a_limit_within_another_passes_with_it(machine: Machine) -> None:
    watch = Clock(ME)
    outer = Deadline.of(watch, 1.0, 2.0)
    inner = Deadline.of(watch, 5.0, 4.0, outer)
    for _ in range(8):
        assert not inner.passed()
        machine.pass_(LOOK, ran=LOOK)
        watch.look()
    assert inner.passed()
    assert not inner.by_others()


@pytest.mark.slow("a sandbox")
@pytest.mark.skipif(unavailable() is not None and not os.environ.get("CI"), reason=unavailable() or "")
def test_a_submission_stays_on_the_cores_that_it_was_given() -> None:
    """As the system tells of this thread: /proc is the kernel's own word."""
    given = sorted(os.sched_getaffinity(0))
    tries = f"""
import os, subprocess, sys
os.sched_setaffinity(0, {given})
os.sched_setaffinity(0, range(os.cpu_count()))
told = [line for line in open("/proc/self/status") if line.startswith("Cpus_allowed_list")]
child = [sys.executable, "-c", "import os; os.sched_setaffinity(0, range(99)); print(len(os.sched_getaffinity(0)))"]
len(os.sched_getaffinity(0)), subprocess.run(child, capture_output=True, text=True).stdout.strip()
"""
    sandbox = Sandbox(Limits(), preload=())
    try:
        os.sched_setaffinity(0, given[:1])
        execution = sandbox.run(Job((CodeCell(0, tries),), (), 1))
    finally:
        os.sched_setaffinity(0, given)
        sandbox.close()
    assert execution.cells[0].outputs[-1]["data"]["text/plain"] == "(1, '1')"


# What is in doubt is run again


@pytest.mark.slow("a sandbox")
def test_a_process_that_takes_long_to_die_beside_others_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [False]  # of the first try; then as it is
    monkeypatch.setattr(notebook_run, "kill_below", lambda *given: outcomes.pop() if outcomes else kill_below(*given))
    sandbox = Sandbox(Limits(), preload=())
    job = Job(
        (CodeCell(0, "def f(): return 1", "q"),),
        (Question("q", "from autograder.answers import answer\nanswer(f)"),),
        1,
    )
    try:
        execution = sandbox.run(job)
    finally:
        sandbox.close()
    assert execution.problems == []
    assert [question.state for question in execution.questions] == ["done"]


class Engine:
    """A worker that gives one of some runs after the other, or raises it."""

    def __init__(self, *runs: Execution | Exception) -> None:
        self.runs = list(runs)

    def run(self, job: Job, limits: Limits) -> Execution:
        run = self.runs.pop(0)
        if isinstance(run, Exception):
            raise run
        return run


def ran(state: str = "done", *doubts: Doubt) -> Execution:
    return Execution([CellResult(0, "ok")], [QuestionResult("q", [], state)], doubts=set(doubts))  # type: ignore[arg-type]


def outcome(*runs: Execution | Exception) -> tuple[Execution, int]:
    """What a sandbox makes of these runs, and how many it did not need."""
    sandbox, engine = Sandbox(Limits()), Engine(*runs)
    sandbox._worker = engine  # type: ignore[assignment]
    return sandbox.run(Job((), (), 1)), len(engine.runs)


def test_a_run_without_doubt_counts_at_once() -> None:
    assert outcome(ran("timeout"), ran()) == (ran("timeout"), 1)


def test_what_ended_once_and_not_again_was_ended_by_others() -> None:
    assert outcome(ran("killed", "ended"), ran()) == (ran(), 0)


def test_what_ends_twice_in_one_place_ends_by_itself() -> None:
    found, left = outcome(ran("killed", "ended"), ran("killed", "ended"), ran())
    assert (found, left) == (ran("killed"), 1)


def test_what_ends_in_two_places_is_run_a_third_time() -> None:
    elsewhere = Execution([CellResult(0, "killed")], [QuestionResult("q", [], "done")], doubts={"ended"})
    assert outcome(ran("killed", "ended"), elsewhere, ran()) == (ran(), 0)


def test_what_others_slow_every_time_says_so_and_keeps_its_doubt() -> None:
    found, _ = outcome(*[ran("timeout", "slowed") for _ in range(3)])
    assert found.doubts == {"slowed"}
    assert found.problems == [Problem("slowed")]


def test_a_sandbox_that_breaks_down_is_tried_alone_and_then_leaves_no_result() -> None:
    broken = SandboxError("it broke down")
    assert outcome(broken, ran()) == (ran(), 0)
    with pytest.raises(SandboxError):
        outcome(broken, broken, ran())


def test_what_cannot_start_is_the_system_s_fault() -> None:
    with pytest.raises(GradusError, match=r"no sandbox here\.$"):
        outcome(pool.SandboxUnavailable("no sandbox here"))


def test_one_that_is_alone_is_alone() -> None:
    turns, inside, most = Turns(), [], []
    lock, begin = threading.Lock(), threading.Barrier(6)

    def run(alone: bool) -> None:
        begin.wait(10)
        for _ in range(50):
            with turns.alone() if alone else turns.together():
                with lock:
                    inside.append(alone)
                    most.append((len(inside), any(inside)))
                with lock:
                    inside.pop()

    threads = [threading.Thread(target=run, args=(number < 2,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(most) == 300
    assert all(count == 1 for count, has_alone in most if has_alone)
