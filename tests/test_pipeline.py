"""A grading run can be killed, stopped, repeated and gone on with; no mark depends on any of that."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from services import Here

from autograder.course import Course
from autograder.engine.sandbox.processes import descendants
from autograder.engine.sandbox.warm_process import WarmProcess
from autograder.gradebook.gradebook import all_marks
from autograder.grading.grade import RunOptions
from autograder.grading.grade import grade as grade_class
from autograder.records.report import Report
from gradus.errors import GradusError
from gradus.notebook.form import Notebook

pytestmark = [pytest.mark.slow("a class in sandboxes, for each test"), pytest.mark.usefixtures("lasting_sandboxes")]

SLOW = "import time\ntime.sleep(0.3)\n\n\ndef double(x):\n    return x + x"
DEPENDS_ON_THE_SEED = "def double(x):\n    return x + x if x > 0 else 0.0"
SECRET_LINES = ("answer(double", "cases.number", "BEGIN HIDDEN", "autograder.answers")


def marks(report: Report) -> dict[str, dict[str, float | None]]:
    return {one.student: one.marks for one in report.results}


@pytest.fixture
def course(tmp_path: Path) -> tuple[Course, Notebook]:
    made, notebook = tiny.released_course(tmp_path)
    tiny.hand_in(made, "right", tiny.answered(notebook, **tiny.RIGHT))
    tiny.hand_in(made, "lucky", tiny.answered(notebook, double=DEPENDS_ON_THE_SEED, halve=tiny.RIGHT["halve"]))
    return made, notebook


def in_a_process(course: Course) -> subprocess.Popen[bytes]:
    folders = [str(course.root), str(course.solutions), str(course.exercises)]
    code = (
        "from pathlib import Path\nfrom autograder.course import Course\n"
        "from autograder.grading.grade import RunOptions, grade\n"
        f"grade(Course(*map(Path, {folders})), 'tiny', RunOptions(workers=2))\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for_results(course: Course, count: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while len(list((course.results / "tiny" / "graded").glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < until
        time.sleep(0.01)


def assert_gone(pids: list[int]) -> None:
    """The kernel takes a moment to end a namespace."""
    assert pids
    until = time.monotonic() + 10
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, f"processes of the run are left: {left}"
        time.sleep(0.05)


def slow_class(course: Course, notebook: Notebook, size: int = 8) -> None:
    for number in range(size):
        tiny.hand_in(
            course, f"s{number}", tiny.answered(notebook, double=f"{SLOW}  # {number}", halve=tiny.RIGHT["halve"])
        )


def test_a_run_that_was_killed_is_gone_on_with_by_starting_it_again(course: tuple[Course, Notebook]) -> None:
    made, notebook = course
    slow_class(made, notebook)
    process = in_a_process(made)
    wait_for_results(made, 3, process)
    below = descendants(process.pid)
    process.kill()
    process.communicate()
    seed = json.loads((made.results / "tiny" / "run.json").read_text())["seed"]
    kept = {path: path.stat().st_mtime_ns for path in (made.results / "tiny" / "graded").glob("*.json")}
    report = grade_class(made, "tiny")
    assert report.seed == seed
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # what was graded was not run again
    assert len(report.results) == 10
    assert all(one.marks["test_double"] == 1 for one in report.results if one.student != "lucky")
    assert all_marks(made, "tiny") == marks(report)
    assert_gone(below)


def test_ctrl_c_ends_everything_and_loses_nothing(course: tuple[Course, Notebook]) -> None:
    made, notebook = course
    slow_class(made, notebook)
    process = in_a_process(made)
    wait_for_results(made, 2, process)
    below = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=30)[0].decode()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in output
    assert_gone(below)
    assert len(grade_class(made, "tiny").results) == 10


def test_a_seed_repeats_a_run_to_the_same_marks_and_a_fresh_run_draws_another(course: tuple[Course, Notebook]) -> None:
    made, _ = course
    first = grade_class(made, "tiny")
    fresh = grade_class(made, "tiny", RunOptions(fresh=True))
    assert fresh.seed != first.seed
    again = grade_class(made, "tiny", RunOptions(fresh=True, seed=first.seed))
    assert (again.seed, marks(again), again.versions) == (first.seed, marks(first), first.versions)


def test_the_number_of_workers_changes_no_mark(course: tuple[Course, Notebook]) -> None:
    made, _ = course
    found = [marks(grade_class(made, "tiny", RunOptions(workers=n, seed=5, fresh=True))) for n in (1, 3)]
    assert found[0] == found[1]


def test_a_run_that_has_nothing_to_do_starts_no_sandbox(
    course: tuple[Course, Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = course
    before = grade_class(made, "tiny")
    monkeypatch.setattr("autograder.engine.pool.Sandbox.run", lambda *_: pytest.fail("something was run"))
    monkeypatch.setattr("autograder.engine.pool.Sandbox.warm", lambda *_: pytest.fail("a sandbox was started"))
    assert marks(grade_class(made, "tiny")) == marks(before)


def test_the_seed_and_the_versions_are_kept_with_the_marks(course: tuple[Course, Notebook]) -> None:
    made, _ = course
    report = grade_class(made, "tiny")
    kept = json.loads(made.autograded_notebook("right", "tiny").read_text())["metadata"]["gradus"]
    assert (kept["seed"], kept["versions"]) == (report.seed, report.versions)
    assert {"gradus", "torch", "numpy", "python"} <= set(report.versions)


def test_a_full_disk_is_one_sentence_and_the_next_run_finishes(
    course: tuple[Course, Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = course
    real, calls = os.fsync, []

    def full_at_the_third(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) >= 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_at_the_third)
        with pytest.raises(GradusError, match="No space left on device") as error:
            grade_class(made, "tiny")
    assert len(str(error.value).splitlines()) == 1
    assert not list(made.root.rglob(".unfinished-*"))
    assert marks(grade_class(made, "tiny"))["right"]["test_double"] == 1


def test_a_solution_that_fails_is_refused_and_its_cell_named(tmp_path: Path) -> None:
    source = tiny.source_notebook()
    for cell in source["cells"]:
        cell["source"] = cell["source"].replace("return half_of_the_input", "return half_of_it_all_or_nothing")
    made = tiny.course(tmp_path, source)
    made.released_notebook("tiny").parent.mkdir(parents=True)
    made.released_notebook("tiny").write_text(tiny.generate(made, "tiny"))
    tiny.hand_in(made, "ada", json.loads(made.released_notebook("tiny").read_text()))
    with pytest.raises(GradusError, match=r"cell 9 \(test_halve\): the solution does not run \(NameError"):
        grade_class(made, "tiny")


def shown(course: Course, student: str) -> dict[str, list[dict[str, Any]]]:
    notebook = json.loads(course.autograded_notebook(student, "tiny").read_text())
    return {tiny.label(cell): cell.get("outputs", []) for cell in notebook["cells"]}


NOISY = """import sys
import warnings


