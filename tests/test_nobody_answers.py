"""A cell that asks somebody something still defines its function: nobody answers while a notebook is graded."""

from __future__ import annotations

import bdb
import pickle
from typing import Any

import nbformat
import pytest
import test_missing_annotations

from autograder.grading.notes import notes_on
from autograder.records.execution import CellResult, PassedOver


def at_its_end(*_: object) -> Any:
    raise EOFError("EOF when reading a line")


def quits(*_: object) -> Any:
    raise bdb.BdbQuit


ASKS = {"name = ask('your name? ')": at_its_end, "n = int(ask())\nm = n + 1": at_its_end, "ask()": quits}


@pytest.mark.parametrize("source", ASKS)
def test_what_asks_somebody_is_passed_over(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.ask", ASKS[source], raising=False)
    names, told = test_missing_annotations.run(f"{source}\ndef f(): return 3")
    assert names["f"]() == 3
    assert told[1][1] == "input"


def test_a_file_that_ends_too_early_is_a_mistake_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.ask", lambda: pickle.loads(b""), raising=False)
    names, _ = test_missing_annotations.run("x = ask()\ndef f(): return 3")
    assert "f" not in names


def test_it_is_said_with_the_line() -> None:
    result = CellResult(0, passed_over=[PassedOver(1, "input", "EOFError")])
    (note,) = notes_on(nbformat.v4.new_code_cell("n = input()"), result)
    assert "line 1, `n = input()`: nobody is there to type" in note
