"""A problem set may change after it was graded: what people entered into the gradebook goes on with it."""

from __future__ import annotations

import contextlib
import csv
import datetime
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_problem_set as tiny
from nbgrader.api import Base, Gradebook, InvalidEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from postgresql_server import Server, keep_in
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from autograder.authoring.release import make_releases
from autograder.course import Course, url_of_file
from autograder.gradebook.generate import StageError
from autograder.gradebook.gradebook import Class, all_marks, opened, register
from autograder.gradebook.gradebook_file import is_only_begun, require_sound_gradebook
from autograder.gradebook.new_gradebook import make_file
from autograder.gradebook.settings import nbgrader_options, store_of
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, write

pytestmark = pytest.mark.slow("a gradebook for each test")

DUE = datetime.datetime(2026, 10, 1, 12)
EXTENSION = datetime.timedelta(days=2)
TEST_MORE = """assert same(double(1), 2)
### BEGIN HIDDEN TESTS
from autograder.answers import answer, cases
answer(double, cases.number())
### END HIDDEN TESTS"""

Change = Callable[[Notebook], None]


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def server(request: pytest.FixtureRequest) -> Server | None:
    """Where gradebooks are kept; None for a file of the course folder."""
    return request.getfixturevalue("postgresql") if request.param == "PostgreSQL" else None


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, server: Server | None) -> Path:
    """A graded class, with marks by hand and comments in tiny and in another problem set of the same course."""
    folder = tmp_path_factory.mktemp("template")
    course, _ = tiny.released_course(folder)
    if server is not None:
        keep_in(course, server.database("template"))
    source = tiny.source_notebook()
    write(course.solutions / "other" / "other.ipynb", source)
    make_releases(course, [])[0].write()
    for name in ("tiny", "other"):
        register(course, name)
        with Gradebook(store_of(course).address) as gradebook:
            recorded = Class(gradebook, name)
            for student, mark in (("ada", 1.0), ("ben", 0.0)):
                given = {"test_double": mark, "test_halve": 2.0, "why": None}
                recorded.record(student, given, {"double": False, "halve": False, "why": False}, DUE)
            recorded.commit()
            gradebook.find_assignment(name).duedate = DUE
            gradebook.find_submission(name, "ada").extension = EXTENSION
            gradebook.find_grade("why", name, name, "ada").manual_score = 2.5
            gradebook.find_grade("test_double", name, name, "ada").extra_credit = 0.5
            gradebook.find_grade("test_halve", name, name, "ben").manual_score = 1.5
            gradebook.find_comment("why", name, name, "ada").manual_comment = "Well said."
            gradebook.find_comment("double", name, name, "ben").manual_comment = "See me."
            gradebook.db.commit()
    return folder


@pytest.fixture
def course(template: Path, tmp_path: Path, server: Server | None) -> Course:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    course = Course(tmp_path / "course", tmp_path / "solutions", tmp_path / "exercises")
    return course if server is None else keep_in(course, server.database("course", "template"))


def rows(address: str) -> dict[str, list[str]]:
    """All that a gradebook holds, by table."""
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            tables = Base.metadata.sorted_tables
            return {table.name: sorted(map(repr, map(tuple, connection.execute(table.select())))) for table in tables}
    finally:
        engine.dispose()


def changed(course: Course, change: Change) -> list[str]:
    """Change the source of tiny, release it, and let the gradebook know."""
    source = tiny.source_notebook()
    change(source)
    write(course.source_notebook("tiny"), source)
    for release in make_releases(course, ["tiny"]):
        release.write()
    return register(course, "tiny")


def cell_called(source: Notebook, name: str) -> Notebook:
    (found,) = [cell for cell in source["cells"] if tiny.label(cell) == name]
    return found


def entered(course: Course, name: str = "tiny") -> dict[str, object]:
    """All that people have entered for a problem set, by what it is for."""
    found: dict[str, object] = {}
    with Gradebook(store_of(course).address) as gradebook:
        assignment = gradebook.find_assignment(name)
        found["due"] = assignment.duedate
        for submission in assignment.submissions:
            student = submission.student.id
            found[f"{student} extension"] = submission.extension
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    if grade.manual_score is not None or grade.extra_credit is not None:
                        found[f"{student} {grade.name}"] = (grade.manual_score, grade.extra_credit)
                for comment in notebook.comments:
                    if comment.manual_comment:
                        found[f"{student} on {comment.name}"] = comment.manual_comment
    return found


