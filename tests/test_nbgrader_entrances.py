"""nbgrader's command and formgrader's button give the marks of `gradus grade`, and what people entered is kept."""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from test_timestamps import odd_timestamp
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.gradebook import marks
from autograder.gradebook.new_gradebook import schema_version, stock_schema_version
from autograder.grading.grade import grade as grade_class
from autograder.nbgrader_bridge import stage
from autograder.nbgrader_bridge.settings import configure
from autograder.submissions.record import read_record
from gradus.errors import GradusError

pytestmark = [
    pytest.mark.slow("nbgrader and formgrader in processes of their own"),
    pytest.mark.usefixtures("lasting_sandboxes"),
]

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


@pytest.fixture
def server(course: Course, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """A Jupyter server with formgrader, started in the course folder; gives what asks it, by method and path."""
    log, token = tmp_path / "log", "a-token-of-the-test"
    command = [
        sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        f"--IdentityProvider.token={token}",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]  # fmt: skip
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | folders | {"JUPYTER_NO_CONFIG": "1"}
    with log.open("w") as output, subprocess.Popen(
        command, cwd=course.root, env=environment, stdout=output, stderr=output
    ) as process:  # fmt: skip
        try:
            address = _address(process, tmp_path / "RUNTIME", log)

            def ask(method: str, path: str) -> str:
                headers = {"Authorization": f"token {token}"}
                request = urllib.request.Request(address + path, headers=headers, method=method)
                with urllib.request.urlopen(request, data=b"" if method == "POST" else None, timeout=60) as reply:
                    return str(reply.read().decode())

            yield ask
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Where the server answers: it writes that down when it does."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(path.read_text())["url"])
            except ValueError:  # half written
                continue
        time.sleep(0.05)
    pytest.fail(f"the server does not start:\n{log.read_text()}")


def test_a_live_formgrader_shows_and_grades_the_course(course: Course, server: Callable[[str, str], str]) -> None:
    notebook = json.loads(course.released_notebook("tiny").read_text())
    tiny.hand_in(course, "live", tiny.answered(notebook, **(tiny.RIGHT | {"double": "def double(x):\n    return 5"})))
    assert "Manage Assignments" in server("GET", "formgrader")
    assert "tiny" in server("GET", "formgrader/manage_submissions/tiny")
    reply = json.loads(server("POST", "formgrader/api/submission/tiny/live/autograde"))
    assert reply["success"], reply
    assert marks(course, "tiny", "live") == {"test_double": 0, "test_halve": 2, "why": 0}
    shown = shown_scores(server)
    report = grade_class(course, "tiny")
    assert {one.student: one.score for one in report.results} == shown
    assert shown_scores(server) == shown
    (page,) = [one["id"] for one in submitted_notebooks(server) if one["student"] == "live"]
    assert "Hidden tests: 0 of 4 answers right" in server("GET", f"formgrader/submissions/{page}/")


def submitted_notebooks(server: Callable[[str, str], str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(server("GET", "formgrader/api/submitted_notebooks/tiny/tiny"))
    return found


def shown_scores(server: Callable[[str, str], str]) -> dict[str, float]:
    return {one["student"]: one["score"] for one in submitted_notebooks(server)}


def test_nbgraders_command_in_the_course_folder_is_ours(course: Course) -> None:
    before = marks(course, "tiny", "wrong")
    command = [sys.executable, "-m", "nbgrader", "autograde", "tiny", "--student", "wrong", "--force"]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert marks(course, "tiny", "wrong") == before
    record = read_record(course.autograded_notebook("wrong", "tiny"))
    assert record is not None
    assert record.executed


def press_the_button(course: Course, student: str) -> None:
    settings = configure(Config(), course)
    result = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings).autograde("tiny", student)
    assert result["success"], result


def test_formgraders_button_takes_the_result_that_is_there(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    before, graded = marks(course, "tiny", "wrong"), course.autograded_notebook("wrong", "tiny").read_text()
    monkeypatch.setattr("autograder.engine.pool.Sandbox.run", lambda *_: pytest.fail("it was run a second time"))
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
    monkeypatch.setattr("autograder.engine.pool.Sandbox.run", lambda *_: pytest.fail("it was run a second time"))
    report = grade_class(course, "tiny")
    assert {one.student: one.marks for one in report.results}["later"] == marks(course, "tiny", "later")


def nbgraders_page(course: Course, student: str) -> str:
    settings = configure(Config(), course)
    folder = CourseDirectory(config=settings, assignment_id="tiny", student_id=student)
    converter = GenerateFeedback(coursedir=folder, config=settings)
    converter.force = True
    converter.start()
    return course.feedback_page(student, "tiny").read_text()


def test_nbgraders_feedback_is_our_page(course: Course) -> None:
    ours = course.feedback_page("right", "tiny").read_text()
    page = nbgraders_page(course, "right")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert page.partition("<main>")[2] == ours.partition("<main>")[2]


def test_an_answer_that_nobody_has_read_yet_is_no_zero_in_the_feedback(course: Course) -> None:
    notebook = json.loads(course.released_notebook("tiny").read_text())
    tiny.hand_in(course, "writes", tiny.answered(notebook, **(tiny.RIGHT | {"why": "In words of my own."})))
    grade_class(course, "tiny")
    ours = course.feedback_page("writes", "tiny").read_text()
    assert "(Score so far: 3.0 / 3.0; not read yet: 3.0 points)" in ours
    assert ours.count("Not read yet: up to 3.0 points") == 2  # in the list and at the answer
    assert "0.0 / 3.0" not in ours
    assert nbgraders_page(course, "writes").partition("<main>")[2] == ours.partition("<main>")[2]

    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "writes").manual_score = 0.0
        gradebook.db.commit()
    grade_class(course, "tiny")
    ours = course.feedback_page("writes", "tiny").read_text()
    assert "(Score: 3.0 / 6.0)" in ours
    assert ours.count("Score: 0.0 / 3.0") == 2
    assert "ot read yet" not in ours
    assert nbgraders_page(course, "writes").partition("<main>")[2] == ours.partition("<main>")[2]


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

    report = grade_class(course, "tiny")
    (late,) = [one for one in report.results if one.student == "wrong"]
    assert (late.raw_score, late.late_penalty, late.score) == (2, 1.5, 0.5)
    assert late.submitted == "2030-01-01T13:30:00Z"
    assert exported(course)["wrong"] == ("2.0", "1.5", "0.5")
    assert {one.student: (one.raw_score, one.late_penalty, one.score) for one in report.results} == {
        student: tuple(map(float, row)) for student, row in exported(course).items()
    }


def exported(course: Course) -> dict[str, tuple[str, str, str]]:
    """What nbgrader's export says of each student: raw score, penalty, score."""
    file = course.root / "export.csv"
    export = CsvExportPlugin(config=configure(Config(), course))
    export.to = str(file)
    with Gradebook(course.gradebook_url) as gradebook:
        export.export(gradebook)
    rows = list(csv.DictReader(file.open()))
    return {row["student_id"]: (row["raw_score"], row["late_submission_penalty"], row["score"]) for row in rows}


def test_an_extension_and_a_mark_by_hand_change_the_penalty(course: Course) -> None:
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "wrong").manual_score = 1.0
        gradebook.find_submission("tiny", "wrong").extension = datetime.timedelta(hours=1)
        gradebook.db.commit()
    (late,) = [one for one in grade_class(course, "tiny").results if one.student == "wrong"]
    assert (late.raw_score, late.late_penalty, late.score) == (3, 0.5, 2.5)
    assert exported(course)["wrong"] == ("3.0", "0.5", "2.5")


@pytest.mark.parametrize(("body", "why", "by_nbgrader"), [
    ("return 1 / 0", "ZeroDivisionError", True), ("return 'much'", "TypeError", False),
    ("return float('nan')", "ValueError", False), ("raise SystemError", "SystemError", False),
])  # fmt: skip
def test_a_plug_in_that_fails_costs_no_mark_and_is_said(course: Course, body: str, why: str, by_nbgrader: bool) -> None:
    """However it fails, and by nbgrader's command too, which a program is started for once."""
    own = course.root / "nbgrader_config.py"
    sound = own.read_text()
    own.write_text(sound.replace("return total_seconds_late / 3600", body))
    try:
        report = grade_class(course, "tiny")
        if by_nbgrader:
            command = [sys.executable, "-m", "nbgrader", "autograde", "tiny", "--student", "wrong", "--force"]
            done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False, timeout=300)
            assert done.returncode == 0, done.stderr
    finally:
        own.write_text(sound)
    (late,) = [one for one in report.results if one.student == "wrong"]
    assert late.score == late.raw_score >= 2
    assert exported(course)["wrong"] == (str(late.raw_score), "0.0", str(late.score))
    (note,) = report.notes
    assert "no penalty for being late was set for wrong: the plug-in" in note
    assert f"failed ({why}" in note
    assert report.failures == []


