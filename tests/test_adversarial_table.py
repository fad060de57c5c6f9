"""What was measured of hostile notebooks is kept part by part, and the table says who graded what."""

from __future__ import annotations

import doctest
import json
from importlib import import_module
from pathlib import Path

import pytest
from attacks import ATTACKS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module


def test_a_part_replaces_what_it_measured_and_leaves_the_rest(
    benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = benchmark("adversarial_table")
    monkeypatch.setattr(table, "RESULTS", tmp_path)
    first, second = ATTACKS[0].student, ATTACKS[1].student
    held = table.Count(False, False, False, False, False, False, False, [], 2.0)
    fell = table.Count(True, False, False, False, False, False, False, ["full marks"], 4.0)
    table.write({"nbgrader": {first: fell, second: held}, "gradus": {first: held, second: held}}, "not installed")
    assert "otter was not installed" in (tmp_path / "adversarial.md").read_text()
    assert "| **all** | 2 / 2 | 1 / 0 |" in (tmp_path / "adversarial.md").read_text()
    table.write({"otter": {first: fell}}, "7.0.0")
    drawn = (tmp_path / "adversarial.md").read_text()
    assert "| **all** | 2 / 1 / 2 | 1 / 1 / 0 |" in drawn
    assert "/ otter 7.0.0 / Gradus." in drawn
    assert " | – / – / – | " in drawn  # a row of which nobody was given any
    assert "3.0 seconds at the median, 4 at most (2 runs)" in drawn
    table.write({"nbgrader": {first: held}}, "7.0.0")
    kept = json.loads((tmp_path / "adversarial.json").read_text())
    assert (kept["nbgrader"][first]["unearned"], kept["nbgrader"][second]["seconds"]) == (False, 2.0)
    assert kept["measured"].keys() == {"nbgrader", "otter", "gradus"}
    assert kept["otter"].keys() == {first}


def test_every_row_that_is_played_has_a_name(benchmark) -> None:
    assert {attack.row for attack in ATTACKS} == set(benchmark("adversarial_table").ROWS)


def test_code_is_typed_at_a_prompt_without_a_word(benchmark) -> None:
    code = (
        "import math\nfor n in range(2):\n    n + 1\n\ndef f(x):\n    # why\n    return x\n\nf(3)\nassert f(1) == 1\n"
    )
    typed = benchmark("stock_otter").as_doctest(code)
    test = doctest.DocTestParser().get_doctest(typed, {}, "typed", None, 0)
    assert len(test.examples) == 5
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
