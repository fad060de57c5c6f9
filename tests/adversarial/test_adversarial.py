"""Whatever a submission does: no mark it did not earn, nothing read, nobody else harmed, and a result with a reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks import ATTACKS, Attack
from attacks.attack import POINTS
from attacks.spelling import PAIRS, alike
from hostile_class import (
    HONEST,
    LIMITS,
    NEIGHBOUR,
    SAID_ON_SUCCESS,
    HostileClass,
    as_reported,
    grade_command,
    graded_class,
    hand_in_honest,
    honest_marks,
    set_limits,
    snapshot,
)
from page_check import dangers
from supervised import begin

from autograder.course import Course
from autograder.gradebook.gradebook import all_marks
from gradus.notebook.form import read

pytestmark = [
    pytest.mark.slow("a hostile class of two hundred, graded"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux: there is no sandbox without it"),
]
BY_NAME = {attack.student.encode("utf-8", "backslashreplace").decode(): attack for attack in ATTACKS}
every_attack = pytest.mark.parametrize("attack", BY_NAME.values(), ids=BY_NAME.keys())


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileClass]:
    folder = tmp_path_factory.mktemp("hostile")
    folder.chmod(0o755)
    with graded_class(folder) as graded:
        yield graded


def coded(graded: HostileClass, student: str) -> dict[str, float]:
    return {name: mark for name, mark in graded.result(student)["marks"].items() if name in POINTS}


def test_every_row_of_the_catalogue_is_played() -> None:
    assert {attack.row for attack in ATTACKS} == set(range(1, 36))
    assert len(ATTACKS) >= 60
    assert len(BY_NAME) == len(ATTACKS)


def test_the_run_of_a_hostile_class_succeeds(hostile: HostileClass) -> None:
    assert hostile.outcome.status == 0, hostile.outcome.output[-5000:]


def test_everyone_has_exactly_one_result(hostile: HostileClass) -> None:
    expected = sorted(as_reported(name) for name in (*hostile.attacks, *HONEST))
    assert sorted(one["student"] for one in hostile.report["submissions"]) == expected


@every_attack
def test_no_mark_is_unearned_and_no_earned_mark_is_lost(hostile: HostileClass, attack: Attack) -> None:
    given = coded(hostile, attack.student)
    for question, mark in given.items():
        assert isinstance(mark, float), (question, hostile.result(attack.student))
        assert math.isfinite(mark)
        assert 0 <= mark <= attack.earned[question], (question, hostile.result(attack.student))
    if attack.exactly:
        assert given == attack.earned, hostile.result(attack.student)


@every_attack
def test_an_end_that_is_not_an_ordinary_one_is_stated(hostile: HostileClass, attack: Attack) -> None:
    found = hostile.result(attack.student)
    assert found["state"] == ("problem" if found["problems"] else "graded")
    assert not any("the grader failed" in problem for problem in found["problems"]), found["problems"]
    if attack.problem is not None:
        assert any(attack.problem in problem for problem in found["problems"]), found["problems"]


@every_attack
def test_nothing_leaks_into_what_the_student_sees(hostile: HostileClass, attack: Attack) -> None:
    seen = hostile.seen_by(attack.student)
    assert [name for name, canary in hostile.canaries.items() if canary in seen] == []
    assert [word for word in SAID_ON_SUCCESS if word in seen] == []
    assert [line for line in hostile.hidden_lines if line in seen] == []


@every_attack
def test_feedback_pages_do_nothing_to_their_reader(hostile: HostileClass, attack: Attack) -> None:
    page = hostile.page(attack.student)
    if page is None:
        assert hostile.result(attack.student)["feedback"] == ""
        return
    assert dangers(page) == []


@pytest.mark.parametrize("channel", PAIRS)
def test_how_an_answer_fails_says_nothing_of_what_was_asked(hostile: HostileClass, channel: str) -> None:
    pages, results = [], []
    for twin in PAIRS[channel]:
        pages.append(alike(hostile.page(twin.student) or "", twin))
        result = hostile.result(twin.student)
        results.append({name: result[name] for name in ("state", "score", "marks", "problems")})
    assert results[0] == results[1]
    assert pages[0]
    assert pages[0] == pages[1]


def test_the_canaries_would_be_found(hostile: HostileClass) -> None:
    """The neighbour's canary stands in the neighbour's own page; hidden lines are there to be looked for."""
    assert hostile.canaries["neighbour"] in hostile.seen_by(NEIGHBOUR)
    assert len(hostile.hidden_lines) > 20
    assert dangers("<p onclick='x()'><img src=//evil.example><a href=' javascript:x'>") != []


@pytest.mark.parametrize("student", HONEST)
def test_honest_students_among_them_get_their_marks(hostile: HostileClass, student: str) -> None:
    assert coded(hostile, student) == honest_marks(student)
    assert hostile.result(student)["problems"] == []


def test_honest_students_get_the_marks_they_get_alone(hostile: HostileClass, tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    set_limits(course, LIMITS)
    hand_in_honest(course, read(course.released_notebook("ps4")), hostile.targets)
    alone = begin(grade_command(course, "--workers", "1")).wait()
    assert alone.status == 0, alone.output
    among, by_themselves = all_marks(hostile.course, "ps4"), all_marks(course, "ps4")
    assert by_themselves == {student: among[student] for student in HONEST}


def test_the_gradebook_has_the_marks_of_the_report(hostile: HostileClass) -> None:
    recorded = all_marks(hostile.course, "ps4")
    for student in (*hostile.attacks, *HONEST):
        if student in recorded:
            assert recorded.pop(student) == hostile.result(student)["marks"], student
        else:
            assert "no student id" in hostile.result(student)["problems"][0]
    assert not recorded


def test_no_process_outlives_the_run(hostile: HostileClass) -> None:
    assert hostile.outcome.left == []


def test_nothing_is_written_outside_the_course_folder(hostile: HostileClass) -> None:
    assert hostile.loot == []
    assert hostile.scratch == []
    for place in ("/tmp", "/dev/shm", "/var/tmp"):
        for name in ("full-0", "h1", "passed", "slipped", "leak"):
            assert not Path(place, name).exists()


def test_the_course_folder_holds_what_belongs_there(hostile: HostileClass) -> None:
    known = {
        "submitted",
        "autograded",
        "feedback",
        "results",
        "gradebook.db",
        "gradus.log",
        "gradus.toml",
        "marks.json",
        "nbgrader_config.py",
    }
    assert {path.name for path in hostile.course.root.iterdir() if path.name != ".grading"} <= known
    assert snapshot(hostile.course.submitted) == hostile.before


def test_nobody_was_called(hostile: HostileClass) -> None:
    assert hostile.calls == []


def test_memory_stays_bounded(hostile: HostileClass) -> None:
    """The grader's own, two warm workers, and two submissions at their limit, a little over for the watcher's pace."""
    assert hostile.outcome.most_memory < 1.5e9 + 2 * 1.5 * LIMITS["memory_bytes"]


def test_the_table_that_is_printed_cannot_move_the_cursor(hostile: HostileClass) -> None:
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f]", hostile.outcome.output) == []
