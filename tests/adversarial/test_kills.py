"""A run may end at any moment and by anything: starting it again finishes it, with the same marks."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from supervised import Outcome, begin, supervise

from autograder.course import Course
from autograder.files.writing import UNFINISHED
from autograder.gradebook.gradebook import all_marks

pytestmark = [
    pytest.mark.slow("a grader killed twenty times, and started again"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux: there is no sandbox without it"),
]
COURSES, KILLS_OF_EACH = 5, 4  # twenty kills, each of which has struck
MAX_TRIALS, SOONER = 8, 0.7  # a run that ends before its kill makes the later kills come sooner
RANDOM_SEED = 3  # of the moments; the machine's own pace makes them random enough

SLOWLY = "import time\n\n\ndef double(x):\n    time.sleep(0.05)\n    return x + x"  # so that there is something to kill
WRONG = "def double(x):\n    return 4"
CRASH = "import os\nos._exit(1)"
# What each hands in, and what its two coded questions earn.
CLASS: dict[str, tuple[dict[str, str], float, float]] = {
    "right": (tiny.RIGHT, 1, 2),
    "slow": (tiny.RIGHT | {"double": SLOWLY}, 1, 2),
    "another": (tiny.RIGHT | {"halve": "def halve(x):\n    return 0.5 * x"}, 1, 2),
    "wrong": (tiny.RIGHT | {"double": WRONG}, 0, 2),
    "half": ({"halve": tiny.RIGHT["halve"]}, 0, 2),
    "stub": ({}, 0, 0),
    "crash": (tiny.RIGHT | {"double": CRASH}, 0, 2),
}
NO_NOTEBOOK = "no-notebook"


def new_course(folder: Path) -> Course:
    """A course with eight quick submissions: six honest ones, one that crashes, one that is no notebook."""
    course, released = tiny.released_course(folder)
    for student, (answers, _, _) in CLASS.items():
        tiny.hand_in(course, student, tiny.answered(released, **answers))
    tiny.hand_in(course, NO_NOTEBOOK, b"{")
    return course


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Outcome]:
    course = new_course(tmp_path_factory.mktemp("undisturbed"))
    outcome = begin(tiny.grade_command(course)).wait()
    assert outcome.status == 0, outcome.output
    return course, outcome


def digests(course: Course) -> dict[str, str]:
    """Every finished result, by its name. What is unfinished has another name."""
    kept = (course.results / tiny.NAME / "graded").glob("*.json")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if not path.name.startswith(".")}


def opens(course: Course) -> bool:
    """Whether the gradebook is there in one piece, or not there yet."""
    path = course.root / "gradebook.db"
    if not path.exists():
        return True
    with sqlite3.connect(path) as database:
        return database.execute("pragma integrity_check").fetchall() == [("ok",)]


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def let_a_minute_pass(course: Course) -> None:
    """What a dead run left half-written is removed once it is too old for anyone to be writing it still."""
    for path in course.root.rglob(f"{UNFINISHED}*"):
        os.utime(path, (0, 0))


def finish(course: Course, expected: Course) -> None:
    """Start the run again, and find what an undisturbed one would have left."""
    let_a_minute_pass(course)
    outcome = begin(tiny.grade_command(course)).wait()
    assert outcome.status == 0, outcome.output
    assert outcome.left == []
    expect_whole(course, expected)
    assert not list(course.root.rglob(f"{UNFINISHED}*"))


def expect_whole(course: Course, expected: Course) -> None:
    assert all_marks(course, tiny.NAME) == all_marks(expected, tiny.NAME)
    for folder in ("autograded", "feedback"):
        assert names_in(course.root / folder) == names_in(expected.root / folder)


def test_the_undisturbed_run_gives_everyone_what_is_fair(undisturbed: tuple[Course, Outcome]) -> None:
    course, _ = undisturbed
    found = all_marks(course, tiny.NAME)
    assert set(found) == {*CLASS, NO_NOTEBOOK}
    for student, (_, double, halve) in CLASS.items():
        given = found[student] or {}
        assert (given["test_double"], given["test_halve"]) == (double, halve), student


@pytest.mark.parametrize("number", range(COURSES))
def test_a_grader_killed_again_and_again_loses_nothing(
    undisturbed: tuple[Course, Outcome], tmp_path: Path, number: int
) -> None:
    expected, calm = undisturbed
    moments = random.Random(RANDOM_SEED + number)
    horizon = 0.9 * calm.seconds  # the machine may since have become faster
    killed = 0
    for trial in range(MAX_TRIALS):
        course = new_course(tmp_path / str(trial))
        known: dict[str, str] = {}
        status = -signal.SIGKILL
        while status != 0 and killed < KILLS_OF_EACH:  # what goes on with a dead run is shorter, and may end in peace
            moment = moments.uniform(0, horizon)
            outcome = begin(tiny.grade_command(course), send=signal.SIGKILL, after=moment).wait()
            status = outcome.status
            assert status in (0, -signal.SIGKILL), outcome.output
            assert outcome.left == []
            killed += status == -signal.SIGKILL
            assert opens(course)
            now = digests(course)
            assert known.items() <= now.items()  # a result that was there is there, and is the same
            for path in (course.results / tiny.NAME / "graded").glob("[!.]*.json"):
                json.loads(path.read_bytes())
            known = now
            if status == 0:
                horizon = SOONER * min(horizon, outcome.seconds)
        if status == 0:  # it was gone on with until it was done
            expect_whole(course, expected)
        else:
            finish(course, expected)
        if killed == KILLS_OF_EACH:
            return
    pytest.fail(f"{killed} kills in {MAX_TRIALS} courses; {KILLS_OF_EACH} were to be")


def test_ctrl_c_leaves_no_process_and_a_run_that_can_be_finished(
    undisturbed: tuple[Course, Outcome], tmp_path: Path
) -> None:
    """Of a program that starts as any other, which all these tests would take too long for."""
    expected, _ = undisturbed
    course = new_course(tmp_path)
    outcome = supervise(tiny.grade_command(course), send=signal.SIGINT, once=course.results / tiny.NAME / "graded")
    assert outcome.status not in (0, -signal.SIGKILL), outcome.output
    assert "Traceback" not in outcome.output
    assert outcome.left == []
    assert opens(course)
    finish(course, expected)


def test_two_runs_at_once_end_in_one_refusal_and_one_result(
    undisturbed: tuple[Course, Outcome], tmp_path: Path
) -> None:
    expected, calm = undisturbed
    course = new_course(tmp_path)
    first = subprocess.Popen(tiny.grade_command(course), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while not (course.root / ".grading").exists():
            assert first.poll() is None
        second = begin(tiny.grade_command(course)).wait()
        output, _ = first.communicate(timeout=20 * calm.seconds + 60)
    finally:
        first.kill()
    statuses = sorted([first.returncode, second.status])
    assert statuses == [0, 2], (output, second.output)
    assert "another run" in output + second.output
    assert all_marks(course, tiny.NAME) == all_marks(expected, tiny.NAME)


@pytest.fixture
def small_disk(undisturbed: tuple[Course, Outcome], tmp_path: Path) -> Iterator[Path]:
    """A file system with room for half of what the undisturbed course is. Mounting one takes root."""
    course, _ = undisturbed
    used = sum(-(-path.stat().st_size // 4096) * 4096 for path in course.root.parent.rglob("*") if path.is_file())
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={used // 2}", "small", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    undisturbed: tuple[Course, Outcome], small_disk: Path
) -> None:
    expected, _ = undisturbed
    course = new_course(small_disk)
    full = begin(tiny.grade_command(course)).wait()
    assert full.status in (1, 2), full.output
    assert re.search(r"the disk is full|No space left on device.*make room", full.output)  # whichever file came last
    assert "Traceback" not in full.output
    assert full.left == []
    for path in (course.results / tiny.NAME / "graded").glob("[!.]*.json"):
        json.loads(path.read_bytes())
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    finish(course, expected)


def test_a_file_that_cannot_grow_is_no_half_result(undisturbed: tuple[Course, Outcome], tmp_path: Path) -> None:
    """The same without root: no file may be longer than 60 kB, and the gradebook alone is."""
    expected, _ = undisturbed
    course = new_course(tmp_path)
    limited = ["prlimit", f"--fsize={60_000}:unlimited", *tiny.grade_command(course)]
    if shutil.which("prlimit") is None:
        pytest.skip("needs prlimit")
    refused = supervise(limited)
    assert refused.status in (1, 2), refused.output
    assert "Traceback" not in refused.output
    assert refused.left == []
    finish(course, expected)
