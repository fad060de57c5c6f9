"""The submission is found whatever its file is called; of several the newest counts; all of that is said."""

from __future__ import annotations

import copy
import json
import os
import unicodedata
from pathlib import Path

import nbformat
import pytest
import tiny_problem_set as tiny
from editors import lose_ids, lose_labels
from nbformat import NotebookNode

from autograder.course import Course
from autograder.submissions.attempts import HandedIn, handed_in
from autograder.submissions.folders import find_submissions
from autograder.submissions.intake import UnreadableError, framed
from autograder.submissions.students import is_name
from gradus.notebook.form import Notebook

OTHER_FRAME = {"gradus_frame": {"name": "ps9", "cells": ["double double code answer -"]}}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    return tiny.released_course(tmp_path_factory.mktemp("released"))[1]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def put(course: Course, place: str, content: Notebook | bytes, when: int = 0) -> Path:
    path = course.submitted / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.utime(path, (1_700_000_000 + when, 1_700_000_000 + when))
    return path


def found(course: Course, released: Notebook, student: str = "ada") -> HandedIn:
    return handed_in(course, tiny.NAME, student, nbformat.reads(json.dumps(released), as_version=4))


def answer_in(handed: HandedIn) -> str:
    assert isinstance(handed.content, bytes), handed.content
    return next(
        cell["source"] for cell in json.loads(handed.content)["cells"] if "def double" in "".join(cell["source"])
    )


def worked(released: Notebook, answer: str = "def double(x):\n    return 2 * x") -> Notebook:
    return tiny.answered(released, double=answer)


