"""A class whose gradebook is kept in PostgreSQL: the same marks, and a sentence for each refusal of the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import tiny_problem_set as tiny
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from postgresql_server import USER, Server, keep_in

from autograder.course import Course
from autograder.gradebook.gradebook import Class, all_marks, opened, register
from autograder.gradebook.gradebook_file import known_versions
from autograder.gradebook.settings import nbgrader_options, store_of
from autograder.gradebook.store import FileStore, ServerStore, store_at
from autograder.grading.grade import grade
from gradus.errors import GradusError

pytestmark = pytest.mark.slow("a database server, and a class graded in it")

STUDENTS = {"right": tiny.RIGHT, "wrong": {"double": "def double(x):\n    return x"}, "प्रिया": tiny.RIGHT, "empty": {}}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, dict[str, bytes]]:
    """A released problem set, and what a class hands in for it."""
    course, released = tiny.released_course(tmp_path_factory.mktemp("tiny"))
    return course, {
        student: json.dumps(tiny.answered(released, **answers)).encode() for student, answers in STUDENTS.items()
    }


def class_in(folder: Path, template: tuple[Course, dict[str, bytes]]) -> Course:
    made, notebooks = template
    folder.mkdir()
    course = Course(folder, made.solutions, made.exercises)
    for student, notebook in notebooks.items():
        tiny.hand_in(course, student, notebook)
    return course


@pytest.fixture
def course(tmp_path: Path, template: tuple[Course, dict[str, bytes]], postgresql: Server) -> Course:
    """A class that was not graded yet, and an empty database."""
    course = class_in(tmp_path / "course", template)
    return keep_in(course, postgresql.database("course"))


def test_marks_are_the_same_as_in_a_file(
    tmp_path: Path, template: tuple[Course, dict[str, bytes]], course: Course, lasting_sandboxes: None
) -> None:
    in_file = keep_in(class_in(tmp_path / "other", template), "sqlite:///marks.db")
    first, second = grade(in_file, tiny.NAME), grade(course, tiny.NAME)
    assert (first.questions, first.failures, first.notes) == (second.questions, second.failures, second.notes)
    for one, other in zip(first.results, second.results, strict=True):
        assert replace(one, seconds={}, feedback="") == replace(other, seconds={}, feedback="")
        assert Path(one.feedback).is_file() == Path(other.feedback).is_file()
    assert all_marks(in_file, tiny.NAME) == all_marks(course, tiny.NAME)
    assert (in_file.root / "marks.db").is_file()
    assert not in_file.gradebook.exists()
    assert not course.gradebook.exists()
    again = [replace(one, seconds={}) for one in grade(course, tiny.NAME).results]
    assert again == [replace(one, seconds={}) for one in second.results]
    options = nbgrader_options(course)
    api = NbGraderAPI(coursedir=CourseDirectory(config=options), config=options)  # formgrader's
    scores = {one.student: one.score for one in second.results}
    assert {one["student"]: one["score"] for one in api.get_submissions(tiny.NAME)} == scores


def recorded(course: Course) -> Course:
    register(course, tiny.NAME)
    with opened(course) as gradebook:
        marks = Class(gradebook, tiny.NAME)
        marks.record("ada", {"test_double": 1.0}, {}, None)
        marks.commit()
    return course


def reader(server: Server) -> str:
    """A user who may read a gradebook, and not write to it."""
    make = "DO $$BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$"
    server.sql(f"{make}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", "course")
    return server.url("course", "reader")


@contextmanager
def locked(server: Server) -> Iterator[None]:
    with psycopg.connect(host=str(server.folder), user=USER, dbname="course") as other:
        other.execute("LOCK TABLE grade IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def set_in(server: Server, setting: str) -> Iterator[None]:
    server.sql(f"ALTER DATABASE course SET {setting}")
    yield
    server.sql(f"ALTER DATABASE course RESET {setting.partition(' ')[0]}")


@contextmanager
def fails(server: Server, code: str) -> Iterator[None]:
    """Every new mark is refused with one of PostgreSQL's codes."""
    raises = f"BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END"
    server.sql(f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $${raises}$$", "course")
    server.sql("CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON grade EXECUTE FUNCTION fails()", "course")
    yield
    server.sql("DROP TRIGGER fails ON grade; DROP FUNCTION fails()", "course")


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    server.stop()
    yield
    server.start()


REFUSALS: dict[str, tuple[Callable[[Server], AbstractContextManager[None]], str]] = {
    "locked": (locked, "another program has locked it"),
    "read only": (lambda server: set_in(server, "default_transaction_read_only = on"), "it may only be read"),
    "stopped": (stopped, "start the server"),
    "an older nbgrader's": (lambda server: older(server), "older nbgrader; copy it .*nbgrader db upgrade"),
    "a newer nbgrader's": (lambda server: version(server, "f00f00f00f00"), "a newer nbgrader"),
    "another program's": (lambda server: renamed(server), "another program's database"),
}


@contextmanager
def version(server: Server, new: str) -> Iterator[None]:
    with psycopg.connect(host=str(server.folder), user=USER, dbname="course", autocommit=True) as connection:
        (old,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        connection.execute("UPDATE alembic_version SET version_num = %s", [new])
        yield
        connection.execute("UPDATE alembic_version SET version_num = %s", [old])


def older(server: Server) -> AbstractContextManager[None]:
    known, newest = known_versions()
    return version(server, sorted(known - {newest, ""})[0])


@contextmanager
def renamed(server: Server) -> Iterator[None]:
    server.sql("ALTER TABLE student RENAME TO person", "course")
    yield
    server.sql("ALTER TABLE person RENAME TO student", "course")


@pytest.mark.parametrize("how", REFUSALS)
def test_a_refusal_is_one_sentence_before_anything_is_graded_and_the_next_run_goes_on(
    course: Course, postgresql: Server, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("autograder.gradebook.postgresql._PATIENCE", 0.2)
    refuses, said = REFUSALS[how]
    store = store_of(recorded(course))
    with refuses(postgresql), pytest.raises(GradusError, match=said) as error:
        store.require_sound()
    assert len(str(error.value).splitlines()) == 1
    assert "postgresql:///course" in str(error.value)
    store.require_sound()
    assert all_marks(course, tiny.NAME) == {"ada": {"test_double": 1.0, "test_halve": None, "why": None}}


@pytest.mark.parametrize(("code", "said"), [
    ("53100", "the server's disk is full: make room there"), ("55P03", "another program has locked it"),
    ("25006", "it may only be read"), ("42501", "grant what is missing"), ("57P01", "the server was stopped"),
    ("XX001", "it is damaged"),
])  # fmt: skip
def test_a_refusal_of_a_batch_loses_nothing_that_was_written(
    course: Course, postgresql: Server, code: str, said: str
) -> None:
    recorded(course)
    with fails(postgresql, code), opened(course) as gradebook:
        marks = Class(gradebook, tiny.NAME)
        marks.record("ada", {"test_double": 2.0}, {}, None)
        marks.record("ben", {"test_double": 2.0}, {}, None)
        with pytest.raises(GradusError, match=said):
            marks.commit()
    assert all_marks(course, tiny.NAME) == {"ada": {"test_double": 1.0, "test_halve": None, "why": None}}


def test_a_connection_that_ends_while_marks_are_written_is_said(course: Course, postgresql: Server) -> None:
    recorded(course)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'course' AND pid <> pg_backend_pid()"
    with opened(course) as gradebook:
        marks = Class(gradebook, tiny.NAME)
        marks.record("ada", {"test_double": 2.0}, {}, None)
        postgresql.sql(end)
        with pytest.raises(GradusError, match=r"could not be written .*start again; results are kept"):
            marks.commit()
    assert all_marks(course, tiny.NAME)["ada"]["test_double"] == 1.0


@pytest.mark.parametrize(("url", "said"), [
    ("{there}", "its user may not write there: grant what is missing"),
    ("postgresql:///nothing?host={folder}&user=gradus", "there is no such database: make it with `createdb`"),
    ("postgresql:///course?host={folder}&user=nobody", "mend user or password"),
    ("postgresql:///course?host={folder}/no&user=gradus", "it cannot be reached"),
    ("postgresql://gradus:secret@127.0.0.1:1/course", "it cannot be reached"),
])  # fmt: skip
def test_an_address_that_leads_nowhere_is_said_without_its_password(
    course: Course, postgresql: Server, url: str, said: str
) -> None:
    recorded(course)
    there = reader(postgresql)
    store = store_at(url.format(there=there, folder=postgresql.folder), course.root)
    with pytest.raises(GradusError, match=said) as error:
        store.require_sound()
    assert "secret" not in str(error.value)
    assert "lock_timeout" not in str(error.value)


def test_an_empty_database_whose_user_may_make_nothing_is_said(postgresql: Server, tmp_path: Path) -> None:
    postgresql.database("course")
    url = reader(postgresql)
    with pytest.raises(GradusError, match="may not make tables"):
        store_at(url, tmp_path).require_sound()


@pytest.mark.parametrize("url", ["mysql://localhost/course", "sqlite://", "sqlite:///:memory:", "no address", ""])
def test_what_cannot_hold_a_gradebook_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(GradusError, match=r"db_url in nbgrader_config\.py is .*; mend it"):
        store_at(url, tmp_path)


def test_a_file_is_found_as_nbgrader_finds_it(tmp_path: Path) -> None:
    assert store_at("sqlite:///marks.db", tmp_path) == FileStore(tmp_path / "marks.db")
    assert store_at(f"sqlite:///{tmp_path}/marks.db", Path("elsewhere")) == FileStore(tmp_path / "marks.db")
    assert (
        str(store_at("postgresql://ada:secret@db.uni.edu/course", tmp_path)) == "postgresql://ada:***@db.uni.edu/course"
    )
    assert isinstance(store_at("postgresql+psycopg://db.uni.edu/course", tmp_path), ServerStore)


def test_two_that_make_a_gradebook_at_once_make_one(course: Course) -> None:
    store = store_of(course)
    assert not store.is_there()
    store.make_whole()
    store.make_whole()
    assert store.is_there()
    with Gradebook(store.address) as gradebook:
        assert gradebook.students == []