def nbgrader_goes_on(course: Course, tmp_path: Path, questions: set[str]) -> None:
    """nbgrader's own list of submissions, its single pages and its export still work."""
    settings = nbgrader_options(course)
    api = NbGraderAPI(coursedir=CourseDirectory(config=settings), config=settings)
    assert {one["student"] for one in api.get_submissions("tiny")} == {"ada", "ben"}
    assert len(api.get_notebook_submissions("tiny", "tiny")) in (0, 2)  # those with a graded notebook on the disk
    with Gradebook(store_of(course).address) as gradebook:
        for submission in gradebook.find_assignment("tiny").submissions:
            submission.to_dict()
            for notebook in submission.notebooks:
                assert {grade.name for grade in notebook.grades} == questions
                assert all(grade.to_dict() and grade.max_score for grade in notebook.grades)
                assert [comment.to_dict() for comment in notebook.comments]
        export = CsvExportPlugin(config=settings)
        export.to = str(tmp_path / "export.csv")
        export.export(gradebook)
    rows = list(csv.DictReader((tmp_path / "export.csv").open()))
    assert len([row for row in rows if row["assignment"] == "tiny"]) == 2


def add(source: Notebook) -> None:
    source["cells"].append(tiny.cell("code", "test_more", TEST_MORE, grade=True, locked=True, points=1))


def add_written(source: Notebook) -> None:
    source["cells"].append(tiny.cell("markdown", "why_else", "Because.", grade=True, solution=True, points=2))


def remove(source: Notebook) -> None:
    source["cells"] = [cell for cell in source["cells"] if "halve" not in tiny.label(cell)]


def remove_written(source: Notebook) -> None:
    source["cells"] = [cell for cell in source["cells"] if tiny.label(cell) != "why"]


def rename(source: Notebook) -> None:
    cell = cell_called(source, "test_halve")
    cell["metadata"]["nbgrader"]["grade_id"], cell["id"] = "test_half", "test-half"


def point_again(source: Notebook) -> None:
    cell_called(source, "why")["metadata"]["nbgrader"]["points"] = 5


def mark_by_hand(source: Notebook) -> None:
    """A test becomes a question that a person marks."""
    cell = cell_called(source, "test_halve")
    cell["source"] = "### BEGIN SOLUTION\nshown_to_nobody = halve(3)\n### END SOLUTION"
    cell["metadata"]["nbgrader"] |= {"solution": True, "locked": False}


def make_a_task(source: Notebook) -> None:
    cell = cell_called(source, "why")
    cell["source"] = "Tell why.\n\n=== BEGIN MARK SCHEME ===\nTwo halves.\n=== END MARK SCHEME ==="
    cell["metadata"]["nbgrader"] |= {"grade": False, "solution": False, "task": True, "locked": True}


def unlock(source: Notebook) -> None:
    """A cell that the tests need is no longer nbgrader's: no question changes."""
    cell_called(source, "same")["metadata"] = {}


ALL = {
    "due": DUE,
    "ada extension": EXTENSION,
    "ben extension": None,
    "ada why": (2.5, None),
    "ada test_double": (None, 0.5),
    "ben test_halve": (1.5, None),
    "ada on why": "Well said.",
    "ben on double": "See me.",
}
NAMES = {"test_double", "test_halve", "why"}


@pytest.mark.parametrize(("change", "questions", "gone", "come", "said"), [
    (add, NAMES | {"test_more"}, (), {}, "`test_more` is new"),
    (add_written, NAMES | {"why_else"}, (), {}, "`why_else` is new"),
    (remove, {"test_double", "why"}, ("ben test_halve",), {}, "`test_halve` is no longer asked;"),
    (remove_written, {"test_double", "test_halve"}, ("ada why", "ada on why"), {}, "ada 2.5, ada a comment"),
    (rename, (NAMES - {"test_halve"}) | {"test_half"}, ("ben test_halve",), {"ben test_half": (1.5, None)},
     "`test_halve` is now `test_half`"),
    (point_again, NAMES, (), {}, ""),
    (mark_by_hand, NAMES, (), {}, "some are now marked in another way"),
    (make_a_task, NAMES, (), {}, "some are now marked in another way"),
    (unlock, NAMES, (), {}, "`same` has gone"),
])  # fmt: skip
def test_what_people_entered_goes_on_with_a_changed_problem_set(
    course: Course, tmp_path: Path, change: Change, questions: set[str], gone: tuple[str, ...],
    come: dict[str, object], said: str,
) -> None:  # fmt: skip
    before = rows(store_of(course).address)
    assert entered(course) == ALL
    sentences = " ".join(changed(course, change))
    assert said in sentences
    assert entered(course) == {what: mark for what, mark in ALL.items() if what not in gone} | come
    assert entered(course, "other") == ALL
    nbgrader_goes_on(course, tmp_path, questions)
    copies = list(course.root.glob("gradebook-before-tiny-*.db"))
    assert len(copies) == (1 if said else 0)
    if copies:
        assert str(copies[0]) in sentences
        require_sound_gradebook(copies[0])
        assert rows(url_of_file(copies[0])) == before
    assert register(course, "tiny") == []  # once is enough


