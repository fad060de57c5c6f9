"""The sample class is what its roster says: who is right, who is wrong and where, and who hands in a broken file."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from in_process import answer_cells, test_cells, verdicts

from autograder.authoring.release import make_releases
from autograder.course import REPOSITORY, Course
from autograder.sample_class import SampleSubmission, make_sample_class
from autograder.sample_class.roster import ROSTER
from gradus.errors import GradusError
from gradus.notebook.cells import label_of
from gradus.notebook.form import read, source_of

STUDENTS = [student.name for student in ROSTER]
UNREADABLE = "kavya"
ENDLESS = "luca"  # waits for its limit in each question: once will do


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exercises") / "ps4.ipynb"
    path.write_text(make_releases(Course(REPOSITORY), ["ps4"])[0].text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def submitted(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submitted")
    make_sample_class(released, folder)
    return folder


@pytest.fixture(scope="module")
def sample(released: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, SampleSubmission]:
    written = make_sample_class(released, tmp_path_factory.mktemp("again"))
    return {submission.student: submission for submission in written}


def handed_in(submitted: Path, student: str) -> Path:
    return submitted / student / "ps4" / "ps4.ipynb"


def test_there_are_twelve_students_of_every_kind(sample: dict[str, SampleSubmission]) -> None:
    totals = [sum(submission.expected.values()) for submission in sample.values()]
    assert len(sample) == len(set(STUDENTS)) == 12
    assert totals.count(max(totals)) >= 3  # right in different styles
    assert totals.count(0) == 2  # the stub and the broken file
    assert len([total for total in totals if 0 < total < max(totals)]) >= 5
    assert len([submission for submission in sample.values() if submission.problem]) == 3


@pytest.mark.parametrize(
    ("student", "seed"),
    [(one, seed) for one in STUDENTS for seed in (7, 20_26) if one != UNREADABLE and (one != ENDLESS or seed == 7)],
)
def test_a_student_gets_exactly_the_expected_marks(
    student: str, seed: int, submitted: Path, sample: dict[str, SampleSubmission]
) -> None:
    notebook = read(handed_in(submitted, student))
    answers = {question: source_of(cell) for question, cell in answer_cells(notebook).items()}
    endless = sample[student].problem == "endless loop"
    assert endless == (student == ENDLESS)
    marks = {
        test: each.score for test, each in verdicts("ps4", answers, seed, seconds=1.0 if endless else 60.0).items()
    }
    assert marks == pytest.approx(sample[student].expected)


def test_expected_marks_are_the_points_of_the_released_notebook(
    released: Path, sample: dict[str, SampleSubmission]
) -> None:
    points = {label: cell["metadata"]["nbgrader"]["points"] for label, cell in test_cells(read(released)).items()}
    assert sample["amara"].expected == points
    assert all(set(submission.expected) == set(points) for submission in sample.values())


def test_the_stub_is_handed_in_untouched(released: Path, submitted: Path) -> None:
    assert read(handed_in(submitted, "ines")) == read(released)


def test_one_test_cell_is_deleted_and_nothing_else(released: Path, submitted: Path) -> None:
    left = [label_of(cell) for cell in read(handed_in(submitted, "jonas"))["cells"]]
    assert left == [label for label in map(label_of, read(released)["cells"]) if label != "test_accuracy_gap"]


def test_one_file_is_not_json(submitted: Path) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(handed_in(submitted, UNREADABLE).read_text(encoding="utf-8"))


@pytest.mark.parametrize("student", [student for student in STUDENTS if student not in (UNREADABLE, "ines")])
def test_an_answer_keeps_the_stubs_signature_and_docstring(student: str, released: Path, submitted: Path) -> None:
    stubs, answers = answer_cells(read(released)), answer_cells(read(handed_in(submitted, student)))
    for question, cell in answers.items():
        before, after = ast.parse(source_of(stubs[question])).body[0], ast.parse(source_of(cell)).body[0]
        assert isinstance(before, ast.FunctionDef)
        assert isinstance(after, ast.FunctionDef)
        assert ast.dump(after.args) == ast.dump(before.args)
        assert ast.get_docstring(after) == ast.get_docstring(before)
        assert "NotImplementedError" not in source_of(cell)


def test_a_released_notebook_without_stubs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match="has no stub"):
        make_sample_class(REPOSITORY / "solutions" / "ps4" / "ps4.ipynb", tmp_path)
