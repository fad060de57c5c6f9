"""A changed problem set is regraded: whose mark moves, from what to what and why, and nothing else moves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from grading import command
from nbgrader.api import Gradebook

import autograder.grading.regrade_class as regrade_class
from autograder.authoring.release import make_releases
from autograder.course import Course
from autograder.exporting.marks import ClassMarks
from autograder.gradebook.gradebook import all_marks
from autograder.grading.account import account
from autograder.grading.grade import RunOptions, grade
from autograder.grading.regrade import RegradeOptions, regrade
from autograder.grading.runs import asks
from autograder.records.execution import Question
from autograder.records.plan import Plan
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, write

pytestmark = [pytest.mark.slow("a class in sandboxes"), pytest.mark.usefixtures("lasting_sandboxes")]

CLASS: dict[str, dict[str, str]] = {
    "ada": tiny.RIGHT,
    "ben": {**tiny.RIGHT, "halve": "def halve(x):\n    return x // 2"},
    "cem": {**tiny.RIGHT, "double": "def double(x):\n    return 2 * x if x > 100 else 0.0"},
    "dee": {**tiny.RIGHT, "double": "def double(x):\n    if x > 100:\n        raise ValueError\n    return 2 * x"},
    "eva": {"double": "import os\nos._exit(1)"},
}
ACCEPT, FALLS = RegradeOptions(accept=True), RegradeOptions(accept=True, falls=True)
BROKEN = b"{"
Change = Callable[[Notebook], None]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded class, with what people have entered into its gradebook."""
    folder = tmp_path_factory.mktemp("template")
    course, released = tiny.released_course(folder)
    for student, answers in CLASS.items():
        tiny.hand_in(course, student, tiny.answered(released, **answers))
    tiny.hand_in(course, "fay", BROKEN)
    grade(course, "tiny", RunOptions(seed=1))
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "ada").manual_score = 2.5
        gradebook.find_grade("test_double", "tiny", "tiny", "ada").extra_credit = 0.5
        gradebook.find_comment("why", "tiny", "tiny", "ada").manual_comment = "Well said."
        gradebook.find_grade("test_halve", "tiny", "tiny", "ben").manual_score = 1.5
        gradebook.db.commit()
    return folder


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Course:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path / "course", tmp_path / "solutions", tmp_path / "exercises")


def change(course: Course, *changes: Change) -> None:
    source = tiny.source_notebook()
    for each in changes:
        each(source)
    write(course.source_notebook("tiny"), source)
    for release in make_releases(course, ["tiny"]):
        release.write()


def in_cell(name: str, old: str, new: str) -> Change:
    def replaced(source: Notebook) -> None:
        (cell,) = [cell for cell in source["cells"] if tiny.label(cell) == name]
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)

    return replaced


def worth(name: str, points: float) -> Change:
    def priced(source: Notebook) -> None:
        (cell,) = [cell for cell in source["cells"] if tiny.label(cell) == name]
        cell["metadata"]["nbgrader"]["points"] = points

    return priced


LARGE = in_cell("test_double", "cases.number(-10, 10)", "cases.number(200, 300)")  # dee falls, and cem rises
LOOSER = in_cell("test_halve", "atol=0.0", "atol=1.0")
REFORMATTED = in_cell("test_halve", "for scale", "# A comment.\nfor scale")
VISIBLE = in_cell("test_double", "same(double(2), 4)", "same(double(3), 6)")


def moved(plan: Plan) -> dict[tuple[str, str], tuple[float | None, float, str]]:
    return {(move.student, move.question): (move.before, move.after, move.way) for move in plan.moves}


def content(course: Course) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in course.root.rglob("*") if path.is_file()}


def rows(course: Course) -> list[tuple[Any, ...]]:
    """Every mark, its points and what people entered."""
    ask = """SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit, max_score, needs_manual_grade
        FROM grade JOIN base_cell ON base_cell.id = grade.cell_id JOIN grade_cells ON grade_cells.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id ORDER BY 1, 2"""
    with closing(sqlite3.connect(course.gradebook)) as database:
        return database.execute(ask).fetchall()


def graded_from_nothing(course: Course) -> list[tuple[Any, ...]]:
    """The rows that a grading run gives which knows no earlier result."""
    shutil.rmtree(course.results)
    grade(course, "tiny", RunOptions(seed=1))
    return rows(course)


