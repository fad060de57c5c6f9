"""Results lie on disk by content, whole or not at all; the seed of a run is remembered."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import tiny_problem_set as tiny

from autograder.assignment.jobs import load_assignment
from autograder.course import Course
from autograder.files.writing import UNFINISHED, write_whole
from autograder.grading import runs
from autograder.grading.content import content_key
from autograder.grading.results import Results
from autograder.options import Options, options_of
from autograder.records.execution import Limits
from gradus.errors import GradusError


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(GradusError, match="No space left on device") as error:
        write_whole(path, b"new")
    assert len(str(error.value).splitlines()) == 1
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_was_kept_is_found_and_what_was_cut_off_is_not(tmp_path: Path) -> None:
    results = Results(Course(tmp_path), "tiny")
    results.keep("graded", "key", {"mark": 1.5})
    assert results.find("graded", "key") == {"mark": 1.5}
    path = results.folder / "graded" / "key.json"
    path.write_bytes(path.read_bytes()[:-3])
    assert results.find("graded", "key") is None
    assert results.find("graded", "other") is None


def test_a_fresh_run_believes_only_what_it_has_written_itself(tmp_path: Path) -> None:
    Results(Course(tmp_path), "tiny").keep("graded", "key", {"mark": 1})
    fresh = Results(Course(tmp_path), "tiny", fresh=True)
    assert fresh.find("graded", "key") is None
    fresh.keep("graded", "key", {"mark": 2})
    assert fresh.find("graded", "key") == {"mark": 2}


def test_a_trial_is_on_the_disk_when_it_is_written_out_and_no_sooner(tmp_path: Path) -> None:
    Results(Course(tmp_path), "tiny").keep("graded", "key", {"mark": 1})
    trial = Results(Course(tmp_path), "tiny", trial=True)
    assert trial.find("graded", "key") == {"mark": 1}
    for kind in ("graded", "runs"):
        trial.keep(kind, "key", {"mark": 2, "text": "\ud800"})
        assert trial.find(kind, "key") == {"mark": 2, "text": "\ud800"}
    other = Results(Course(tmp_path), "tiny")
    assert (other.find("graded", "key"), other.find("runs", "key")) == ({"mark": 1}, None)
    trial.write_out()
    assert other.find("graded", "key") == other.find("runs", "key") == {"mark": 2, "text": "\ud800"}


def test_a_run_that_is_damaged_is_not_found_and_one_that_is_not_used_is_removed(tmp_path: Path) -> None:
    results = Results(Course(tmp_path), "tiny")
    for key in ("used", "unused", "damaged"):
        results.keep("runs", key, {"cells": list(range(100))})
    (damaged,) = results.folder.glob("runs/damaged*")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert results.find("runs", "damaged") is None
    for path in results.folder.glob("runs/*"):
        os.utime(path, (0, 0))
    results.prune(["used"])
    assert [path.stem for path in results.folder.glob("runs/*")] == ["used"]


@pytest.mark.parametrize("kept", [None, {}, {"asked": 1}, {"asked": {}, "cells": [1], "questions": [], "problems": []}])
def test_what_is_no_run_is_not_believed(kept: dict[str, object] | None) -> None:
    assert runs.read_run(kept) is None


def test_the_seed_is_kept_until_another_is_chosen_or_the_run_is_fresh(tmp_path: Path) -> None:
    course = Course(tmp_path)
    drawn = Results(course, "tiny").seed()
    assert Results(course, "tiny").seed() == drawn
    assert Results(course, "tiny").seed(7) == 7
    assert Results(course, "tiny").seed() == 7
    assert Results(course, "tiny", fresh=True).seed() not in (7, drawn)
    assert Results(course, "other").seed() != drawn


def test_other_people_cannot_read_the_answers(tmp_path: Path) -> None:
    results = Results(Course(tmp_path), "tiny")
    results.keep("reference", "key", {})
    assert (results.folder / "reference" / "key.json").stat().st_mode & 0o077 == 0


def test_what_a_killed_run_left_half_written_is_swept_away_later(tmp_path: Path) -> None:
    results = Results(Course(tmp_path), "tiny")
    results.folder.mkdir(parents=True)
    old, young = results.folder / f"{UNFINISHED}a", results.folder / f"{UNFINISHED}b"
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    results.sweep()
    assert [path.name for path in results.folder.iterdir()] == [young.name]


def test_pruning_keeps_what_is_named_and_what_came_since(tmp_path: Path) -> None:
    before = Results(Course(tmp_path), "tiny")
    before.seed(7)
    for kind, key in (("graded", "old"), ("graded", "kept"), ("reference", "old"), ("misconceptions", "kept")):
        before.keep(kind, key, {})
    for path in before.folder.rglob("*.json"):
        os.utime(path, (1, 1))
    Results(Course(tmp_path), "other").keep("graded", "old", {})
    results = Results(Course(tmp_path), "tiny")
    before.keep("graded", "formgrader's, a moment ago", {})
    results.prune({"kept"})
    left = {str(path.relative_to(results.folder)) for path in results.folder.rglob("*.json")}
    since = "graded/formgrader's, a moment ago.json"
    assert left == {"run.json", "graded/kept.json", "misconceptions/kept.json", since}
    assert Results(Course(tmp_path), "other").find("graded", "old") == {}


def test_everything_that_decides_a_mark_changes_the_key(tmp_path: Path) -> None:
    course, _ = tiny.released_course(tmp_path)
    assignment = load_assignment(course, "tiny")
    keys = {
        content_key(b"a", assignment, Options(), 1),
        content_key(b"b", assignment, Options(), 1),
        content_key(b"a", assignment, Options(), 2),
        content_key(b"a", assignment, Options(limits=Limits(cell_seconds=1)), 1),
        content_key(b"a", assignment, Options(show_hidden=True), 1),
    }
    course.source_notebook("tiny").with_name("variants").mkdir()
    (course.source_notebook("tiny").parent / "variants" / "double.md").write_text("# double")
    keys.add(content_key(b"a", load_assignment(course, "tiny"), Options(), 1))
    assert len(keys) == 6


def test_the_course_sets_limits_for_all_problem_sets_and_for_one(tmp_path: Path) -> None:
    (tmp_path / "gradus.toml").write_text(
        "[grading]\ncell_seconds = 5\nshow_hidden = true\n[grading.ps4]\ncell_seconds = 7\n"
    )
    assert options_of(Course(tmp_path), "ps1").limits.cell_seconds == 5
    assert options_of(Course(tmp_path), "ps4").limits.cell_seconds == 7
    assert options_of(Course(tmp_path), "ps4").show_hidden


@pytest.mark.parametrize("line", ["cell_second = 5", "cell_seconds = 0", 'cell_seconds = "5"', "show_hidden = 1", "="])
def test_a_setting_that_means_nothing_is_refused_by_name(line: str, tmp_path: Path) -> None:
    (tmp_path / "gradus.toml").write_text(f"[grading]\n{line}\n")
    with pytest.raises(GradusError, match=r"gradus\.toml"):
        options_of(Course(tmp_path), "ps1")
