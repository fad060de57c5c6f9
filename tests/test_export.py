"""Marks for learning platforms: into their own lists, as a table that no spreadsheet runs, as Gradescope reads them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from autograder.cli import register
from autograder.collecting.roster import Roster
from autograder.exporting.gradescope import results_of
from autograder.exporting.marks import ClassMarks, plain_number
from autograder.exporting.tables import CANVAS, GRADESCOPE, MOODLE, as_table, fill, safe
from autograder.records.report import GradedCell, Report, Result
from gradus.errors import GradusError

app = typer.Typer()
register(app)
QUESTIONS = [GradedCell("softmax", 4.0, False), GradedCell("essay", 2.0, True)]


def result(student: str, softmax: float, essay: float | None, late: float = 0.0, *problems: str) -> Result:
    raw = softmax + (essay or 0.0)
    return Result(
        student,
        "problem" if problems else "graded",
        raw - late,
        {"softmax": softmax, "essay": essay},
        list(problems),
        "",
        raw,
        late,
        "2026-10-02T13:59:59+00:00",
        {"softmax": {"matched": 3, "asked": 4, "has_rule": True, "missing": [], "text": "one row differs"}},
    )


@pytest.fixture
def marks_file(tmp_path: Path) -> Path:
    results = [
        result("jd1", 4.0, 1.5),
        result("ak2", 3.0, 2.0, 0.5, "It was late."),
        result("zo3", 2.25, None),
        result("=evil()", 0.0, 0.0, 0.0, "=HYPERLINK(1)"),
    ]
    report = Report("ps4", QUESTIONS, results, [], 1, {})
    path = tmp_path / "marks.json"
    path.write_text(json.dumps(report.as_dict()))
    return path


@pytest.fixture
def marks(marks_file: Path) -> ClassMarks:
    return ClassMarks.read(marks_file)


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(
        "id,first_name,last_name,email,lms_user_id\n"
        "jd1,Jane,Doe,jane@uni.edu,11\nak2,Ada,King,ada@uni.edu,12\nzo3,Zoë,Ångström,zoe@uni.edu,13\n"
    )
    return Roster.read(path)


def rows(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=separator))


CANVAS_LIST = """Student,ID,SIS User ID,SIS Login ID,Section,Problem set 3 (7),"ps4, softmax (9)",Final Score
    Points Possible,,,,,10,6,(read only)
