"""A run that cannot be done says why and what to do; one that was done is repeated cheaply."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from grading import grade

from autograder.authoring.release import make_releases
from autograder.course import Course
from autograder.gradebook.generate import generate
from autograder.gradebook.gradebook import register
from autograder.grading.grade import RunOptions
from autograder.grading.grade import grade as grade_class
from autograder.submissions.record import read_record
from gradus.errors import GradusError
from gradus.notebook.form import write

pytestmark = [pytest.mark.slow("a class in sandboxes, for each test"), pytest.mark.usefixtures("lasting_sandboxes")]

ASKS = "from autograder.answers import answer, cases\nanswer(double, cases.number())"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released problem set and a gradebook that knows it; making the database takes a second."""
    folder = tmp_path_factory.mktemp("template")
    register(tiny.released_course(folder)[0], tiny.NAME)
    return folder


@pytest.fixture
def empty(template: Path, tmp_path: Path) -> Course:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Course(tmp_path / "course", tmp_path / "solutions", tmp_path / "exercises")


def refused(course: Course, problem_set: str = "tiny") -> str:
    with pytest.raises(GradusError) as error:
        grade_class(course, problem_set)
    return str(error.value)


def test_an_unknown_problem_set_is_refused_with_the_names_of_the_others(empty: Course) -> None:
    assert "there: tiny" in refused(empty, "ps9")


def test_a_class_without_submissions_is_told_where_they_belong(empty: Course) -> None:
    assert f"{empty.submitted}/<student>/tiny/tiny.ipynb" in refused(empty)


def test_a_stale_release_is_refused_and_the_cure_named(empty: Course) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    empty.released_notebook("tiny").write_text("{}")
    assert "un `gradus release tiny` first" in refused(empty)


def test_two_runs_of_one_course_at_once_are_refused(empty: Course) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    with empty.grading():
        assert "another run" in refused(empty)


def test_questions_added_after_grading_are_graded_and_the_copy_of_the_gradebook_is_named(empty: Course) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    assert grade_class(empty, "tiny").notes == []
    source = tiny.source_notebook()
    test = f"assert same(double(1), 2)\n### BEGIN HIDDEN TESTS\n{ASKS}\n### END HIDDEN TESTS"
    source["cells"].append(tiny.cell("code", "test_more", test, grade=True, locked=True, points=1))
    write(empty.source_notebook("tiny"), source)
    make_releases(empty, [])[0].write()
    report = grade_class(empty, "tiny")
    (copy,) = empty.root.glob("gradebook-before-tiny-*.db")
    assert "`test_more` is new" in report.notes[0]
    assert str(copy) in report.notes[0]
    assert report.results[0].marks["test_more"] == 0


def test_a_failure_of_the_grader_is_told_apart_from_one_of_the_submission(
    empty: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    monkeypatch.setattr("autograder.grading.session.Session.framed", lambda *_: 1 / 0)
    report = grade_class(empty, "tiny")
    assert report.failures == ["ada: the grader failed, not the submission (division by zero)"]
    assert report.results[0].marks["test_double"] is None
    monkeypatch.undo()
    assert grade_class(empty, "tiny").failures == []


def test_a_graded_notebook_that_was_lost_or_changed_is_written_again(empty: Course) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    grade_class(empty, "tiny")
    path = empty.autograded_notebook("ada", "tiny")
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:100])
    grade_class(empty, "tiny")
    assert path.read_bytes() == whole
    record = read_record(path)
    assert record is not None
    assert record.executed


def kept(course: Course) -> set[str]:
    return {str(path.relative_to(course.results)) for path in (course.results / "tiny").rglob("*.json")}


def test_a_finished_run_removes_the_results_that_it_did_not_use(empty: Course) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    tiny.hand_in(empty, "ben", b"{")
    first = grade_class(empty, "tiny", RunOptions(seed=1))
    before = kept(empty)
    assert len(before) == 5  # the seed, the source, what the solution answers, two results
    tiny.hand_in(empty, "ben", b"[")
    grade_class(empty, "tiny")
    replaced = kept(empty)
    assert (len(replaced), len(replaced & before)) == (5, 4)  # ben's first file has gone, ada's result is there
    grade_class(empty, "tiny", RunOptions(seed=2))
    assert kept(empty) & replaced == {"tiny/run.json", "tiny/source.json"}
    again = grade_class(empty, "tiny", RunOptions(seed=1))
    assert [one.marks for one in again.results] == [one.marks for one in first.results]
    assert kept(empty) == replaced


def test_a_run_that_failed_on_somebody_removes_nothing(empty: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    grade_class(empty, "tiny")
    before = kept(empty)
    tiny.hand_in(empty, "ada", b"{")
    monkeypatch.setattr("autograder.grading.session.Session.framed", lambda *_: 1 / 0)
    assert grade_class(empty, "tiny").failures
    assert kept(empty) == before


def test_work_in_the_wrong_place_is_said_in_the_table_the_json_and_the_log(
    empty: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    tiny.hand_in(empty, ".ben", b"{}")
    monkeypatch.setattr("autograder.cli._course", lambda _: empty)
    result = grade(empty, "tiny", "--json", "-")
    (said,) = json.loads(result.stdout)["skipped"]
    assert said.startswith(".ben was not graded: its name begins with a dot")
    assert f"! {said}" in result.stderr
    assert said in empty.log.read_text()
    assert result.exit_code == 0


def test_json_on_stdout_is_nothing_but_json(empty: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    monkeypatch.setattr("autograder.cli._course", lambda _: empty)
    result = grade(empty, "tiny", "--json", "-")
    assert json.loads(result.stdout)["submissions"][0]["student"] == "ada"
    assert "ada" in result.stderr


def test_a_broken_file_is_graded_without_running_anything(empty: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.hand_in(empty, "ada", b"{")
    monkeypatch.setattr("autograder.engine.pool.Sandbox.run", lambda *_: pytest.fail("something was run"))
    assert grade_class(empty, "tiny").results[0].score == 0


def test_a_problem_set_that_the_gradebook_knows_is_not_registered_again(
    empty: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.hand_in(empty, "ada", b"{}")
    grade_class(empty, "tiny")
    asked: list[object] = []
    monkeypatch.setattr(
        "autograder.gradebook.generate.generate", lambda *given: asked.append(given) or generate(*given)
    )
    assert grade_class(empty, "tiny").results[0].marks
    assert asked == []
    empty.gradebook.unlink()
    grade_class(empty, "tiny")
    assert len(asked) == 1
    with closing(sqlite3.connect(empty.gradebook)) as database:  # as one from before a question had other points
        database.execute("update grade_cells set max_score = 7")
        database.commit()
    grade_class(empty, "tiny")
    assert len(asked) == 2
