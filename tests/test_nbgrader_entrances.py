"""nbgrader's command and formgrader's button give the marks of `gradus grade`, and what people entered is kept."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course
from autograder.grading.grade import grade as grade_class
from autograder.nbgrader_bridge import stage
from autograder.nbgrader_bridge.gradebook import marks
from autograder.nbgrader_bridge.settings import configure

LATE_PLUGIN = """
from nbgrader.plugins import BasePlugin
from pathlib import Path
from autograder.course import Course
from autograder.nbgrader_bridge.settings import configure

class OnePointAnHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 3600

configure(get_config(), Course(*map(Path, FOLDERS)))
get_config().AssignLatePenalties.plugin_class = OnePointAnHour
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made, notebook = tiny.released_course(tmp_path_factory.mktemp("tiny"))
    tiny.hand_in(made, "right", tiny.answered(notebook, **tiny.RIGHT))
    tiny.hand_in(made, "wrong", tiny.answered(notebook, **(tiny.RIGHT | {"double": "def double(x):\n    return 4"})))
    grade_class(made, "tiny")
    return made


def press_the_button(course: Course, student: str) -> None:
    settings = configure(Config(), course)
    result = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings).autograde("tiny", student)
    assert result["success"], result


def test_formgraders_button_takes_the_result_that_is_there(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    before, graded = marks(course, "tiny", "wrong"), course.autograded_notebook("wrong", "tiny").read_text()
    monkeypatch.setattr("autograder.grading.pool.Sandbox.run", lambda *_: pytest.fail("it was run a second time"))
    press_the_button(course, "wrong")
    assert marks(course, "tiny", "wrong") == before
    again = json.loads(course.autograded_notebook("wrong", "tiny").read_text())
    assert again["metadata"] == json.loads(graded)["metadata"]


def test_formgraders_button_runs_what_has_no_result_and_gradus_grade_takes_that(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = json.loads(course.released_notebook("tiny").read_text())
    tiny.hand_in(course, "later", tiny.answered(notebook, **(tiny.RIGHT | {"halve": "def halve(x):\n    return x"})))
    press_the_button(course, "later")
    stage.close()
    assert marks(course, "tiny", "later") == {"test_double": 1, "test_halve": 0, "why": 0}
    monkeypatch.setattr("autograder.grading.pool.Sandbox.run", lambda *_: pytest.fail("it was run a second time"))
    report = grade_class(course, "tiny")
    assert {one.student: one.marks for one in report.results}["later"] == marks(course, "tiny", "later")


def test_nbgraders_feedback_is_our_page(course: Course) -> None:
    ours = course.feedback_page("right", "tiny").read_text()
    settings = configure(Config(), course)
    folder = CourseDirectory(config=settings, assignment_id="tiny", student_id="right")
    converter = GenerateFeedback(coursedir=folder, config=settings)
    converter.force = True
    converter.start()
    page = course.feedback_page("right", "tiny").read_text()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert page.partition("<main>")[2] == ours.partition("<main>")[2]


def test_marks_credit_and_comments_of_a_person_outlive_a_fresh_run(course: Course) -> None:
    from autograder.grading.grade import RunOptions

    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "right").manual_score = 2.0
        gradebook.find_grade("test_double", "tiny", "tiny", "right").extra_credit = 0.5
        gradebook.find_comment("double", "tiny", "tiny", "right").manual_comment = "Neat <script>alert(1)</script>"
        gradebook.db.commit()
    grade_class(course, "tiny", RunOptions(fresh=True))
    assert marks(course, "tiny", "right") == {"test_double": 1.5, "test_halve": 2, "why": 2}
    page = course.feedback_page("right", "tiny").read_text()
    assert "Neat" in page
    assert "<script" not in page
    with Gradebook(course.gradebook_url) as gradebook:
        assert gradebook.find_grade("why", "tiny", "tiny", "right").needs_manual_grade  # nbgrader: look at it again
        assert gradebook.find_submission("tiny", "right").score == 5.5


def test_late_penalties_of_the_instructors_plugin_hold(course: Course) -> None:
    folders = [str(course.root), str(course.solutions), str(course.exercises)]
    (course.root / "nbgrader_config.py").write_text(LATE_PLUGIN.replace("FOLDERS", repr(folders)))
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.update_or_create_assignment("tiny", duedate=datetime.datetime(2030, 1, 1, 12))
    stamp = course.submitted_notebook("wrong", "tiny").with_name("timestamp.txt")
    stamp.write_text("2030-01-01 13:30:00 UTC")
    grade_class(course, "tiny")
    with Gradebook(course.gradebook_url) as gradebook:
        assert gradebook.find_submission("tiny", "wrong").total_seconds_late == 5400
        assert gradebook.find_submission_notebook("tiny", "tiny", "wrong").late_submission_penalty == 1.5
        assert gradebook.find_submission_notebook("tiny", "tiny", "right").late_submission_penalty is None
    assert "Late submission penalty: -1.5" in course.feedback_page("wrong", "tiny").read_text()
    assert course.autograded_notebook("wrong", "tiny").with_name(Path(stamp).name).read_bytes() == stamp.read_bytes()