def double(x):
    print("my own words")
    print("to stderr", file=sys.stderr)
    warnings.warn("mind")
    sys.displayhook(99.0)
    raise ValueError(f"the hidden input is {x}")"""


def test_a_test_cell_ends_with_one_mark_and_has_neither_errors_nor_stderr(course: tuple[Course, Notebook]) -> None:
    made, notebook = course
    tiny.hand_in(made, "noisy", tiny.answered(notebook, double=NOISY, halve=tiny.RIGHT["halve"]))
    report = grade_class(made, "tiny")
    outputs = shown(made, "noisy")["test_double"]
    assert [output for output in outputs if output["output_type"] == "execute_result"] == [outputs[-1]]
    assert outputs[-1]["data"]["text/plain"] == "0.0"
    assert {output["output_type"] for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert {output["name"] for output in outputs if output["output_type"] == "stream"} <= {"stdout"}
    assert "Your function ended with ValueError." in outputs[-2]["data"]["text/plain"]
    visible = json.dumps(outputs)
    assert "my own words" in visible
    # The input of the visible check, and the line of the student's own code in the traceback.
    assert set(re.findall(r"the hidden input is (\S)", visible)) <= {"2", "{"}
    assert marks(report)["noisy"] == {"test_double": 0, "test_halve": 2, "why": 0}


def test_feedback_loads_nothing_runs_nothing_and_shows_no_hidden_test(course: tuple[Course, Notebook]) -> None:
    made, notebook = course
    hostile = tiny.answered(notebook, **tiny.RIGHT)
    hostile["cells"][0]["source"] = "# <script src=https://evil.example></script> ![x](https://evil.example/x.png)"
    html = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    show = f"from IPython.display import HTML, Javascript, display\ndisplay(HTML({html!r}), Javascript('alert(1)'))"
    hostile["cells"].append(tiny.cell("code", "more", show))
    tiny.hand_in(made, "hostile", hostile)
    grade_class(made, "tiny")
    page = made.feedback_page("hostile", "tiny").read_text()
    graded = made.autograded_notebook("hostile", "tiny").read_text()
    assert "default-src 'none'" in page
    for sign in ("<script", "onerror=", "<link", 'src="http', "src=http", "@import", "mathjax", "<iframe"):
        assert sign not in page.lower().replace("&lt;script", "").replace("onerror=alert(1)&gt;", "")
    for line in SECRET_LINES:
        assert line not in page
        assert line not in graded


def test_hidden_tests_are_shown_when_the_instructor_asks_for_it(course: tuple[Course, Notebook]) -> None:
    made, _ = course
    made.root.joinpath("gradus.toml").write_text("[grading]\nshow_hidden = true\n")
    grade_class(made, "tiny")
    assert "answer(double, cases.number(-10, 10))" in made.feedback_page("right", "tiny").read_text()


def test_text_that_the_renderer_cannot_take_is_shown_as_it_was_written(
    course: tuple[Course, Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> str:
        raise RecursionError("too deep")

    monkeypatch.setattr("nbconvert.exporters.html.HTMLExporter.markdown2html", refuses)
    monkeypatch.setattr("autograder.feedback.writer.Bounded", Here)
    made, _ = course
    report = grade_class(made, "tiny")
    assert report.failures == []
    assert "<pre>" in made.feedback_page("right", "tiny").read_text()


def test_no_feedback_is_written_when_none_is_wanted(course: tuple[Course, Notebook]) -> None:
    made, _ = course
    report = grade_class(made, "tiny", RunOptions(feedback=False))
    assert not made.feedback_page("right", "tiny").exists()
    assert [one.feedback for one in report.results] == ["", ""]


def test_without_a_sandbox_the_run_is_refused_and_the_way_out_named(
    course: tuple[Course, Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = course
    for user in ("pool", "sandbox.worker"):
        monkeypatch.setattr(f"autograder.engine.{user}.WarmProcess", WarmProcess)  # one that is not there already
    monkeypatch.setattr("autograder.engine.sandbox.walls.find_bubblewrap", lambda: None)
    with pytest.raises(GradusError, match="--unsafe-no-sandbox"):
        grade_class(made, "tiny")
    report = grade_class(made, "tiny", RunOptions(sandbox=False))
    assert marks(report)["right"]["test_double"] == 1