NAMES = [
    "Copy of tiny.ipynb", "TINY.ipynb", "tiny (1).ipynb", "tiny-1.ipynb", "ada_tiny_final.ipynb", "homework.ipynb",
    "tiny.ipynb.txt", "tiny.ipynb.json", "tiny.json", "tiny.IPYNB", "tiny.ipynb ", "Übung für Ada.ipynb",
    "作业.ipynb", "week 1/tiny.ipynb", "tiny/tiny.ipynb", "-tiny.ipynb", "[tiny].ipynb",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_known_by_what_is_in_it_and_its_name_is_said(
    course: Course, released: Notebook, name: str
) -> None:
    put(course, f"ada/tiny/{name}", worked(released))
    handed = found(course, released)
    assert "2 * x" in answer_in(handed)
    (note,) = handed.notes
    assert f"`{name}` was graded" in note
    assert "tiny.ipynb" in note


@pytest.mark.parametrize("lost", [lose_labels, lose_ids])
def test_a_notebook_of_another_name_is_known_without_its_frame(
    course: Course, released: Notebook, lost: object
) -> None:
    notebook = worked(released)
    notebook["metadata"] = {}
    lost(notebook)  # type: ignore[operator]
    put(course, "ada/tiny/homework.ipynb", notebook)
    assert "2 * x" in answer_in(found(course, released))


def test_a_name_that_is_no_unicode_is_said_with_replacement_characters(course: Course, released: Notebook) -> None:
    put(course, "ada/tiny/" + os.fsdecode(b"l\xf6sung.ipynb"), worked(released))
    (note,) = found(course, released).notes
    assert "`l\\xf6sung.ipynb` was graded" in note
    note.encode()


ATTEMPTS: list[tuple[str, dict[str, tuple[str, int]], str]] = [
    ("Canvas counts", {"tiny.ipynb": ("old", 9), "tiny-1.ipynb": ("new", 0)}, "tiny-1.ipynb"),
    ("a browser counts", {"tiny (1).ipynb": ("old", 9), "tiny (2).ipynb": ("new", 0)}, "tiny (2).ipynb"),
    ("as numbers", {"tiny-9.ipynb": ("old", 9), "tiny-10.ipynb": ("new", 0)}, "tiny-10.ipynb"),
    ("versions", {"tiny_v1.ipynb": ("old", 9), "tiny_v2.ipynb": ("new", 0)}, "tiny_v2.ipynb"),
    ("by time", {"tiny.ipynb": ("old", 0), "homework.ipynb": ("new", 9)}, "homework.ipynb"),
    ("by time, the usual one", {"tiny.ipynb": ("new", 9), "Copy of tiny.ipynb": ("old", 0)}, "tiny.ipynb"),
    ("at the same time, the usual one", {"tiny.ipynb": ("new", 0), "Copy of tiny.ipynb": ("old", 0)}, "tiny.ipynb"),
    ("never one that is empty", {"tiny.ipynb": ("new", 0), "tiny-1.ipynb": ("", 9)}, "tiny.ipynb"),
    ("never one that is empty, the other way", {"tiny.ipynb": ("", 9), "tiny-1.ipynb": ("new", 0)}, "tiny-1.ipynb"),
    ("in a folder below", {"tiny.ipynb": ("old", 0), "second/tiny.ipynb": ("new", 9)}, "second/tiny.ipynb"),
]  # fmt: skip


@pytest.mark.parametrize(("how", "files", "taken"), ATTEMPTS, ids=[how for how, _, _ in ATTEMPTS])
def test_of_several_attempts_the_newest_that_was_worked_on_counts(
    course: Course, released: Notebook, how: str, files: dict[str, tuple[str, int]], taken: str
) -> None:
    for name, (answer, when) in files.items():
        content = worked(released, f"def double(x):\n    return '{answer}'") if answer else released
        put(course, f"ada/tiny/{name}", content, when)
    handed = found(course, released)
    assert "new" in answer_in(handed)
    (note,) = handed.notes
    assert f"`{taken}`" in note.partition("was graded")[0]
    assert all(f"`{name}`" in note.partition("was graded")[2] for name in files if name != taken)


def test_two_copies_of_one_file_are_one(course: Course, released: Notebook) -> None:
    for name in ("tiny.ipynb", "tiny (1).ipynb"):
        put(course, f"ada/tiny/{name}", worked(released))
    handed = found(course, released)
    assert (handed.name, handed.notes) == ("tiny.ipynb", ())


def test_a_broken_notebook_beside_a_whole_one_is_passed_over(course: Course, released: Notebook) -> None:
    put(course, "ada/tiny/tiny.ipynb", b'{"cells": [')
    put(course, "ada/tiny/tiny-1.ipynb", worked(released))
    assert "2 * x" in answer_in(found(course, released))


def test_a_strange_notebook_of_the_usual_name_goes_before_an_empty_one(course: Course, released: Notebook) -> None:
    strange = {"cells": [tiny.cell("code", "x", "zwei = lambda x: 2 * x")], "nbformat": 4, "metadata": {}}
    put(course, "ada/tiny/tiny.ipynb", strange)
    put(course, "ada/tiny/tiny-1.ipynb", released)
    assert found(course, released).name == "tiny.ipynb"


def test_what_is_not_recognised_beside_an_empty_notebook_is_said(course: Course, released: Notebook) -> None:
    put(course, "ada/tiny/tiny.ipynb", released)
    put(course, "ada/tiny/mine.ipynb", {"cells": [tiny.cell("code", "x", "x = 1")], "nbformat": 4, "metadata": {}})
    handed = found(course, released)
    assert handed.name == "tiny.ipynb"
    assert handed.notes == ("no cell of tiny was recognised in `mine.ipynb`",)


JUNK = [
    "._tiny.ipynb", ".DS_Store", ".ipynb_checkpoints/tiny-checkpoint.ipynb", "Thumbs.db", "desktop.ini",
    "__MACOSX/._tiny.ipynb", "__MACOSX/tiny/._tiny.ipynb", "__MACOSX/tiny.ipynb",
]  # fmt: skip


@pytest.mark.parametrize("name", JUNK)
def test_what_a_system_leaves_is_no_attempt(course: Course, released: Notebook, name: str) -> None:
    put(course, "ada/tiny/tiny.ipynb", worked(released))
    put(course, f"ada/tiny/{name}", worked(released, "def double(x):\n    return 'junk'"), 99)
    handed = found(course, released)
    assert "2 * x" in answer_in(handed)
    assert handed.notes == ()


def test_a_checkpoint_alone_is_named_and_may_hold_what_was_written(course: Course, released: Notebook) -> None:
    put(course, "ada/tiny/.ipynb_checkpoints/tiny-checkpoint.ipynb", worked(released))
    content = found(course, released).content
    assert isinstance(content, UnreadableError)
    assert str(content) == "no tiny.ipynb was handed in; found instead: tiny-checkpoint.ipynb"
    assert content.unread


def test_a_notebook_folders_below_is_named_with_its_place(course: Course, released: Notebook) -> None:
    put(course, "ada/tiny/tiny/part two/tiny.ipynb", worked(released))
    put(course, "ada/tiny/__MACOSX/tiny/deep/tiny.ipynb", worked(released))
    content = found(course, released).content
    assert isinstance(content, UnreadableError)
    assert str(content) == "no tiny.ipynb was handed in; found instead: tiny/part two/tiny.ipynb"
    assert content.unread


@pytest.mark.parametrize("name", [name for name in JUNK if "checkpoint" not in name])
def test_what_a_system_leaves_alone_is_no_submission(course: Course, released: Notebook, name: str) -> None:
    put(course, f"ada/tiny/{name}", worked(released))
    handed = found(course, released)
    assert isinstance(handed.content, UnreadableError)
    assert str(handed.content).startswith("no tiny.ipynb was handed in")
    assert not handed.content.unread


def test_the_notebook_of_another_problem_set_is_said_to_be_that(course: Course, released: Notebook) -> None:
    other = copy.deepcopy(released)
    other["metadata"] |= OTHER_FRAME
    other["cells"] = [cell for cell in other["cells"] if tiny.label(cell) in ("", "double")]
    put(course, "ada/tiny/tiny.ipynb", other)
    handed = found(course, released)
    notebook = framed(handed.content, handed.name, as_node(released), handed.notes, tiny.NAME)
    assert notebook.metadata["gradus"]["readable"] is False
    assert notebook.metadata["gradus"]["problems"] == [
        "tiny.ipynb is the notebook of ps9, not of tiny: hand in tiny.ipynb"
    ]
    put(course, "ada/tiny/mine.ipynb", worked(released))
    assert "2 * x" in answer_in(found(course, released))


def test_a_problem_set_that_was_renamed_is_graded(course: Course, released: Notebook) -> None:
    renamed = worked(released)
    renamed["metadata"]["gradus_frame"]["name"] = "old-name"
    put(course, "ada/tiny/old-name.ipynb", renamed)
    assert "2 * x" in answer_in(found(course, released))


def as_node(released: Notebook) -> NotebookNode:
    return nbformat.reads(json.dumps(released), as_version=4)


@pytest.mark.parametrize(("name", "unread"), [("essay.pdf", True), ("my answer.docx", True), ("timestamp.txt", False)])
def test_another_file_may_hold_what_was_written(course: Course, released: Notebook, name: str, unread: bool) -> None:
    put(course, f"ada/tiny/{name}", b"2026-11-20 10:00:00 UTC")
    content = found(course, released).content
    assert isinstance(content, UnreadableError)
    assert content.unread == unread
    assert (name in str(content)) == unread


@pytest.mark.parametrize("forms", [("NFC",), ("NFD",), ("NFC", "NFD")])
def test_a_name_is_one_student_in_every_unicode_form(
    course: Course, released: Notebook, forms: tuple[str, ...]
) -> None:
    for when, form in enumerate(forms):
        student = unicodedata.normalize(form, "Zoë Müller")
        put(course, f"{student}/tiny/tiny.ipynb", worked(released, f"def double(x):\n    return '{form}'"), when)
    (submission,) = find_submissions(course, tiny.NAME)
    assert submission.student == unicodedata.normalize("NFC", "Zoë Müller")
    assert submission.obstacle == ""
    handed = found(course, released, submission.student)
    assert forms[-1] in answer_in(handed)
    assert len(handed.notes) == len(forms) - 1


GOOD = [
    "ada", "Zoë Müller", unicodedata.normalize("NFD", "Zoë Müller"), "प्रिया", "محمد علي", "مَحمود", "김민준",
    unicodedata.normalize("NFD", "김민준"), "O'Brien", "O’Brien", "'t Hooft", "Smith, Jane", "Nguyễn Văn Ân", "李明",
    "สมชาย", "தமிழ்", "علی‌رضا", "Anne (Annie)", "x.y@example.edu+tag", "Ἀλέξανδρος", "Gal·la", "007", "J. R.",
    "Anne–Marie", "マリア・ガルシア",
]  # fmt: skip
BAD = [
    "no[t]an id", "_ada", "-rf", "a/b", "a*", "a?", "{x}", "", " ada", "ada ", "a\nb", "a\0b", "x" * 101, "\u202eada",
    os.fsdecode(b"\xff"), "a;b", "a<b>", 'a"b', "$x", "`x`[", "a|b", "a\\b",
]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_names_of_every_script_are_recorded(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", BAD)
def test_what_no_path_or_page_can_hold_is_no_name(name: str) -> None:
    assert not is_name(name)