def test_a_plan_names_who_moves_and_why_runs_a_part_and_writes_nothing(course: Course) -> None:
    change(course, LARGE)
    before = content(course)
    plan = regrade(course, "tiny", RegradeOptions())
    assert content(course) == before
    assert moved(plan) == {("cem", "test_double"): (0.0, 1.0, "rises"), ("dee", "test_double"): (1.0, 0.0, "falls")}
    for move in plan.moves:
        assert move.verdict_before != move.verdict_after
        assert "hidden test has changed" in move.why
    assert [(one.question, one.text) for one in plan.changes] == [("test_double", "its hidden test has changed")]
    assert plan.ran["a part"] == 4  # but for eva, whose notebook ended its process, and fay, who has none
    assert plan.summary == {"unchanged": 4, "rise": 1, "fall": 1, "new": 0, "needs_a_person": 0}


def test_what_is_accepted_is_what_a_run_from_nothing_gives(course: Course) -> None:
    change(course, LARGE, worth("test_halve", 4), LOOSER)
    plan = regrade(course, "tiny", FALLS)
    assert plan.max_score == (6.0, 8.0)
    found = rows(course)
    pages = [path.read_bytes() for path in sorted((course.root / "autograded").rglob("*.ipynb"))]
    assert graded_from_nothing(course) == found
    assert [path.read_bytes() for path in sorted((course.root / "autograded").rglob("*.ipynb"))] == pages


def test_a_mark_that_falls_stays_until_that_is_accepted_whatever_grades_again(course: Course) -> None:
    change(course, LARGE)
    regrade(course, "tiny", ACCEPT)
    assert all_marks(course, "tiny")["dee"]["test_double"] == 1.0
    assert all_marks(course, "tiny")["cem"]["test_double"] == 1.0
    told = next(one for one in account(course, "tiny", "dee").questions if one.name == "test_double")
    assert (told.given, told.recorded, told.by_whom, told.held) == (1.0, 1.0, "the grader", 0.0)
    assert "the mark from before" in course.feedback_page("dee", "tiny").read_text()
    report = grade(course, "tiny")
    assert next(one for one in report.results if one.student == "dee").marks["test_double"] == 1.0
    plan = regrade(course, "tiny", RegradeOptions())
    assert moved(plan) == {("dee", "test_double"): (1.0, 0.0, "falls")}
    assert plan.ran["everything"] == plan.ran["a part"] == 0
    regrade(course, "tiny", FALLS)
    assert all_marks(course, "tiny")["dee"]["test_double"] == 0.0
    assert regrade(course, "tiny", RegradeOptions()).moves == []


def test_what_people_entered_stays(course: Course) -> None:
    change(course, worth("test_halve", 4), LARGE)
    plan = regrade(course, "tiny", FALLS)
    marks = all_marks(course, "tiny")
    assert marks["ada"] == {"test_double": 1.5, "test_halve": 4.0, "why": 2.5}
    assert marks["ben"]["test_halve"] == 1.5
    assert ("ada", "test_halve") in moved(plan)
    with Gradebook(course.gradebook_url) as gradebook:
        assert gradebook.find_comment("why", "tiny", "tiny", "ada").manual_comment == "Well said."
        assert gradebook.find_assignment("tiny").max_score == 8.0
        assert {one.max_score for one in gradebook.find_assignment("tiny").submissions} == {8.0}


def test_a_mark_given_by_hand_is_left_to_a_person(course: Course) -> None:
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("test_double", "tiny", "tiny", "cem").manual_score = 0.25
        gradebook.db.commit()
    change(course, LARGE, worth("why", 2))
    plan = regrade(course, "tiny", RegradeOptions())
    assert {(move.student, move.question): move.by_hand for move in plan.moves if move.way == "person"} == {
        ("cem", "test_double"): 0.25,
        ("ada", "why"): 2.5,
    }


@pytest.mark.parametrize("harmless", [LOOSER, REFORMATTED, worth("test_halve", 3), worth("why", 5)])
def test_what_asks_no_other_question_runs_nothing_that_ran_well(course: Course, harmless: Change) -> None:
    change(course, harmless)
    plan = regrade(course, "tiny", RegradeOptions())
    assert plan.ran["a part"] == 0
    assert plan.ran["everything"] == 1  # eva


def test_a_changed_visible_check_runs_notebooks_as_a_whole(course: Course) -> None:
    change(course, VISIBLE)
    plan = regrade(course, "tiny", RegradeOptions())
    assert (plan.ran["everything"], plan.ran["a part"]) == (5, 0)
    assert plan.moves == []


