"""Whatever a submission does, it has one result, and only its own marks suffer, whichever command grades it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from grading import Graded, graded
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.gradebook import marks
from autograder.nbgrader_bridge.settings import configure
from gradus.notebook.form import Notebook

pytestmark = [
    pytest.mark.slow("a class in sandboxes, and nbgrader in its own process"),
    pytest.mark.usefixtures("lasting_sandboxes"),
]

FULL = {"test_double": 1, "test_halve": 2}
NOTHING = {"test_double": 0, "test_halve": 0}
ONLY_HALVE = {"test_double": 0, "test_halve": 2}
ENDS_PYTHON = "import os\n\n\ndef double(x):\n    os._exit(3)"
ENDLESS = """import signal
import time


def double(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        time.sleep(1)"""
WARNS = "import sys\n\n\ndef double(x):\n    print('mind', file=sys.stderr)\n    return 2 * x"
SHOWS_99 = "import sys\n\n\ndef double(x):\n    sys.displayhook(99)\n    return 2 * x"

NEEDS = "import no_such_module\n\n\ndef double(x):\n    return no_such_module.twice(x)"

CODED = {
    "right": (tiny.RIGHT, FULL, ""),
    "stub": ({}, NOTHING, ""),
    "wrong": (tiny.RIGHT | {"double": "def double(x):\n    return 4"}, ONLY_HALVE, ""),
    "syntax": (tiny.RIGHT | {"double": "def double(x"}, ONLY_HALVE, "cell `double` is no Python that the grader can"),
    "elsewhere": (tiny.RIGHT | {"double": f"%matplotlib widget\n{tiny.RIGHT['double']}"}, FULL, ""),
    "missing": (
        tiny.RIGHT | {"double": NEEDS},
        ONLY_HALVE,
        "cell `double`, line 1, `import no_such_module`: the grader",
    ),
    "warns": (tiny.RIGHT | {"double": WARNS}, FULL, ""),
    "shows": (tiny.RIGHT | {"double": SHOWS_99}, FULL, ""),
    "exits": (tiny.RIGHT | {"double": "exit()"}, ONLY_HALVE, ""),
    "dies": (tiny.RIGHT | {"double": ENDS_PYTHON}, ONLY_HALVE, "cell `test_double` ended Python"),
    "endless": (tiny.RIGHT | {"double": ENDLESS}, ONLY_HALVE, "cell `test_double` ran too long"),
}
MISSING = {"nothing": "no tiny.ipynb was handed in", "linked": "as a link", "paper": "found instead: essay.pdf"}
ZOE = unicodedata.normalize("NFD", "Zoë Müller")  # as a Mac writes it
FOUND = {  # by what is in the file; the files of each, and what is said
    "misnamed": (["tiny (1).ipynb"], "`tiny (1).ipynb` was graded"),
    "again": (["tiny.ipynb", "tiny-1.ipynb"], "`tiny-1.ipynb`, which alone was worked on, was graded"),
    "latin": ([os.fsdecode(b"l\xf6sung.ipynb")], "`l\\xf6sung.ipynb` was graded"),
    "O'Brien, Zoë": (["Copy of tiny.ipynb"], "`Copy of tiny.ipynb` was graded"),
    "प्रिया": (["TINY.ipynb"], "`TINY.ipynb` was graded"),
}  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Notebook]:
    return tiny.released_course(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def odd(released: tuple[Course, Notebook]) -> Iterator[Graded]:
    """A class of odd submissions, graded once."""
    course, notebook = released
    for student, (answers, _, _) in CODED.items():
        tiny.hand_in(course, student, tiny.answered(notebook, **answers))
    beside = tiny.hand_in(course, "shadows", tiny.answered(notebook, **tiny.RIGHT)).parent
    (beside / "math.py").write_text("raise ImportError('a file beside the notebook was imported')")
    (beside / "gradebook").symlink_to(course.root / "gradebook.db")
    tiny.hand_in(course, "broken", b"{")
    for student, (names, _) in FOUND.items():
        folder = course.submitted / student / "tiny"
        folder.mkdir(parents=True)
        for name in names:
            right = notebook if (len(names), name) == (2, "tiny.ipynb") else tiny.answered(notebook, **tiny.RIGHT)
            (folder / name).write_text(json.dumps(right))
    tiny.hand_in(course, ZOE, tiny.answered(notebook, **tiny.RIGHT))
    below = tiny.answered(notebook, **tiny.RIGHT)
    below["cells"].append(tiny.cell("markdown", "mine", "Because half and half are one."))
    tiny.hand_in(course, "below", below)
    (course.submitted / "paper" / "tiny").mkdir(parents=True)
    (course.submitted / "paper" / "tiny" / "essay.pdf").write_bytes(b"%PDF")
    (course.submitted / "__MACOSX" / "tiny").mkdir(parents=True)
    (course.submitted / "nothing" / "tiny").mkdir(parents=True)
    (course.submitted / "linked").mkdir()
    (course.submitted / "linked" / "tiny").symlink_to(course.submitted / "right" / "tiny")
    tiny.hand_in(course, "no[t]an id", notebook)
    (course.submitted / "elsewhere" / "ps9").mkdir(parents=True)
    course.root.joinpath("gradus.toml").write_text("[grading]\ncell_seconds = 3\nquestion_seconds = 3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autograder.cli._course", lambda _: course)
        yield graded(course, "tiny")


def test_every_submission_has_one_result_and_the_run_succeeds(odd: Graded) -> None:
    students = [one["student"] for one in odd.report["submissions"]]
    others = ["shadows", "broken", "no[t]an id", "below", unicodedata.normalize("NFC", ZOE)]
    assert sorted(students) == sorted([*CODED, *MISSING, *FOUND, *others])
    assert odd.exit_code == 0, odd.output


@pytest.mark.parametrize("student", CODED)
def test_an_odd_answer_costs_its_own_question_only(odd: Graded, student: str) -> None:
    _, expected, problem = CODED[student]
    found = odd.submission(student)
    assert odd.coded(student) == expected
    assert found["score"] == sum(expected.values())
    assert [problem] == [stated[: len(problem)] for stated in found["problems"]] if problem else found["problems"] == []


@pytest.mark.parametrize("student", MISSING)
def test_a_missing_notebook_earns_nothing_and_that_is_said(odd: Graded, student: str) -> None:
    found = odd.submission(student)
    assert MISSING[student] in found["problems"][0]
    assert found["marks"] == NOTHING | {"why": None if student == "paper" else 0}
    assert MISSING[student] in Path(found["feedback"]).read_text()
    assert marks(odd.course, "tiny", student) == found["marks"]


@pytest.mark.parametrize("student", FOUND)
def test_a_file_of_another_name_earns_what_its_answers_earn_and_that_is_said(odd: Graded, student: str) -> None:
    found = odd.submission(student)
    assert odd.coded(student) == FULL
    assert FOUND[student][1] in found["problems"][0]
    assert FOUND[student][1].replace("`", "") in re.sub("<[^>]*>", "", Path(found["feedback"]).read_text())


def test_a_name_in_another_unicode_form_is_recorded_as_it_looks(odd: Graded) -> None:
    student = unicodedata.normalize("NFC", ZOE)
    assert odd.coded(student) == FULL
    assert odd.submission(student)["problems"] == []
    assert marks(odd.course, "tiny", student) == odd.submission(student)["marks"]
    assert marks(odd.course, "tiny", ZOE) is None


def test_what_was_written_below_its_cell_waits_for_a_person_who_sees_it(odd: Graded) -> None:
    assert odd.submission("below")["marks"]["why"] is None
    assert "not read yet: 3.0 points" in Path(odd.submission("below")["feedback"]).read_text()
    with Gradebook(odd.course.gradebook_url) as gradebook:
        grade = gradebook.find_grade("why", "tiny", "tiny", "below")
        assert grade.needs_manual_grade
        assert grade.auto_score is None
    shown = json.loads(odd.course.autograded_notebook("below", "tiny").read_text())["cells"]
    (why,) = [cell for cell in shown if tiny.label(cell) == "why"]
    assert "Because half and half are one." in why["source"]


def test_a_broken_notebook_earns_nothing_and_its_feedback_says_why(odd: Graded) -> None:
    found = odd.submission("broken")
    assert found["score"] == 0
    assert found["marks"] == NOTHING | {"why": None}  # its file may hold an answer that nobody has read
    assert "not valid JSON" in found["problems"][0]
    assert "not valid JSON" in Path(found["feedback"]).read_text()


def test_a_folder_that_is_no_student_id_is_refused_and_leaves_no_trace(odd: Graded) -> None:
    assert "no student id" in odd.submission("no[t]an id")["problems"][0]
    assert not (odd.course.root / "autograded" / "no[t]an id").exists()


def test_files_beside_the_notebook_are_neither_used_nor_passed_on(odd: Graded) -> None:
    assert odd.coded("shadows") == FULL
    for step in ("autograded", "feedback"):
        assert len(list((odd.course.root / step / "shadows" / "tiny").iterdir())) == 1


def test_submissions_are_never_changed(odd: Graded, released: tuple[Course, Notebook]) -> None:
    _, notebook = released
    handed_in = odd.course.submitted_notebook("right", "tiny").read_bytes()
    assert handed_in == json.dumps(tiny.answered(notebook, **tiny.RIGHT)).encode()


def test_each_graded_submission_has_a_feedback_page(odd: Graded) -> None:
    for student in CODED:
        assert (
            f"(Score: {odd.submission(student)['score']:.1f} / 6.0)"
            in Path(odd.submission(student)["feedback"]).read_text()
        )


def test_nbgrader_and_formgrader_grade_the_odd_class_alike(odd: Graded, tmp_path: Path) -> None:
    course = Course(tmp_path / "course", odd.course.solutions, odd.course.exercises)
    students = ["below", "broken", "dies", "exits", "paper", "shadows", "shows", "warns", "wrong", *FOUND]
    shutil.copytree(odd.course.submitted / ZOE, course.submitted / ZOE)
    (course.submitted / ZOE / "tiny" / "timestamp.txt").write_text("2026-09-01 10:00:00 UTC")
    for student in students:
        shutil.copytree(odd.course.submitted / student, course.submitted / student, symlinks=True)
    for name in ("gradebook.db", "gradus.toml"):
        shutil.copy(odd.course.root / name, course.root)
    (course.results / "tiny").mkdir(parents=True)
    shutil.copy(odd.course.results / "tiny" / "run.json", course.results / "tiny")  # the seed, and no result
    config = (
        "from pathlib import Path\n"
        "from autograder.course import Course\n"
        "from autograder.nbgrader_bridge.settings import configure\n"
        f"folders = {[str(course.root), str(course.solutions), str(course.exercises)]}\n"
        "configure(get_config(), Course(*map(Path, folders)))\n"
    )
    (course.root / "nbgrader_config.py").write_text(config)
    command = [sys.executable, "-m", "nbgrader", "autograde", "tiny", "--force"]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = {student: odd.submission(student)["marks"] for student in students}
    assert {student: marks(course, "tiny", student) for student in students} == expected
    assert marks(course, "tiny", ZOE) is None
    assert (course.root / "autograded" / unicodedata.normalize("NFC", ZOE) / "tiny" / "tiny.ipynb").is_file()

    settings = configure(Config(), course)
    api = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings)
    assert api.get_submitted_students("tiny") == {*students, unicodedata.normalize("NFC", ZOE)}
    for name in (ZOE, unicodedata.normalize("NFC", ZOE)):
        assert api.get_submitted_timestamp("tiny", name) == datetime(2026, 9, 1, 10)
    for student in ("broken", "exits", "wrong", "latin", "O'Brien, Zoë"):
        result = api.autograde("tiny", student)  # formgrader's button
        assert result["success"], result
        assert marks(course, "tiny", student) == expected[student]
    assert len(list((course.root / "autograded" / "shadows" / "tiny").iterdir())) == 1


def test_a_second_run_runs_only_what_has_changed(odd: Graded) -> None:
    course = odd.course
    handed_in = course.submitted_notebook("stub", "tiny")
    before = {student: course.autograded_notebook(student, "tiny").stat().st_mtime_ns for student in CODED}
    page = Path(odd.submission("right")["feedback"]).stat().st_mtime_ns
    handed_in.write_text(handed_in.read_text() + " ")
    again = graded(course, "tiny")
    after = {student: course.autograded_notebook(student, "tiny").stat().st_mtime_ns for student in CODED}
    assert {student for student in CODED if before[student] != after[student]} == {"stub"}
    assert again.marked() == odd.marked()
    assert graded(course, "tiny").marked() == odd.marked()
    assert page == Path(odd.submission("right")["feedback"]).stat().st_mtime_ns


def test_marks_given_by_hand_are_kept_and_counted(odd: Graded) -> None:
    with Gradebook(odd.course.gradebook_url) as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "wrong").manual_score = 2.5
        gradebook.db.commit()
    found = graded(odd.course, "tiny").submission("wrong")
    assert found["marks"]["why"] == 2.5
    assert found["score"] == 4.5
