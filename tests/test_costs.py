"""What is a unit test is decided by marks that cannot rot, and files run in the order of what they cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import costs
import pytest


@pytest.mark.parametrize("start", [lambda command: subprocess.run(command, check=True), subprocess.Popen])
def test_a_program_that_a_test_starts_is_noticed(start) -> None:
    started = start([sys.executable, "-c", ""])
    if isinstance(started, subprocess.Popen):
        started.wait()
    assert costs.programs_started() == [f"{sys.executable} -c "]
    assert costs.programs_started() == []  # or this test would fail


@pytest.mark.parametrize(
    ("source", "slow"),
    [
        ("import pytest\npytestmark = pytest.mark.slow('a sandbox')\n", True),
        ("pytestmark = [\n    pytest.mark.slow('a sandbox'),\n    pytest.mark.skipif(True, reason='')]\n", True),
        ("pytestmark = pytest.mark.skipif(True, reason='not slow')\n", False),
        ("@pytest.mark.slow('a Python')\ndef test_one():\n    pass\n", False),
    ],
)
def test_a_file_that_is_slow_as_a_whole_says_so_in_one_place(tmp_path: Path, source: str, slow: bool) -> None:
    path = tmp_path / "test_one.py"
    path.write_text(source, encoding="utf-8")
    assert costs.is_slow_file(path) is slow
    assert not costs.is_slow_file(path.rename(tmp_path / "tools.py"))


def test_files_are_ordered_by_what_they_cost_and_a_new_one_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "costs.tsv"
    monkeypatch.setattr(costs, "KEPT", table)
    table.write_text(
        "# processor seconds, seconds, file\n9\t10\ttests/long.py\n1\t20\ttests/waits.py\n2\t2\ttests/short.py\n"
    )
    names = ["tests/short.py::a", "tests/long.py::b", "tests/new.py::c", "tests/waits.py::e", "tests/long.py::a[x::y]"]
    items = [SimpleNamespace(nodeid=name) for name in names]
    costs.longest_first(items)  # type: ignore[arg-type]
    assert [item.nodeid for item in items] == [names[2], names[3], names[1], names[4], names[0]]


def test_who_asks_for_the_site_comes_after_long_files_that_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "costs.tsv"
    monkeypatch.setattr(costs, "KEPT", table)
    rows = {"tests/reads_pages.py": 90, "tests/long.py": 50, "tests/test_site.py": 40, "tests/short.py": 1}
    table.write_text("".join(f"1\t{seconds}\t{file}\n" for file, seconds in rows.items()))
    asks = {"tests/reads_pages.py": ["site"], "tests/test_site.py": ["site"]}
    items = [SimpleNamespace(nodeid=f"{file}::a", fixturenames=asks.get(file, [])) for file in rows]
    costs.longest_first(items)  # type: ignore[arg-type]
    order = [item.nodeid.partition("::")[0] for item in items]
    assert order == ["tests/test_site.py", "tests/long.py", "tests/reads_pages.py", "tests/short.py"]


def test_every_file_of_the_table_is_there() -> None:
    files = [file for _, _, file in costs.rows(costs.KEPT)]
    assert files
    assert [file for file in files if not (costs.TESTS.parent / file).is_file()] == []


def test_what_tests_cost_is_summed_up_by_file() -> None:
    tests = [(1.0, 2.0, "tests/a.py::one"), (3.0, 1.0, "tests/b.py::one[x\ty]"), (0.5, 0.5, "tests/a.py::two")]
    assert costs.by_file(tests) == [(3.0, 1.0, "tests/b.py"), (1.5, 2.5, "tests/a.py")]
