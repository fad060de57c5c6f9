"""The sample class gets the marks that it deserves, and nbgrader and formgrader agree on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from grading import Graded, graded
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.gradebook import marks
from autograder.grading.account import account, in_lines
from autograder.nbgrader_bridge.settings import configure
from autograder.sample_class import SampleSubmission, make_sample_class
from gradus.errors import GradusError

pytestmark = [
    pytest.mark.slow("the sample class, graded in a sandbox and by nbgrader"),
    pytest.mark.usefixtures("lasting_sandboxes"),
]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Graded, list[SampleSubmission]]:
    course = Course(tmp_path_factory.mktemp("sample"))
    submissions = make_sample_class(course.released_notebook("ps4"), course.submitted)
    course.root.joinpath("gradus.toml").write_text("[grading]\ncell_seconds = 10\nquestion_seconds = 10\n")
    return graded(course, "ps4"), submissions


def test_the_sample_class_of_twelve_gets_the_marks_it_deserves(
    sample: tuple[Graded, list[SampleSubmission]],
) -> None:
    run, submissions = sample
    assert len(submissions) == 12
    assert [one["student"] for one in run.report["submissions"]] == sorted(one.student for one in submissions)
    for one in submissions:
        assert run.coded(one.student) == pytest.approx(one.expected), one.student
    assert run.exit_code == 0


def test_problems_are_stated_where_there_are_some_and_nowhere_else(
    sample: tuple[Graded, list[SampleSubmission]],
) -> None:
    run, submissions = sample
    for one in submissions:
        found = run.submission(one.student)
        assert found["state"] == ("problem" if one.problem else "graded"), found
        problems = [text for text in found["problems"] if "busy with other work" not in text]  # true where tests run
        assert len(problems) == bool(one.problem)
        if one.problem:
            assert one.problem in problems[0]
            assert f"* {one.student}: {problems[0]}" in run.output


def test_written_answers_wait_for_a_person_and_are_no_problem(
    sample: tuple[Graded, list[SampleSubmission]],
) -> None:
    run, _ = sample
    (by_hand,) = [question["name"] for question in run.report["questions"] if question["by_hand"]]
    assert run.submission("amara")["marks"][by_hand] is None
    assert run.submission("amara")["state"] == "graded"
    assert run.submission("ines")["marks"][by_hand] == 0  # left empty


def test_how_each_mark_came_about_can_be_told(sample: tuple[Graded, list[SampleSubmission]]) -> None:
    run, submissions = sample
    before = {path: path.stat().st_mtime_ns for path in run.course.root.rglob("*") if path.is_file()}
    for one in submissions:
        told = account(run.course, "ps4", one.student)
        reported = run.submission(one.student)
        assert told.current
        assert {question.name: question.recorded for question in told.questions} == reported["marks"]
        assert (told.raw_score, told.score) == (reported["raw_score"], reported["score"])
        assert list(told.problems) == reported["problems"]
        text = "\n".join(in_lines(told))
        assert f"Together {reported['raw_score']:g} of" in text
        if told.result:  # one that others may have slowed is not kept
            assert all(mistake in text for mistake in reported["misconceptions"].values())
            assert all(question.by_whom in ("the grader", "waits for a person") for question in told.questions)
    after = {path: path.stat().st_mtime_ns for path in run.course.root.rglob("*") if path.is_file()}
    assert {path for path in after if before.get(path) != after[path]} <= {run.course.gradebook}


def test_what_was_graded_before_a_change_is_said(sample: tuple[Graded, list[SampleSubmission]]) -> None:
    run, _ = sample
    notebook = run.course.submitted_notebook("amara", "ps4")
    content = notebook.read_bytes()
    notebook.write_bytes(content + b"\n")
    told = account(run.course, "ps4", "amara")
    notebook.write_bytes(content)
    assert not told.current
    assert "was graded before the file" in "\n".join(in_lines(told))
    assert told.score == run.submission("amara")["score"]


def test_a_mark_from_a_person_is_told_as_such(sample: tuple[Graded, list[SampleSubmission]]) -> None:
    run, _ = sample
    (by_hand,) = [question["name"] for question in run.report["questions"] if question["by_hand"]]
    with Gradebook(run.course.gradebook_url) as gradebook:
        grade = gradebook.find_grade(by_hand, "ps4", "ps4", "amara")
        grade.manual_score = 1.0
        gradebook.db.commit()
        told = account(run.course, "ps4", "amara")
        grade.manual_score = None
        gradebook.db.commit()
    (question,) = [question for question in told.questions if question.name == by_hand]
    assert (question.recorded, question.by_whom) == (1.0, "a person")


def test_who_has_handed_in_nothing_is_told_whose_names_are_near(sample: tuple[Graded, list[SampleSubmission]]) -> None:
    with pytest.raises(GradusError, match=r"'amora' has handed in nothing for ps4; there are amara"):
        account(sample[0].course, "ps4", "amora")


def test_nbgraders_command_line_gives_the_same_marks(
    sample: tuple[Graded, list[SampleSubmission]], tmp_path: Path
) -> None:
    run, _ = sample
    students = ("dalia", "jonas", "kavya")
    course = Course(tmp_path / "course")
    for student in students:
        shutil.copytree(run.course.submitted / student, course.submitted / student)
    for name in ("gradebook.db", "gradus.toml"):
        shutil.copy(run.course.root / name, course.root)
    (course.results / "ps4").mkdir(parents=True)
    shutil.copy(run.course.results / "ps4" / "run.json", course.results / "ps4")  # the seed, and no result
    environment = os.environ | {"GRADUS_COURSE": str(course.root)}
    command = [sys.executable, "-m", "nbgrader", "autograde", "ps4", "--force"]
    done = subprocess.run(
        command, cwd=REPOSITORY / "autograder", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for student in students:
        assert course.autograded_notebook(student, "ps4").is_file()
        assert marks(course, "ps4", student) == run.submission(student)["marks"]


def test_formgrader_shows_the_same_scores(sample: tuple[Graded, list[SampleSubmission]]) -> None:
    run, _ = sample
    config = configure(Config(), run.course)
    shown = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config).get_submissions("ps4")
    assert {one["student"]: one["score"] for one in shown} == {
        one["student"]: one["score"] for one in run.report["submissions"]
    }
    assert all(one["autograded"] for one in shown)


def test_feedback_shows_the_hint_for_a_misconception_and_the_report_counts_it(
    sample: tuple[Graded, list[SampleSubmission]],
) -> None:
    run, _ = sample
    emre = run.submission("emre")
    assert emre["misconceptions"] == {"test_kl_divergence": "the_sum_over_the_examples"}
    assert "You add up the divergences of the examples" in Path(emre["feedback"]).read_text()
    assert "test_kl_divergence: 1 with the misconception 'the sum over the examples'" in run.output
    assert run.submission("amara")["misconceptions"] == {}
