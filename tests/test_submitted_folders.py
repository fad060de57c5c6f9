"""What lies in submitted/ and is no submission is said: which, why, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from autograder.course import Course
from autograder.grading.session import Session
from autograder.submissions.attempts import handed_in
from autograder.submissions.folders import find_skipped, find_submissions
from gradus.errors import GradusError


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with one submission to ps1 where it belongs."""
    made = Course(tmp_path)
    put(made, "ada/ps1/ps1.ipynb")
    return made


def put(course: Course, place: str) -> Path:
    path = course.submitted / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(("place", "why"), [
    (".ben/ps1/ps1.ipynb", ".ben was not graded: its name begins with a dot"),
    ("ben/ps1.ipynb", "ben was not graded: ps1.ipynb lies beside where it belongs"),
    ("ben/Ben_PS1 (2).ipynb", "ben was not graded: Ben_PS1 (2).ipynb lies beside where it belongs"),
    ("ben/PS1/ps1.ipynb", "ben was not graded: its folder 'PS1' is not 'ps1' letter by letter; rename it"),
    ("ben_ps1.ipynb", "ben_ps1.ipynb was not graded: a notebook belongs at submitted/<student>/ps1/ps1.ipynb"),
    ("ps1/ben/ps1.ipynb", "ps1 was not graded: it holds students, as ben/ps1.ipynb, in the place of a student"),
    ("ps1/ben/ps1/ps1.ipynb", "ps1 was not graded: it holds students, as ben/ps1/ps1.ipynb"),
    ("export/submission_12/ps1.ipynb", "export was not graded: it holds a notebook in folders of its own, as submis"),
    ("class/all/ben/PS1 (2).ipynb", "class was not graded: it holds a notebook in folders of its own, as all/ben/PS1"),
    ("ps1-submissions.zip", "ps1-submissions.zip was not graded: an archive is not opened; unpack it, and put each"),
    ("class.tar.gz", "class.tar.gz was not graded: an archive is not opened"),
])  # fmt: skip
def test_work_in_the_wrong_place_is_named_with_the_cure(course: Course, place: str, why: str) -> None:
    put(course, place)
    (said,) = find_skipped(course, "ps1")
    assert said.startswith(why)
    assert [one.student for one in find_submissions(course, "ps1")] == ["ada"]


@pytest.mark.parametrize("place", [
    "ben/ps10/ps10.ipynb", "ben/ps10.ipynb", ".ipynb_checkpoints/ps10.ipynb", "ben/notes.txt", "README.md",
    "ben/ps1/nothing-here.txt", "ben/scratch.ipynb", "ps10/ben/ps10.ipynb", "ben/ps10/old/ps10.ipynb",
    "ben/ps10/data.zip", "a/b/c/d/ps1.ipynb",
])  # fmt: skip
def test_what_is_no_work_for_this_problem_set_is_passed_over(course: Course, place: str) -> None:
    put(course, place)
    assert find_skipped(course, "ps1") == []


