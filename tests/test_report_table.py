"""The table of a class is whole, however narrow the terminal is and wherever it is sent."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.feedback.class_table import show
from autograder.records.report import GradedCell, Report, Result

NUMBERS = range(1, 12)
QUESTIONS = [*(GradedCell(f"test_question_number_{n}", 2.0, False) for n in NUMBERS), GradedCell("why", 4.0, True)]
NAMES = ["brownhannah-elisabeth", "Jürgen.Müller@example.org", "a" * 60, "khanjo"]
MARKS = [round(0.05 + 0.13 * n, 2) for n in NUMBERS]


def report(late: float = 0.0) -> Report:
    marks: dict[str, float | None] = {
        question.name: mark for question, mark in zip(QUESTIONS, [*MARKS, None], strict=True)
    }
    raw = sum(MARKS)
    results = [
        Result(name, "graded", raw - late, marks, [], "", raw_score=raw, late_penalty=late if name == "khanjo" else 0.0)
        for name in NAMES
    ]
    return Report("ps1", QUESTIONS, results, [], 1, {})


def shown(of: Report, width: int, *, terminal: bool) -> str:
    stream = io.StringIO()
    show(of, Console(file=stream, width=width, force_terminal=terminal, color_system=None, legacy_windows=False))
    return stream.getvalue()


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("width", [20, 40, 80, 120, 400])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_no_name_and_no_mark_is_cut(width: int, terminal: bool) -> None:
    text = shown(report(), width, terminal=terminal)
    assert "…" not in text
    table = text.partition("1 test_question")[0]
    for name in NAMES:
        own = [line for line in table.splitlines() if line.strip().startswith(name)]
        written = [word for line in own for word in words(line)]
        for mark in MARKS:
            assert f"{mark:.2f}".rstrip("0").rstrip(".") in written
        assert "hand" in written
    assert all(str(number) in words(table) for number in (*NUMBERS, 12))


def test_what_waits_to_be_marked_by_hand_is_said_until_all_is_marked() -> None:
    waiting = report()
    done = [replace(result, marks=result.marks | {"why": 3.0}) for result in waiting.results]
    one_left = replace(waiting, results=[*done[1:], waiting.results[0]])
    said = "hand: waits to be marked by hand"
    assert said in shown(waiting, 120, terminal=False)
    assert said in shown(one_left, 120, terminal=False)
    assert said not in shown(replace(waiting, results=done), 120, terminal=False)


def test_in_a_pipe_each_student_has_one_line() -> None:
    lines = shown(report(), 80, terminal=False).splitlines()
    assert all(len([line for line in lines if line.strip().startswith(name)]) == 1 for name in NAMES)


@pytest.mark.parametrize("width", [100, 120])
def test_on_a_terminal_blocks_of_questions_fit_into_its_width(width: int) -> None:
    assert max(map(len, shown(report(), width, terminal=True).splitlines())) <= width


def test_the_table_of_a_class_that_fits_is_one() -> None:
    short = replace(report(), results=report().results[-1:])
    assert shown(short, 120, terminal=True).count("student") == 1


def test_what_is_taken_off_for_being_late_has_a_column_where_there_is_some() -> None:
    assert "late" not in shown(report(), 80, terminal=False)
    text = shown(report(late=1.25), 80, terminal=False)
    (own,) = [line for line in text.splitlines() if line.strip().startswith("khanjo")]
    assert words(own)[-2:] == ["-1.25", f"{sum(MARKS) - 1.25:.2f}".rstrip("0")]
    assert "late: taken off for being late; the total is what is left" in text


PRINT = """
import json, sys
sys.path.insert(0, {tests!r})
from test_report_table import report
from autograder.feedback.class_table import show
from rich.console import Console
show(report(), Console())
"""


@pytest.mark.slow("a Python")
@pytest.mark.parametrize("columns", ["80", "20", ""])
def test_a_process_in_a_pipe_writes_the_whole_table(columns: str) -> None:
    environment = {**os.environ, "COLUMNS": columns, "PYTHONUTF8": "1"}
    if not columns:
        del environment["COLUMNS"]
    code = PRINT.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=120)
    text = done.stdout.decode()
    assert "…" not in text
    assert all(name in text for name in NAMES)
    assert text.count("0.18") == len(NAMES)


def test_the_fields_of_the_json_say_what_is_before_and_after_the_penalty() -> None:
    one = json.loads(json.dumps(report(late=1.0).as_dict()))["submissions"][-1]
    assert one["raw_score"] - one["late_penalty"] == one["score"]


def test_below_the_table_it_is_said_which_ideas_are_missing_in_the_class() -> None:
    def verdict(*missing: str, rule: bool = True, matched: int = 8) -> dict[str, object]:
        return {"matched": matched, "asked": 10, "has_rule": rule, "missing": list(missing), "text": ""}

    given = [verdict("one row"), verdict("one row", "float64"), verdict("ties", rule=False), verdict(matched=10)]
    whole = report()
    name = QUESTIONS[0].name
    results = [replace(result, verdicts={name: each}) for result, each in zip(whole.results, given, strict=True)]
    text = shown(replace(whole, results=results), 120, terminal=False)
    assert f"{name}: 1 with the rule wrong, 2 right but for 'one row', 1 right but for 'float64'\n" in text
    old = [replace(result, verdicts={name: {"matched": 1, "asked": 2, "text": ""}}) for result in whole.results]
    assert "rule" not in shown(replace(whole, results=old), 120, terminal=False)