def test_a_plug_in_that_cannot_be_loaded_is_one_sentence(course: Course) -> None:
    own = course.root / "nbgrader_config.py"
    sound = own.read_text()
    own.write_text(sound.replace("plugin_class = OnePointAnHour", "plugin_class = 'nowhere.AtAll'"))
    try:
        with pytest.raises(GradusError, match=r"late penalties cannot be loaded .*nowhere.*plugin_class"):
            grade_class(course, "tiny")
    finally:
        own.write_text(sound)


ODD = ("words", "bytes", "folder", "dangling", "link", "fifo", "huge", "empty")


def test_no_timestamp_holds_up_nbgraders_command_its_list_or_anybody_else(course: Course) -> None:
    notebook = json.loads(course.released_notebook("tiny").read_text())
    for kind in ODD:
        stamp = tiny.hand_in(course, f"odd-{kind}", tiny.answered(notebook, **tiny.RIGHT)).with_name("timestamp.txt")
        odd_timestamp(stamp, kind)
    zoned = tiny.hand_in(course, "zoned", tiny.answered(notebook, **tiny.RIGHT)).with_name("timestamp.txt")
    zoned.write_text("2029-12-31 20:00:00 -0500")
    report = grade_class(course, "tiny")
    by_student = {one.student: one for one in report.results}
    for kind in ODD:
        one = by_student[f"odd-{kind}"]
        assert (one.score, one.submitted, len(one.problems)) == (3, "", 1)
        assert one.problems[0].startswith("timestamp.txt")
    assert by_student["zoned"].submitted == "2030-01-01T01:00:00Z"
    command = [sys.executable, "-m", "nbgrader", "autograde", "tiny", "--force"]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    settings = configure(Config(), course)
    listed = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings).get_submissions("tiny")
    assert {f"odd-{kind}" for kind in ODD} <= {one["student"] for one in listed if one["autograded"]}
    (one,) = [one for one in listed if one["student"] == "zoned"]
    assert (one["timestamp"], one["autograded"]) == ("2030-01-01T01:00:00", True)
    again = {one.student: (one.marks, one.submitted) for one in grade_class(course, "tiny").results}
    assert again == {one.student: (one.marks, one.submitted) for one in report.results}


def test_a_live_formgrader_lists_the_class_whatever_the_timestamps_are(
    course: Course, server: Callable[[str, str], str]
) -> None:
    listed = json.loads(server("GET", "formgrader/api/submissions/tiny"))
    assert {f"odd-{kind}" for kind in ODD} <= {one["student"] for one in listed}


def test_a_new_gradebook_has_the_version_that_nbgrader_would_give_it() -> None:
    assert schema_version() == stock_schema_version()
