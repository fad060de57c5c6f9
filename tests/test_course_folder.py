"""A course folder of any name, on any disk: it works, or one sentence says why not before anything is written."""

from __future__ import annotations

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import tiny_problem_set as tiny
import typer
from grading import grade
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from typer.testing import CliRunner

from autograder.cli import register as commands
from autograder.course import Course
from autograder.files.one_run import OWNER, one_run
from autograder.files.writing import require_writable, write_result
from autograder.gradebook.gradebook import marks, register
from autograder.gradebook.gradebook_file import require_sound_gradebook
from autograder.gradebook.settings import nbgrader_options
from autograder.grading.grade import grade as grade_class
from autograder.nbgrader_bridge.settings import configure
from gradus.errors import GradusError

NAMES = [
    "a?b", "x%20y", "100%", "h#sh", "sp ace", "q'uo\"te", "new\nline", "ü", "प्रिया", "~", "a~b", "[x]", "{y}",
    "st*r", "a&b=c", "semi;colon", "back\\slash", "cash$", "user@host:8", "a+b", "-x", "a?mode=ro&b", "%2e%2e",
]  # fmt: skip


@pytest.fixture(scope="module")
def problem_set(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny.released_course(tmp_path_factory.mktemp("tiny"))[0]


def course_at(folder: Path, problem_set: Course) -> Course:
    folder.mkdir(parents=True)
    return Course(folder, problem_set.solutions, problem_set.exercises)


@pytest.mark.parametrize("name", NAMES)
def test_everything_lies_inside_a_folder_of_that_very_name(tmp_path: Path, problem_set: Course, name: str) -> None:
    made = course_at(tmp_path / "courses" / name, problem_set)
    register(made, "tiny")
    nbgrader_options(made)
    with Gradebook(made.gradebook_url) as gradebook:
        gradebook.add_student("ada")
    assert made.gradebook.is_file()
    assert [path.name for path in (tmp_path / "courses").iterdir()] == [name]
    with closing(sqlite3.connect(made.gradebook)) as database:
        assert database.execute("SELECT id FROM student").fetchall() == [("ada",)]
    require_sound_gradebook(made.gradebook)


def test_courses_with_names_like_search_patterns_do_not_see_each_other(tmp_path: Path, problem_set: Course) -> None:
    for name in ("a?b", "axb", "[ab]", "a", "*"):
        made = course_at(tmp_path / name, problem_set)
        tiny.hand_in(made, f"student-of-{len(name)}-{name[0].isalpha()}", b"{}")
    for name in ("a?b", "[ab]", "*"):
        made = Course(tmp_path / name, problem_set.solutions, problem_set.exercises)
        register(made, "tiny")
        settings = configure(Config(), made)
        api = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings)
        assert api.get_submitted_students("tiny") == {path.name for path in made.submitted.iterdir()}


@pytest.mark.slow("a Python, and nbgrader in it")
@pytest.mark.parametrize("name", ["a?b", "[x]", "x%20y"])
def test_nbgraders_own_command_works_in_such_a_folder(tmp_path: Path, problem_set: Course, name: str) -> None:
    made = course_at(tmp_path / name, problem_set)
    tiny.hand_in(made, "ada", b"{}")
    grade_class(made, "tiny")
    command = [sys.executable, "-m", "nbgrader", "autograde", "tiny", "--force"]
    done = subprocess.run(command, cwd=made.root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert marks(made, "tiny", "ada") == {"test_double": 0, "test_halve": 0, "why": 0}
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["d$HOME", "${HOME}", "a$x-b", os.fsdecode(b"lat\xf6")])
def test_a_name_that_nbgrader_would_take_for_another_is_refused_before_anything_is_written(
    tmp_path: Path, problem_set: Course, name: str
) -> None:
    made = course_at(tmp_path / name, problem_set)
    tiny.hand_in(made, "ada", b"{}")
    result = grade(made, "tiny", "--json", str(tmp_path / "new" / "marks.json"))
    assert isinstance(result.exception, GradusError)
    assert str(result.exception).endswith("; rename it.")
    assert [path.name for path in made.root.iterdir()] == ["submitted"]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO])
def test_where_the_file_system_has_no_locks_a_file_takes_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("autograder.files.one_run.fcntl.flock", flock)
    with one_run(tmp_path) as (said,):
        assert os.strerror(number) in said
        with pytest.raises(GradusError, match=rf"another run.*process {os.getpid()} on .*delete"), one_run(tmp_path):
            pass
    with one_run(tmp_path):
        pass
    assert not (tmp_path / OWNER).exists()


@pytest.mark.parametrize(("owner", "stands"), [
    ({"machine": "here", "process": 2**22 + 1, "started": "1"}, False),
    ({"machine": "here", "process": os.getpid(), "started": "another process had this number"}, False),
    ({"machine": "elsewhere", "process": 1, "started": "1"}, True),
    ({}, True),
])  # fmt: skip
def test_a_lock_left_by_a_process_that_has_ended_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: dict[str, object], stands: bool
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("autograder.files.one_run.fcntl.flock", flock)
    if owner.get("machine") == "here":
        owner = {**owner, "machine": socket.gethostname()}
    (tmp_path / OWNER).write_text(json.dumps(owner))
    if stands:
        with pytest.raises(GradusError, match="another run"), one_run(tmp_path):
            pass
    else:
        with one_run(tmp_path) as said:
            assert len(said) == 1


HOLDS = """
from pathlib import Path
from autograder.files.one_run import one_run
with one_run(Path({folder!r})):
    print("held", flush=True)
    input()
"""


@pytest.mark.slow("a Python")
def test_another_process_that_holds_the_course_is_still_another_run(tmp_path: Path) -> None:
    code = HOLDS.format(folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(GradusError, match="another run is grading"), one_run(tmp_path):
            pass
        other.communicate(b"\n", timeout=60)
    with one_run(tmp_path) as said:
        assert said == []


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url)")


