"""A run may end at any moment and by anything: starting it again finishes it, with the same marks."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks import Targets
from attacks.attack import POINTS
from hostile_class import HONEST, grade_command, hand_in_honest, honest_marks
from supervised import Outcome, supervise

from autograder.course import Course
from autograder.gradebook.gradebook import all_marks
from gradus.notebook.form import read

pytestmark = [
    pytest.mark.slow("a grader killed twenty times, and started again"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux: there is no sandbox without it"),
]
COURSES, KILLS_OF_EACH = 5, 4  # twenty kills, each of which has struck
MAX_TRIALS, SOONER = 8, 0.7  # a run that ends before its kill makes the later kills come sooner
RANDOM_SEED = 3  # of the moments; the machine's own pace makes them random enough


def new_course(folder: Path) -> Course:
    """A course with eight quick submissions: six honest ones, one that crashes, one that is no notebook."""
    course = Course(folder)
    targets = Targets(folder, (), folder, 0, "")
    released = read(course.released_notebook("ps4"))
    hand_in_honest(course, released, targets)
    for name, data in {"crash": crashing(course), "no-notebook": b"{"}.items():
        path = course.submitted_notebook(name, "ps4")
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return course


def crashing(course: Course) -> bytes:
    notebook = read(course.submitted_notebook("r17-zz-honest-compact", "ps4"))
    notebook["cells"].insert(1, {"cell_type": "code", "id": "x", "metadata": {}, "source": "import os; os._exit(1)"})
    return json.dumps(notebook).encode()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Outcome]:
    course = new_course(tmp_path_factory.mktemp("undisturbed") / "course")
    outcome = supervise(grade_command(course))
    assert outcome.status == 0, outcome.output
    return course, outcome


def digests(course: Course) -> dict[str, str]:
    """Every finished result, by its name. What is unfinished has another name."""
    kept = (course.results / "ps4" / "graded").glob("*.json")
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


def finish(course: Course, expected: Course) -> None:
    outcome = supervise(grade_command(course))
    assert outcome.status == 0, outcome.output
    assert outcome.left == []
    assert all_marks(course, "ps4") == all_marks(expected, "ps4")
    for folder in ("autograded", "feedback"):
        assert names_in(course.root / folder) == names_in(expected.root / folder)
    assert not list(course.root.rglob(".unfinished-*"))


def test_the_undisturbed_run_gives_everyone_what_is_fair(undisturbed: tuple[Course, Outcome]) -> None:
    course, _ = undisturbed
    found = all_marks(course, "ps4")
    assert len(found) == 8
    for student in HONEST:
        given = found[student] or {}
        assert {name: given[name] for name in POINTS} == honest_marks(student)


@pytest.mark.parametrize("number", range(COURSES))
def test_a_grader_killed_again_and_again_loses_nothing(
    undisturbed: tuple[Course, Outcome], tmp_path: Path, number: int
) -> None:
    expected, calm = undisturbed
    moments = random.Random(RANDOM_SEED + number)
    horizon = 0.9 * calm.seconds  # the machine may since have become faster
    killed = 0
    for trial in range(MAX_TRIALS):
        course = new_course(tmp_path / str(trial) / "course")
        known: dict[str, str] = {}
        status = -signal.SIGKILL
        while status != 0 and killed < KILLS_OF_EACH:  # what goes on with a dead run is shorter, and may end in peace
            outcome = supervise(grade_command(course), send=signal.SIGKILL, after=moments.uniform(0, horizon))
            status = outcome.status
            assert status in (0, -signal.SIGKILL), outcome.output
            assert outcome.left == []
            killed += status == -signal.SIGKILL
            assert opens(course)
            now = digests(course)
            assert known.items() <= now.items()  # a result that was there is there, and is the same
            for path in (course.results / "ps4" / "graded").glob("[!.]*.json"):
                json.loads(path.read_bytes())
            known = now
            if status == 0:
                horizon = SOONER * min(horizon, outcome.seconds)
        finish(course, expected)
        if killed == KILLS_OF_EACH:
            return
    pytest.fail(f"{killed} kills in {MAX_TRIALS} courses; {KILLS_OF_EACH} were to be")


def test_ctrl_c_leaves_no_process_and_a_run_that_can_be_finished(
    undisturbed: tuple[Course, Outcome], tmp_path: Path
) -> None:
    expected, _ = undisturbed
    course = new_course(tmp_path / "course")
    outcome = supervise(grade_command(course), send=signal.SIGINT, once=course.results / "ps4" / "graded")
    assert outcome.status not in (0, -signal.SIGKILL), outcome.output
    assert "Traceback" not in outcome.output
    assert outcome.left == []
    assert opens(course)
    finish(course, expected)


def test_two_runs_at_once_end_in_one_refusal_and_one_result(
    undisturbed: tuple[Course, Outcome], tmp_path: Path
) -> None:
    expected, calm = undisturbed
    course = new_course(tmp_path / "course")
    first = subprocess.Popen(grade_command(course), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while not (course.root / ".grading").exists():
            assert first.poll() is None
        second = supervise(grade_command(course))
        output, _ = first.communicate(timeout=20 * calm.seconds + 60)
    finally:
        first.kill()
    statuses = sorted([first.returncode, second.status])
    assert statuses == [0, 2], (output, second.output)
    assert "another run" in output + second.output
    assert all_marks(course, "ps4") == all_marks(expected, "ps4")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room. Mounting one takes root."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1200k", "small", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    undisturbed: tuple[Course, Outcome], small_disk: Path
) -> None:
    expected, _ = undisturbed
    course = new_course(small_disk / "course")
    full = supervise(grade_command(course))
    assert full.status in (1, 2), full.output
    assert "No space left" in full.output
    assert "Traceback" not in full.output
    assert full.left == []
    for path in (course.results / "ps4" / "graded").glob("[!.]*.json"):
        json.loads(path.read_bytes())
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    finish(course, expected)


def test_a_file_that_cannot_grow_is_no_half_result(undisturbed: tuple[Course, Outcome], tmp_path: Path) -> None:
    """The same without root: no file may be longer than 60 kB, and the gradebook alone is."""
    expected, _ = undisturbed
    course = new_course(tmp_path / "course")
    limited = ["prlimit", f"--fsize={60_000}:unlimited", *grade_command(course)]
    if shutil.which("prlimit") is None:
        pytest.skip("needs prlimit")
    refused = supervise(limited)
    assert refused.status in (1, 2), refused.output
    assert "Traceback" not in refused.output
    assert refused.left == []
    finish(course, expected)