def test_a_class_of_misplaced_notebooks_is_refused_with_the_cure(tmp_path: Path) -> None:
    course = Course(tmp_path)
    put(course, "ben/ps1.ipynb")
    with pytest.raises(GradusError, match=r"no submissions for ps1(.|\n)*move it there"):
        find_submissions(course, "ps1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said_and_stops_nobody(course: Course) -> None:
    closed, half_closed = put(course, "ben/ps1/ps1.ipynb").parents[1], put(course, "cho/ps1/ps1.ipynb").parent
    try:
        for folder in (closed, half_closed):
            folder.chmod(0)
        assert [one.student for one in find_submissions(course, "ps1")] == ["ada", "cho"]
        content = handed_in(course, "ps1", "cho", new_notebook()).content
        assert str(content) == "the folder ps1 could not be read (Permission denied)"
        (said,) = find_skipped(course, "ps1")
        assert said == "ben was not graded: it cannot be read (Permission denied); mend its permissions."
    finally:
        for folder in (closed, half_closed):
            folder.chmod(0o755)


@pytest.mark.parametrize(("place", "student", "platform"), [
    ("smithjane_LATE_10003_90003_ps1-1.ipynb", "'smithjane' handed in, late", "Canvas"),
    ("khanjo_10014_90014_ps1-1.ipynb", "'khanjo'", "Canvas"),
    ("khanjo_10014_90014_homework.ipynb", "'khanjo'", "Canvas"),
    ("Jane Smith_1_assignsubmission_file_/ps1.ipynb", "'Jane Smith'", "Moodle"),
    ("Jane Smith_1234567_assignsubmission_file_ps1.ipynb", "'Jane Smith'", "Moodle"),
    ("Problem Set 1_jsmith_attempt_2026-11-20-10-00-00_ps1.ipynb", "'jsmith'", "Blackboard"),
    ("submission_123456789/ps1.ipynb", "does not say whose", "Gradescope"),
])  # fmt: skip
def test_names_of_learning_platforms_say_whose_work_it_is(
    course: Course, place: str, student: str, platform: str
) -> None:
    put(course, place)
    (said,) = find_skipped(course, "ps1")
    assert said.startswith(f"{place.partition('/')[0]} was not graded: it is named by {platform}")
    assert student in said
    assert "submitted/" in said
    assert "`gradus collect`" in said


@pytest.mark.parametrize(
    "place",
    ["__MACOSX/ps1/._ps1.ipynb", "__MACOSX/ps1.ipynb", "._ada/ps1/ps1.ipynb", ".DS_Store", "._ps1.ipynb",
     ".ipynb_checkpoints/ps1/ps1.ipynb", "Thumbs.db", "desktop.ini"],
)  # fmt: skip
def test_what_a_system_leaves_is_neither_a_student_nor_named(course: Course, place: str) -> None:
    put(course, place)
    assert [one.student for one in find_submissions(course, "ps1")] == ["ada"]
    assert find_skipped(course, "ps1") == []


def test_a_misplaced_notebook_is_known_by_its_frame(course: Course) -> None:
    frame = '{"cells": [], "nbformat": 4, "metadata": {"gradus_frame": {"name": "ps1", "cells": []}}}'
    for place in ("homework.ipynb", "ben/work.ipynb.txt"):
        put(course, place).write_text(frame)
    assert [sentence.partition(" ")[0] for sentence in find_skipped(course, "ps1")] == ["ben", "homework.ipynb"]


def test_two_folders_of_one_name_are_said_to_be_one_students(course: Course) -> None:
    for name in ("Zo\u00eb", "Zoe\u0308"):
        put(course, f"{name}/ps1/ps1.ipynb")
    (said,) = find_skipped(course, "ps1")
    assert said.startswith("Zo\u00eb has 2 folders")


@pytest.mark.slow("a process that runs for its time, twice")
def test_a_folder_in_which_looking_takes_forever_is_said_and_holds_nobody_up(tmp_path: Path) -> None:
    """A student who handed in nothing for this problem set can lay anything into their folder."""
    course = Course(tmp_path)
    for place in ("ada/ps1/ps1.ipynb", "cyd/ps1.ipynb"):
        put(course, place)
    large = put(course, "ben/ps3/a.ipynb")
    large.write_text('{"cells": [' + '{"metadata":{"a":[{}]}},' * 300_000 + "{}]}")
    assert 6_000_000 < large.stat().st_size < 8_000_000
    for number in range(98):
        os.link(large, large.with_name(f"a{number}.ipynb"))
    with Session.open(course, "ps1") as session:
        assert [one.partition(": ")[2] for one in session.skipped()] == [
            "looking for notebooks in it took too long; see for yourself what it holds.",
            "ps1.ipynb lies beside where it belongs, which is submitted/<student>/ps1/ps1.ipynb; move it there.",
        ]