def test_fewer_points_are_accepted_with_falls_or_not_at_all(course: Course) -> None:
    change(course, worth("test_halve", 1))
    before = content(course)
    with pytest.raises(GradusError, match="--accept-falls"):
        regrade(course, "tiny", ACCEPT)
    assert {path: text for path, text in content(course).items() if not path.endswith(".grading")} == {
        path: text for path, text in before.items() if not path.endswith(".grading")
    }
    regrade(course, "tiny", FALLS)
    assert all_marks(course, "tiny")["ada"]["test_halve"] == 1.0


def test_an_interrupted_regrade_is_whole_or_not_at_all(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    change(course, LARGE, worth("test_halve", 4))
    before, record, left = rows(course), regrade_class.Class.record, [3]

    def interrupted(self: Any, *given: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        record(self, *given)

    monkeypatch.setattr(regrade_class.Class, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        regrade(course, "tiny", FALLS)
    assert rows(course) == before
    monkeypatch.undo()
    regrade(course, "tiny", FALLS)
    assert graded_from_nothing(course) != before


def test_one_student_and_one_question_can_be_tried(course: Course) -> None:
    change(course, LARGE, worth("test_halve", 4))
    one = regrade(course, "tiny", RegradeOptions(students=("dee",), questions=("test_double",)))
    assert (one.submissions, set(moved(one))) == (1, {("dee", "test_double")})
    with pytest.raises(GradusError, match="leave out --question"):
        regrade(course, "tiny", replace(ACCEPT, questions=("test_double",)))
    for wrong in ({"students": ("dea",)}, {"questions": ("double",)}):
        with pytest.raises(GradusError, match=r"there are .*(dee|test_double)"):
            regrade(course, "tiny", RegradeOptions(**wrong))


def test_a_course_graded_by_an_older_version_is_run_as_a_whole(course: Course) -> None:
    for old in ("source.json", "runs"):
        path = course.results / "tiny" / old
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    change(course, LARGE)
    plan = regrade(course, "tiny", RegradeOptions())
    assert (plan.ran["everything"], plan.ran["a part"]) == (5, 0)
    assert "no run of this version has finished" in plan.notes[0]
    assert set(moved(plan)) == {("cem", "test_double"), ("dee", "test_double")}


def test_a_stale_release_and_a_course_that_was_not_graded_are_refused(course: Course) -> None:
    write(course.source_notebook("tiny"), {**tiny.source_notebook(), "cells": tiny.source_notebook()["cells"][:-1]})
    with pytest.raises(GradusError, match="gradus release tiny"):
        regrade(course, "tiny", RegradeOptions())
    course.gradebook.unlink()
    with pytest.raises(GradusError, match="was not graded"):
        regrade(course, "tiny", RegradeOptions())


def test_the_command_prints_the_plan_and_export_agrees_with_it(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.cli._course", lambda _: course)
    where = ("--course", str(course.root))
    change(course, LARGE)
    file = tmp_path / "plan.json"
    planned = command("regrade", "tiny", *where, "--json", str(file))
    assert planned.exit_code == 0, planned.output
    assert "1 rise, 1 fall" in planned.output
    assert "Nothing was written" in planned.output
    assert json.loads(file.read_text())["totals"]["cem"] == {"before": 2.0, "after": 3.0}
    accepted = command("regrade", "tiny", *where, "--accept")
    assert accepted.exit_code == 1
    assert "these stay as they were: dee" in accepted.output
    marks = tmp_path / "marks.json"
    assert command("grade", "tiny", *where, "--json", str(marks)).exit_code == 0
    exported = {mark.student: mark.questions["test_double"] for mark in ClassMarks.read(marks).marks}
    told = {student: account(course, "tiny", student).questions[0].recorded for student in (*CLASS, "fay")}
    assert exported == told == {**dict.fromkeys(told, 1.0), "ada": 1.5, "eva": 0.0, "fay": 0.0}


def test_how_answers_are_compared_is_no_other_question() -> None:
    def asked(test: str) -> str:
        return asks(Question("q", test))

    assert asked("answer(f, 1, atol=1.0)") == asked("answer(f, 1, rtol=0.5, edge='none')  # loose")
    assert asked("answer(f, 1)") != asked("answer(f, 2)")
    assert asked("answer(f, 1, returns='both')") != asked("answer(f, 1)")
    assert asked("answer(f, 1, scale=2)") != asked("answer(f, 1)")
    assert asked("answer(f, 1, atol=draw())") != asked("answer(f, 1)")
    assert asked("other(f, 1, atol=1.0)") != asked("other(f, 1)")
    assert asked("not python (") != asked("not python )")
