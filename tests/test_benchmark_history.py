"""What a benchmark measured is kept, with the commit, and nothing that was kept before is lost."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_spec = importlib.util.spec_from_file_location("benchmark_history", ROOT / "benchmarks" / "history.py")
assert _spec is not None
assert _spec.loader is not None
history = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(history)


@pytest.mark.slow("git")
def test_every_run_is_a_line_and_the_last_one_a_file(tmp_path: Path) -> None:
    for seconds in (2.0, 1.5):
        history.keep("grading", {"seconds": seconds, "marks": {"differing": []}}, tmp_path)
    assert json.loads((tmp_path / "grading.json").read_text()) == {"seconds": 1.5, "marks": {"differing": []}}
    kept = history.runs(tmp_path)
    assert [run["figures"]["seconds"] for run in kept] == [2.0, 1.5]
    for run in kept:
        assert run["benchmark"] == "grading"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", run["date"])
        assert re.fullmatch(r"[0-9a-f]{12}|", run["commit"])  # none where this is no clone


def test_every_number_is_followed_by_where_it_stands() -> None:
    figures = {"a": 1, "b": {"c": 2.5, "d": "text", "e": [3], "f": True}}
    assert dict(history.numbers(figures)) == {"a": 1.0, "b, c": 2.5}


def test_what_is_committed_can_be_read() -> None:
    assert all({"benchmark", "date", "commit", "changed", "figures"} == run.keys() for run in history.runs())