def version(number: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with Gradebook(f"sqlite:///{path}") as gradebook:
            gradebook.add_student("ada")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (number,))

    return write


def damaged(path: Path) -> None:
    with Gradebook(f"sqlite:///{path}") as gradebook:
        for number in range(200):
            gradebook.add_student(f"student-{number}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(4096) + content[len(content) // 2 + 4096 :][:-8192])


@pytest.mark.parametrize(("make", "said"), [
    (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    (lambda path: path.write_bytes(b"PK\x03\x04 and more"), "is not a gradebook"),
    (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(range(256))), ""),
    (lambda path: path.mkdir(), "not a plain file"),
    (os.mkfifo, "not a plain file"),
    (foreign, "another program's database (its tables: bookmarks"),
    (version("f" * 12), "newer nbgrader"),
    (version("50a4d84c131a"), "nbgrader db upgrade"),
    (damaged, "damaged"),
])  # fmt: skip
def test_a_gradebook_that_is_none_is_named_before_grading_and_left_as_it_is(
    tmp_path: Path, problem_set: Course, make: Callable[[Path], object], said: str
) -> None:
    made = course_at(tmp_path / "course", problem_set)
    tiny.hand_in(made, "ada", b"{}")
    make(made.gradebook)
    before = made.gradebook.read_bytes() if made.gradebook.is_file() else b""
    with pytest.raises(GradusError) as error:
        grade_class(made, "tiny")
    assert said in str(error.value)
    assert str(made.gradebook) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert not made.results.exists()
    assert (made.gradebook.read_bytes() if made.gradebook.is_file() else b"") == before


@pytest.mark.parametrize("content", [None, b""])
def test_no_gradebook_yet_and_an_empty_one_are_fine(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "gradebook.db"
    if content is not None:
        path.write_bytes(content)
    require_sound_gradebook(path)
    assert path.exists() == (content is not None)


def test_a_locked_gradebook_is_said_to_be_locked(
    tmp_path: Path, problem_set: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.gradebook.gradebook_file._PATIENCE", 0.1)
    made = course_at(tmp_path / "course", problem_set)
    register(made, "tiny")
    for how in ("EXCLUSIVE", "IMMEDIATE"):
        with closing(sqlite3.connect(made.gradebook, isolation_level=None)) as other:
            other.execute(f"BEGIN {how}")
            with pytest.raises(GradusError, match="another program has locked it"):
                require_sound_gradebook(made.gradebook)
    require_sound_gradebook(made.gradebook)


def test_a_folder_that_nothing_can_be_written_to_is_one_sentence(
    tmp_path: Path, problem_set: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = course_at(tmp_path / "course", problem_set)
    tiny.hand_in(made, "ada", b"{}")
    before = sorted(made.root.rglob("*"))
    real = Path.open

    def refuses(path: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if path.parent == made.root and mode != "r":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, mode, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuses)
    with pytest.raises(GradusError, match="Read-only file system") as error:
        grade_class(made, "tiny")
    assert len(str(error.value).splitlines()) == 1
    assert sorted(made.root.rglob("*")) == before


def grade_with_json(made: Course, target: str, monkeypatch: pytest.MonkeyPatch) -> tuple[BaseException | None, str]:
    monkeypatch.setattr("autograder.cli._course", lambda _: made)
    app = typer.Typer()
    commands(app)
    result = CliRunner().invoke(app, ["grade", "tiny", "--course", str(made.root), "--json", target])
    return result.exception, result.output


@pytest.mark.parametrize("target", ["", "folder", "folder/", "file/marks.json", "marks\0.json"])
def test_a_json_file_that_cannot_be_written_is_said_before_the_class_is_graded(
    tmp_path: Path, problem_set: Course, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    made = course_at(tmp_path / "course", problem_set)
    tiny.hand_in(made, "ada", b"{}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr("autograder.grading.grade.grade", lambda *_, **__: pytest.fail("it was graded"))
    error, _ = grade_with_json(made, str(tmp_path) + "/" + target, monkeypatch)
    assert isinstance(error, GradusError)
    assert len(str(error).splitlines()) == 1


def test_a_full_disk_leaves_the_marks_that_were_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "marks.json"
    path.write_text("the marks of yesterday")
    path.chmod(0o640)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(GradusError, match="No space left on device"):
            write_result(path, b"half")
    assert path.read_text() == "the marks of yesterday"
    assert [entry.name for entry in tmp_path.iterdir()] == ["marks.json"]
    write_result(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)


def test_json_goes_through_a_link_and_into_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "real.json").touch()
    (tmp_path / "link.json").symlink_to("real.json")
    require_writable(tmp_path / "link.json")
    write_result(tmp_path / "link.json", b"{}")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"{}"
    require_writable(Path("/dev/null"))
    write_result(Path("/dev/null"), b"{}")
    assert not Path("/dev/null").is_file()


@pytest.mark.slow("a sandbox")
def test_names_that_are_no_text_do_not_break_the_json(
    tmp_path: Path, problem_set: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = course_at(tmp_path / "course", problem_set)
    tiny.hand_in(made, "ada", b"{}")
    (made.submitted / "ben" / "tiny").mkdir(parents=True)
    (made.submitted / "ben" / "tiny" / os.fsdecode(b"l\xf6sung.ipynb")).touch()
    for target in (str(made.root / "marks.json"), "-"):
        error, output = grade_with_json(made, target, monkeypatch)
        assert error is None, output
        text = (made.root / "marks.json").read_text(encoding="utf-8")
        assert {one["student"] for one in json.loads(text)["submissions"]} == {"ada", "ben"}
