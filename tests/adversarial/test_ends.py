"""Whatever ends or stops a part of a run from outside, at whatever moment: every mark is that of the calm run.

GRADUS_ENDS=100 strikes a hundred times, where the suite strikes fewer; GRADUS_STOP_SECONDS=60 stops for a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from hostile_class import set_limits
from supervised import begin

from autograder.course import Course
from autograder.engine.sandbox.processes import children, descendants
from autograder.gradebook.gradebook import all_marks

pytestmark = [
    pytest.mark.slow("thirteen ends of a grading run, each begun again"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux: there is no sandbox without it"),
]
ENDS = int(os.environ.get("GRADUS_ENDS", "13"))
STOP_SECONDS = float(os.environ.get("GRADUS_STOP_SECONDS", "4"))  # longer than a cell or question may take
LIMITS = {"cell_seconds": 2.5, "question_seconds": 2.5}
STOP = "STOP"
KINDS = [
    ("grader", "INT"), ("warm process", "KILL"), ("grader", "TERM"), ("sandbox", "KILL"), ("submission", "KILL"),
    ("grader", "KILL"), ("notebook", "KILL"), ("sandbox", "TERM"), ("notebook", "TERM"), ("warm process", "TERM"),
    ("grader", STOP), ("warm process", STOP), ("notebook", STOP),
]  # fmt: skip
# What takes as long in its hidden tests as in its cells, and next to no processor time: most of it is waiting.
DOUBLE = "import time\ntime.sleep(0.2)\n\n\ndef double(x):\n    time.sleep(0.05)\n    return x + x"
ANSWERS: list[dict[str, str]] = [
    {"double": DOUBLE, "halve": tiny.RIGHT["halve"]},
    {"double": DOUBLE, "halve": "def halve(x):\n    return 2 * x"},
    {"double": DOUBLE.replace("x + x", "4.0"), "halve": tiny.RIGHT["halve"]},
    {"double": DOUBLE},
]
STUDENTS = 12
_PATIENCE = 3.0  # seconds, for a process that is to be struck
MOST_RUNS = 12  # of one course


def new_course(folder: Path) -> Course:
    """A class of twelve honest students, some of them wrong; no result is found under a fellow's."""
    course, released = tiny.released_course(folder)
    set_limits(course, LIMITS)
    for number in range(STUDENTS):
        answers = {name: f"{code}  # {number}" for name, code in ANSWERS[number % len(ANSWERS)].items()}
        tiny.hand_in(course, f"student-{number}", tiny.answered(released, **answers))
    return course


def pids_of(grader: int, target: str) -> list[int]:
    """The processes of one kind in a run, found from outside by who started whom."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        sandboxes = [pid for pid in descendants(grader) if b"bwrap" in Path(f"/proc/{pid}/cmdline").read_bytes()[:50]]
        warm = [
            pid for one in sandboxes[1:] for pid in children(one)
        ]  # the second is the first process behind the wall
        inits = [pid for one in warm for pid in children(one)]
        match target:
            case "grader":
                return [grader]
            case "sandbox":
                return sandboxes
            case "warm process":
                return warm
            case "submission":
                return inits
            case "notebook":
                return [pid for init in inits for pid in descendants(init)]
    return []


class Striker:
    """Starts runs of one course and strikes them, one kind after the other, at moments of its own choice."""

    def __init__(self, course: Course, kinds: list[tuple[str, str]], moments: random.Random, horizon: float) -> None:
        self.course, self.waiting, self.moments, self.horizon = course, kinds, moments, horizon
        self.struck: Counter[tuple[str, str]] = Counter()

    def run_once(self) -> int:
        """One run, struck until it ends; its exit status."""
        run, outcome = begin(tiny.grade_command(self.course)), None
        while self.waiting and outcome is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                outcome = run.wait(self.moments.uniform(0.1, self.horizon))
                break
            self._strike(run.pid)
        return (outcome or run.wait()).status

    def _strike(self, grader: int) -> None:
        target, name = self.waiting[0]
        found = pids_of(grader, target)
        until = time.monotonic() + _PATIENCE
        while not found and time.monotonic() < until:  # there is none at the moment
            time.sleep(0.01)
            found = pids_of(grader, target)
        if not found:
            return
        pid = self.moments.choice(found)
        try:
            os.kill(pid, getattr(signal, f"SIG{name}"))
        except ProcessLookupError:
            return
        self.waiting.pop(0)
        self.struck[target, name] += 1
        if name == STOP:
            time.sleep(STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def results_of(course: Course) -> dict[str, Any]:
    """What the last run's JSON says of each student, as far as it does not depend on the clock."""
    said = json.loads((course.root / "marks.json").read_text())
    return {one["student"]: (one["score"], one["marks"], one["problems"]) for one in said["submissions"]}


def test_every_mark_is_that_of_the_calm_run_whatever_ends_a_part_of_it(tmp_path: Path) -> None:
    calm = new_course(tmp_path / "calm")
    outcome = begin(tiny.grade_command(calm)).wait()
    assert outcome.status == 0, outcome.output
    expected = all_marks(calm, tiny.NAME)
    waiting = [KINDS[number % len(KINDS)] for number in range(ENDS)]
    moments = random.Random(int(os.environ.get("GRADUS_ENDS_SEED", "7")))
    struck: Counter[tuple[str, str]] = Counter()
    statuses: Counter[int] = Counter()
    number = 0
    while waiting:
        course = new_course(tmp_path / f"course-{number}")
        striker = Striker(course, waiting, moments, 0.25 * outcome.seconds)
        for _ in range(MOST_RUNS):
            status = striker.run_once()
            statuses[status] += 1
            if status == 0:
                break
        final = begin(tiny.grade_command(course)).wait()  # calm, on what the struck runs left
        assert final.status == 0, final.output
        assert final.left == []
        assert all_marks(course, tiny.NAME) == expected, (number, striker.struck)
        assert results_of(course) == results_of(calm), (number, striker.struck)
        struck += striker.struck
        number += 1
    print(f"{sum(struck.values())} ends in {number} courses:", dict(struck), "exit statuses:", dict(statuses))
    assert sum(struck.values()) == ENDS
