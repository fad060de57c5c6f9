"""What each test costs, which tests are slow, and in which order their files run.

A test is a unit test, which `make check` runs, unless it is marked `slow` with what it takes, or asks for the site
or a browser. A unit test starts no program: what it starts is written down, and it fails. `make test` writes what each
test cost into `_build/test-costs.tsv`; `python tests/costs.py` sums that up by file, and `--keep` makes
`tests/costs.tsv` of it, after which files are ordered: the longest first, so that none is left for the end of a run.
"""

from __future__ import annotations

import ast
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS = Path(__file__).resolve().parent
KEPT = TESTS / "costs.tsv"
LAST_RUN = TESTS.parent / "_build" / "test-costs.tsv"
SLOW_FIXTURES = {"site": "the built site", "browser": "a browser"}
# Programs that a unit test may start: the third is Python's own `platform`; a CUDA build of torch starts the fourth,
# once, and Matplotlib the last, in an account where it has not listed the fonts yet.
LIGHT = ("-m ruff", "-m mypy", "uname -p", "ldconfig -p", "fc-list --")
LONG = 2.0  # processor seconds of a unit test that is named, so that somebody asks whether it is one
BUILDS_SITE = "tests/test_site.py"
LONG_FILE = 10.0  # seconds of a file that is begun while the site is built
SHOWN = 12  # lines of a summary

# What has started a program, as Python tells its audit hooks.
_STARTS = ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system")
_started: list[str] = []


def _listen(event: str, arguments: tuple) -> None:
    if event in _STARTS:
        words = arguments[0] if event == "os.system" else arguments[1]
        _started.append(os.fsdecode(words) if isinstance(words, (str, bytes)) else " ".join(map(os.fsdecode, words)))


def listen() -> None:
    """From here on, write down every program that this process starts."""
    sys.addaudithook(_listen)


def programs_started() -> list[str]:
    """The command lines of the programs started since this was last asked, without those that any test may start."""
    # Each once: Python 3.13 starts most of them by `posix_spawn`, and tells of both.
    started = [words[:200] for words in dict.fromkeys(_started) if not any(light in words for light in LIGHT)]
    _started.clear()
    return started


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def mark_users_of_slow_fixtures(items: Iterable[pytest.Item]) -> None:
    for item in items:
        for fixture, what in SLOW_FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.slow(what))


def is_slow_file(path: Path) -> bool:
    """Whether all tests of a file are marked: it says `pytestmark = pytest.mark.slow(…)`, or has that in a list.

    Such a file need not be imported to be left out.
    """
    if not path.name.startswith("test_") or path.suffix != ".py":
        return False
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark":
            return "pytest.mark.slow(" in ast.unparse(statement.value)
    return False


def processor_seconds() -> float:
    """What this process and all those that it has waited for have used."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


class Recorder:
    """Writes a line for each test into a table: processor seconds, seconds, name. Several processes may share it.

    A process that several tests share (a warm sandbox, a browser) is counted when it ends, with the last of them.
    """

    def __init__(self, table: Path) -> None:
        self.table = table

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        used, began = processor_seconds(), time.perf_counter()
        result = yield
        row = f"{processor_seconds() - used:.2f}\t{time.perf_counter() - began:.2f}\t{item.nodeid}\n"
        with self.table.open("a", encoding="utf-8", errors="backslashreplace") as table:
            table.write(row)
        return result


def rows(table: Path) -> list[tuple[float, float, str]]:
    """Processor seconds, seconds, and the name of a test or a file; none where there is no table."""
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    cells = [line.split("\t", 2) for line in lines if not line.startswith("#")]
    return [(float(used), float(passed), name) for used, passed, name in cells]


def by_file(tests: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """What the tests of each file cost together, the dearest first."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for used, passed, name in tests:
        file = sums[name.partition("::")[0]]
        file[0] += used
        file[1] += passed
    return sorted(((used, passed, file) for file, (used, passed) in sums.items()), reverse=True)


def longest_first(items: list[pytest.Item]) -> None:
    """Order the files by what they took last, and one that nobody has measured first. Within a file nothing moves.

    The file that builds the site comes first of all; the others that ask for it wait until those are begun that do not
    and take long: else they would wait for the build with nothing done.
    """
    seconds = {file: max(used, passed) for used, passed, file in rows(KEPT)}
    need_site = {_file(item) for item in items if "site" in getattr(item, "fixturenames", ())} - {BUILDS_SITE}

    def place(item: pytest.Item) -> tuple[int, float]:
        file = _file(item)
        took = seconds.get(file, float("inf"))
        group = 0 if file == BUILDS_SITE else 2 if file in need_site else 1 if took >= LONG_FILE else 3
        return group, -took

    items.sort(key=place)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def main(options: Sequence[str]) -> None:
    measured = rows(LAST_RUN)
    files = by_file(measured)
    if "--keep" in options:
        head = "# processor seconds, seconds, file; written by `python tests/costs.py --keep`\n"
        KEPT.write_text(head + "".join(f"{used:.0f}\t{passed:.0f}\t{file}\n" for used, passed, file in files))
    print(f"{len(measured)} tests, {sum(used for used, _, _ in files):.0f} s of processor time. The dearest:")
    for used, passed, name in [*files[:SHOWN], *sorted(measured, reverse=True)[:SHOWN]]:
        print(f"{used:7.1f} s of processor time, {passed:6.1f} s  {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