def test_an_added_question_is_recorded_like_any_other(course: Course) -> None:
    changed(course, add)
    assert all_marks(course, "tiny")["ada"]["test_more"] is None
    with Gradebook(store_of(course).address) as gradebook:
        recorded = Class(gradebook, "tiny")
        recorded.record("ada", {"test_more": 1.0}, {}, DUE)
        recorded.record("cho", {"test_double": 1.0, "test_halve": 0.0, "why": None, "test_more": 1.0}, {}, DUE)
        recorded.commit()
    marks = all_marks(course, "tiny")
    assert marks["ada"] == {"test_double": 1.5, "test_halve": 2.0, "why": 2.5, "test_more": 1.0}
    assert marks["cho"]["test_more"] == 1.0


def test_a_renamed_cell_is_known_by_its_id_where_its_text_tells_nothing(course: Course) -> None:
    graded = course.autograded_notebook("ada", "tiny")
    graded.parent.mkdir(parents=True)
    shutil.copy(course.released_notebook("tiny"), graded)

    def rename_written(source: Notebook) -> None:
        cell_called(source, "why")["metadata"]["nbgrader"]["grade_id"] = "because"

    (said,) = changed(course, rename_written)
    assert "`why` is now `because`" in said
    assert entered(course)["ada because"] == (2.5, None)
    assert entered(course)["ada on because"] == "Well said."


def test_a_changed_problem_set_changes_nothing_when_no_copy_can_be_made(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.gradebook.gradebook_file.tempfile.mkstemp", full)
    monkeypatch.setattr("autograder.gradebook.new_gradebook.url_of_file", full)
    with pytest.raises(GradusError, match=r"No space left on device.*make room"):
        changed(course, add)
    assert entered(course) == ALL
    monkeypatch.undo()
    assert register(course, "tiny")
    assert entered(course) == ALL


def test_several_changes_one_after_the_other_keep_what_is_still_there(course: Course) -> None:
    changed(course, add)
    changed(course, remove)

    def all_of_it(source: Notebook) -> None:
        add(source)
        add_written(source)
        point_again(source)

    changed(course, all_of_it)
    assert entered(course) == {what: mark for what, mark in ALL.items() if what != "ben test_halve"}
    assert len(list(course.root.glob("gradebook-before-tiny-*.db"))) == 3


def test_a_gradebook_whose_making_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    make_file(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["gradebook.db"]
    require_sound_gradebook(path)
    assert not is_only_begun(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM course")  # nbgrader writes it last
        database.execute("DELETE FROM alembic_version")
        database.execute("DROP TABLE task_cells")
        database.commit()
    require_sound_gradebook(path)
    assert is_only_begun(path)
    make_file(path)
    assert not is_only_begun(path)
    with contextlib.closing(sqlite3.connect(path)) as database:  # whatever has a row stays
        database.execute("INSERT INTO student (id) VALUES ('ada')")
        database.commit()
    make_file(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT id FROM student").fetchall() == [("ada",)]


def refused_by_a_full_disk() -> None:
    """What nbgrader makes of a refusal of the database: its words, in an error of its own."""
    try:
        raise OperationalError("INSERT …", {}, sqlite3.OperationalError("database or disk is full"))
    except OperationalError as error:
        raise InvalidEntry(*error.args)  # noqa: B904  # as nbgrader does


def test_a_refusal_of_the_database_that_nbgrader_took_for_its_own_is_said_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = tiny.course(tmp_path)

    def generates(*_: object) -> str:
        try:
            refused_by_a_full_disk()
        except InvalidEntry as error:
            raise StageError(str(error)) from error
        return ""

    monkeypatch.setattr("autograder.gradebook.generate.generate", generates)
    with pytest.raises(GradusError, match=r"gradebook\.db could not be written .*the disk is full: make room"):
        register(course, tiny.NAME)
    with pytest.raises(GradusError, match="the disk is full: make room"), opened(course):
        refused_by_a_full_disk()
