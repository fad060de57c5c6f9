"""The grader as an autograder of Gradescope's: what is in its zip, and what a submission gets where it runs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny

from autograder.course import Course
from autograder.gradescope.pack import SCRIPTS, SETTINGS, pack
from gradus.errors import GradusError


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a gradebook's password, a submission and a limit of its own."""
    made, _ = tiny.released_course(tmp_path_factory.mktemp("packed"))
    (made.root / "nbgrader_config.py").write_text(
        "c.CourseDirectory.db_url = 'postgresql://me:NOT-FOR-A-CONTAINER@host/db'"
    )
    (made.root / "gradus.toml").write_text("[grading]\nquestion_seconds = 5\n")
    handed_in = made.submitted_notebook("ada", tiny.NAME)
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text("NOT-FOR-A-CONTAINER")
    other = made.solutions / "other" / "other.ipynb"
    other.parent.mkdir()
    other.write_text("NOT-FOR-A-CONTAINER")
    return made


@pytest.fixture(scope="module")
def packed(course: Course) -> Iterator[zipfile.ZipFile]:
    target = course.root.parent / "autograder.zip"
    assert pack(course, tiny.NAME, target) == target.stat().st_size
    with zipfile.ZipFile(target) as archive:
        yield archive


def test_the_zip_has_what_a_container_needs_and_nothing_of_a_class(packed: zipfile.ZipFile) -> None:
    names = packed.namelist()
    assert {*SCRIPTS, SETTINGS, "tools/bootstrap.py", "gradus/cli.py", "autograder/cli.py"} <= set(names)
    assert "autograder/course/gradus.toml" in names
    assert {name for name in names if name.startswith(("solutions/", "exercises/"))} == {
        "solutions/tiny/tiny.ipynb", "exercises/tiny/tiny.ipynb",
    }  # fmt: skip
    assert [name for name in names if b"NOT-FOR-A-CONTAINER" in packed.read(name)] == []
    for script in SCRIPTS:
        assert packed.getinfo(script).external_attr >> 16 & stat.S_IXUSR


@pytest.mark.slow("a shell")
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_a_shells(packed: zipfile.ZipFile, script: str) -> None:
    subprocess.run(["bash", "-n"], input=packed.read(script), check=True)


def test_the_same_files_give_the_same_zip(course: Course, packed: zipfile.ZipFile, tmp_path: Path) -> None:
    pack(course, tiny.NAME, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == Path(str(packed.filename)).read_bytes()


def test_a_problem_set_that_cannot_be_graded_is_not_packed(course: Course, tmp_path: Path) -> None:
    for name in ("none", "other"):
        with pytest.raises(GradusError, match=name):
            pack(course, name, tmp_path / "zip")
    assert not (tmp_path / "zip").exists()


RIGHT = {"test_double": 1.0, "test_halve": 2.0, "why": 0.0}


@pytest.mark.slow("a sandbox for each submission")
@pytest.mark.parametrize(
    ("files", "scores", "said"),
    [
        ({"deep/er/my work.ipynb": "right", "notes.txt": "text", "__MACOSX/._tiny.ipynb": "text"}, RIGHT, ""),
        ({}, dict.fromkeys(RIGHT, 0.0), "tiny.ipynb"),
        ({"tiny.ipynb": "link"}, dict.fromkeys(RIGHT, 0.0), "link"),
    ],
    ids=["right, in folders", "nothing", "a link"],
)
def test_a_submission_gets_its_results(
    packed: zipfile.ZipFile, tmp_path: Path, files: dict[str, str], scores: dict[str, float], said: str
) -> None:
    tmp_path.chmod(0o755)
    source, submission = tmp_path / "source", tmp_path / "submission"
    packed.extractall(source)
    submission.mkdir()
    released = json.loads(packed.read("exercises/tiny/tiny.ipynb"))
    for name, kind in files.items():
        path = submission / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            path.symlink_to(source / "solutions" / "tiny" / "tiny.ipynb")
            continue
        right = json.dumps(tiny.answered(released, **tiny.RIGHT, why="Because."))
        path.write_text(right if kind == "right" else kind)
    status = run(source, tmp_path)
    assert status.returncode == 0, status.stderr
    results: dict[str, Any] = json.loads((tmp_path / "results" / "results.json").read_text())
    assert {test["name"]: test["score"] for test in results["tests"]} == scores
    assert results["score"] == sum(scores.values())
    assert said in results["output"]


@pytest.mark.slow("a Python")
def test_where_the_grader_cannot_grade_no_mark_is_given(packed: zipfile.ZipFile, tmp_path: Path) -> None:
    source = tmp_path / "source"
    packed.extractall(source)
    (tmp_path / "submission").mkdir()
    (source / "exercises" / "tiny" / "tiny.ipynb").unlink()
    status = run(source, tmp_path)
    assert status.returncode == 2
    assert status.stderr.startswith("gradus: ")
    assert not (tmp_path / "results").exists()


def run(source: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """What `run_autograder` does, with this Python in the place of the container's."""
    command = [sys.executable, "-m", "autograder.gradescope.run", str(root)]
    environment = {name: value for name, value in os.environ.items() if name != "GRADUS_COURSE"}
    return subprocess.run(
        command, cwd=source, env=environment | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=False
    )
