"""The sample class gets the marks that it deserves, and nbgrader and formgrader agree on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from grading import Graded, graded
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.gradebook import marks
from autograder.nbgrader_bridge.settings import configure
from autograder.sample_class import SampleSubmission, make_sample_class

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