"Doe, Jane",11,u1,jd1,A,9,,50
"King, Ada",12,u2,ak2,A,8,1,40
"Ångström, Zoë",13,u3,zo3,A,8,1,40
"Nobody, New",14,u4,nn4,A,,,
"""


def test_canvas_s_list_gets_the_column_of_the_problem_set_and_nothing_else(marks: ClassMarks, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text(CANVAS_LIST)
    filled = fill(marks, tmp_path / "canvas.csv", CANVAS, None)
    assert rows(filled.text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ps4, softmax (9)"],
        ["    Points Possible", "", "", "", "", "6"],
        ["Doe, Jane", "11", "u1", "jd1", "A", "5.5"],
        ["King, Ada", "12", "u2", "ak2", "A", "4.5"],
        ["Ångström, Zoë", "13", "u3", "zo3", "A", ""],
        ["Nobody, New", "14", "u4", "nn4", "A", ""],
    ]
    assert filled.waiting == ["zo3"]
    assert filled.unlisted == ["=evil()"]
    assert filled.unknown == ["Nobody, New"]


@pytest.mark.parametrize(("column", "sentence"), [("", "no column"), ("ps9", "no column"), ("Grade", "2 columns")])
def test_a_column_that_cannot_be_told_is_said_with_all_that_there_are(
    marks: ClassMarks, tmp_path: Path, column: str, sentence: str
) -> None:
    (tmp_path / "canvas.csv").write_text("Student,ID,SIS Login ID,Set 4,Grade,Grade\nx,1,jd1,,,\n")
    with pytest.raises(GradusError, match=rf"{sentence} for the marks of ps4; name one with --column, of .*'Set 4'"):
        fill(marks, tmp_path / "canvas.csv", CANVAS, None, column)


def test_a_column_that_is_named_is_taken(marks: ClassMarks, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text("Student,ID,SIS Login ID,Set 4\nx,1,jd1,\n")
    assert rows(fill(marks, tmp_path / "canvas.csv", CANVAS, None, "Set 4").text)[1][-1] == "5.5"


def test_moodle_s_worksheet_is_kept_whole_and_its_people_are_found_by_mail(
    marks: ClassMarks, roster: Roster, tmp_path: Path
) -> None:
    (tmp_path / "moodle.csv").write_text(
        "Identifier;Full name;Email address;Status;Grade;Maximum Grade;Feedback comments\n"
        "Participant 501;Jane Doe;JANE@uni.edu;Submitted;-;6.00;\n"
        "Participant 502;Zoë Ångström;;Submitted;3;6.00;\n"
    )
    filled = fill(marks, tmp_path / "moodle.csv", MOODLE, roster)
    found = rows(filled.text, ";")
    assert [row[4] for row in found] == ["Grade", "5.5", ""]
    assert found[1][:4] == ["Participant 501", "Jane Doe", "JANE@uni.edu", "Submitted"]


def test_gradescope_s_list_is_filled(marks: ClassMarks, roster: Roster, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("First Name,Last Name,SID,Email,Total Score\nAda,King,,ada@uni.edu,\n")
    assert rows(fill(marks, tmp_path / "scores.csv", GRADESCOPE, roster).text)[1][-1] == "4.5"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("-2.5", "-2.5"),
        ("+3", "+3"),
        ("Ada", "Ada"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert safe(cell) == shown


def test_the_table_has_a_line_for_each_student_and_nothing_in_it_runs(marks: ClassMarks) -> None:
    found = rows(as_table(marks))
    assert found[0][:4] == ["student", "score", "max_score", "raw_score"]
    assert found[2] == ["ak2", "4.5", "6", "5", "0.5", "2026-10-02T13:59:59+00:00", "3", "2", "It was late."]
    assert found[3][1] == found[3][7] == ""
    assert found[4][0].startswith("'=")
    assert found[4][-1].startswith("'=")


def test_gradescope_s_results_sum_to_the_score(marks: ClassMarks) -> None:
    for mark in marks.marks:
        results = results_of(mark, marks)
        assert sum(test["score"] for test in results["tests"]) == pytest.approx(results["score"])
        json.dumps(results)
    waiting = results_of(marks.marks[2], marks)
    assert waiting["score"] == 2.25
    assert "still to be marked" in waiting["output"]
    assert waiting["tests"][1]["output"] == "To be marked by hand."


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"assignment": "ps4", "questions": 1, "submissions": []}', "\0"])
def test_what_is_no_file_of_marks_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "marks.json").write_text(content)
    with pytest.raises(GradusError, match="is not what `gradus grade PS --json FILE` writes"):
        ClassMarks.read(tmp_path / "marks.json")


@pytest.mark.parametrize(("value", "shown"), [(5.0, "5"), (5.5, "5.5"), (1 / 3, "0.3333"), (0.0, "0"), (100.0, "100")])
def test_marks_are_written_without_superfluous_digits(value: float, shown: str) -> None:
    assert plain_number(value) == shown


def test_the_command_writes_and_says_whom_it_could_not_place(marks_file: Path, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text(CANVAS_LIST)
    names = ["--marks", "--canvas", "--to", "--table", "--results"]
    files = [marks_file, tmp_path / "canvas.csv", tmp_path / "filled.csv", tmp_path / "all.csv", tmp_path / "results"]
    arguments = [word for pair in zip(names, map(str, files), strict=True) for word in pair]
    run = CliRunner().invoke(app, ["export", "ps4", *arguments])
    assert run.exit_code == 1
    assert "With a mark, and in no line of the list: =evil()" in run.stdout
    assert "Left empty, since written answers are to be marked: zo3" in run.stdout
    assert (tmp_path / "filled.csv").read_bytes().startswith(b"\xef\xbb\xbfStudent,")
    assert json.loads((tmp_path / "results" / "jd1" / "results.json").read_text())["score"] == 5.5
    assert (tmp_path / "canvas.csv").read_text() == CANVAS_LIST


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ps5", "--table", "t.csv"], "has the marks of ps4, not of ps5"),
        (["ps4"], "Say what to write"),
        (["ps4", "--canvas", "c.csv"], "goes to a file of its own"),
        (["ps4", "--canvas", "c.csv", "--to", "d.csv"], "is not there"),
    ],
)
def test_what_cannot_be_done_is_said(marks_file: Path, arguments: list[str], sentence: str) -> None:
    run = CliRunner().invoke(app, ["export", *arguments, "--marks", str(marks_file)])
    assert run.exit_code != 0
    assert sentence in str(run.exception)
