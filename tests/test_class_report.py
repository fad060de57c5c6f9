"""The report on a class is right, offline, safe to open, and hints at copies without naming who worked alone."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tiny_problem_set as tiny
import typer
from grading import graded_in_place
from typer.testing import CliRunner, Result

import autograder.cli
from autograder.course import Course
from autograder.records.report import GradedCell
from autograder.reporting.lookalikes import fingerprints, lookalikes
from autograder.reporting.statistics import FEWEST, correlation, distribution, figures_of

ROOT = Path(__file__).resolve().parent.parent
Code = dict[str, str]


def test_difficulty_and_discrimination_are_the_fields_own() -> None:
    generator = np.random.default_rng(1)
    ability = generator.normal(size=400)
    right = {name: (ability + 0.3 * generator.normal(size=400) > hard).astype(float) for name, hard in
             {"easy": -0.5, "middle": 0.0, "hard": 0.5}.items()}  # fmt: skip
    right |= {"luck": generator.integers(0, 2, 400).astype(float), "nobody": np.zeros(400), "everybody": np.ones(400)}
    cells = [GradedCell(name, 1.0, False) for name in right]
    marks = {str(n): {name: float(values[n]) for name, values in right.items()} for n in range(400)}
    found = {one.name: one for one in figures_of(cells, marks)}
    for name, values in right.items():
        assert found[name].difficulty == pytest.approx(values.mean())
    rest = sum(values for name, values in right.items() if name != "middle")
    assert found["middle"].discrimination == pytest.approx(np.corrcoef(right["middle"], rest)[0, 1])
    assert abs(found["luck"].discrimination or 0.0) < 0.15 < 0.2 < (found["middle"].discrimination or 0.0)
    assert found["nobody"].nobody
    assert found["everybody"].everybody
    assert found["nobody"].discrimination is found["everybody"].discrimination is None


def test_of_few_students_no_correlation_is_given() -> None:
    values = [float(number) for number in range(FEWEST)]
    assert correlation(values, values) == pytest.approx(1.0)
    assert correlation(values[1:], values[1:]) is None


def test_what_waits_for_a_person_counts_in_no_figure_of_its_question() -> None:
    marks: dict[str, dict[str, float | None]] = {"a": {"why": None}, "b": {"why": 1.0}, "c": {"why": 2.0}}
    (found,) = figures_of([GradedCell("why", 2.0, True)], marks)
    assert (found.marked, found.waiting, found.difficulty) == (2, 1, 0.75)


@pytest.mark.parametrize("shares", [[0.0], [1.0], [0.1, 0.3, 0.7, 0.9], [1.2, -0.1], []])
def test_everybody_is_in_one_tenth(shares: list[float]) -> None:
    assert sum(distribution(shares)) == len(shares)


def test_each_tenth_begins_where_it_says() -> None:
    assert distribution([number / 10 for number in range(10)]) == [1] * 10


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark that plants copies in a class."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("lookalikes")


@pytest.mark.parametrize("problem_set", ["ps5", "ps6"])
def test_copies_are_found_and_who_worked_alone_is_not_named(problem_set: str, planted: ModuleType) -> None:
    figures = planted.measured(problem_set, 1, planted.OWN)
    assert figures["found"] >= 0.95 * (figures["copies"] - figures["like_others"])
    assert figures["false_alarms"] == 0


def test_who_copies_what_others_write_too_is_not_named(planted: ModuleType) -> None:
    code = {f"s{number}": {"q": "def q(x):\n    total = 2 * x + 1\n    return total ** 2 - x"} for number in range(30)}
    assert planted.is_like_others("s0", code)
    assert lookalikes(code, []) == []


@pytest.mark.parametrize("name", ["eval", "input", "case", "id"])
def test_a_builtin_s_name_is_the_students_own_unless_it_is_called(name: str) -> None:
    one = "def f({0}, y):\n    part = {0} + y.sum() if {0} else y\n    return part * {0}\n"
    assert fingerprints(one.format(name)) == fingerprints(one.format("mine"))
    assert fingerprints("x = sorted(y)[0] + 1") != fingerprints("x = mine(y)[0] + 1")


def test_a_case_needs_no_brackets() -> None:
    one = "match x, y:\n    case 'add', a, b:\n        return a + b, 1.0\n    case _, a:\n        return a * 2, a\n"
    assert fingerprints(one) == fingerprints(ast.unparse(ast.parse(one)))


def test_names_comments_strings_numbers_and_form_are_no_sign() -> None:
    one = "def f(x):\n    # mine\n    total = (x + 1.5, 'a')\n    return [total for anna in range(3)]\n"
    other = 'def g(y):\n    s = y + 2e-3, """b"""\n\n    return [s for \\\n i in range(17)]  # theirs\n'
    assert fingerprints(one) == fingerprints(other) != fingerprints(one.replace("+", "-"))


@pytest.mark.parametrize(
    "hostile", ["(" * 200_000, "'" * 200_000, "\\" * 200_000, '"""' * 70_000, "a" * 200_000, "\0é\ud800"]
)
def test_no_text_holds_the_search_up(hostile: str) -> None:
    code = {str(number): {"q": hostile + "\n" * number} for number in range(4)}
    assert isinstance(lookalikes(code, []), list)


MISTAKE = "def double(x):\n    # by {0}\n    {0}_value = x\n    return {0}_value * x"
HOSTILE = "<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags of a page, its attributes that name an address, and its ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A class of six, and a folder whose name no gradebook takes; graded once."""
    made, released = tiny.released_course(tmp_path_factory.mktemp("report"))
    for name in ("anna", "berta", "clara"):
        tiny.hand_in(made, name, tiny.answered(released, double=MISTAKE.format(name), halve=tiny.RIGHT["halve"]))
    tiny.hand_in(made, HOSTILE, tiny.answered(released, **tiny.RIGHT))
    tiny.hand_in(made, "dora", tiny.answered(released, **tiny.RIGHT, why="Because."))
    tiny.hand_in(made, "stub", released)
    tiny.hand_in(made, "broken", b"{")
    with graded_in_place(made, tiny.NAME):
        yield made


def report(*options: str) -> Result:
    app = typer.Typer()
    autograder.cli.register(app)
    result = CliRunner().invoke(app, ["report", tiny.NAME, *options])
    assert result.exit_code == 0, result.exception
    return result


@pytest.mark.slow("a small class, graded in a sandbox")
@pytest.mark.usefixtures("lasting_sandboxes")
class TestAClass:
    def test_it_has_each_planted_mistake_with_its_count(self, course: Course) -> None:
        said = json.loads(report("--json").output)
        assert said["students"] == 6
        assert sum(said["distribution"]) == 6
        sizes = {(one["question"], one["size"], one["begun"]) for one in said["groups"]}
        assert sizes == {("test_double", 3, True), ("test_double", 1, False), ("test_halve", 1, False)}
        assert [one["student"] for one in said["broken"]] == ["broken", HOSTILE]
        by_name = {one["name"]: one for one in said["questions"]}
        assert by_name["test_halve"]["difficulty"] == pytest.approx(4 / 6)
        assert by_name["why"]["waiting"] >= 1
        assert all(one["marked"] + one["waiting"] == 6 for one in said["questions"])
        assert all(one["discrimination"] is None for one in said["questions"])

    def test_the_page_is_one_file_that_loads_and_runs_nothing(self, course: Course, tmp_path: Path) -> None:
        path = tmp_path / "report.html"
        report("--to", str(path))
        text = path.read_text(encoding="utf-8")
        page = Tags(text)
        assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "base", "a:href"}
        assert all(address.startswith("#") and address[1:] in page.ids for address in page.addresses)
        assert "url(" not in text
        assert "@import" not in text
        assert "&lt;img src=x" in text or "onerror" not in text
        assert text.count("<svg") == text.count("</svg>")
        assert "def double(x):" in text
        assert "hint, never a verdict" in text

    def test_without_names_nothing_names_anybody(self, course: Course) -> None:
        page = course.root / "reports" / f"{tiny.NAME}.html"
        for text in (report("--anonymous", "--json").output, report("--anonymous").output and page.read_text("utf-8")):
            for name in ("anna", "berta", "clara", "dora", "onerror"):
                assert name not in text
        names = [
            one for group in json.loads(report("--anonymous", "--json").output)["groups"] for one in group["students"]
        ]
        assert all(re.fullmatch(r"student \d", name) for name in names)

    def test_nothing_is_run_and_only_the_page_is_written(self, course: Course) -> None:
        def files() -> dict[Path, int]:
            return {path: path.stat().st_mtime_ns for path in course.root.rglob("*") if path.is_file()}

        before = files()
        report()
        changed = {path for path, when in files().items() if before.get(path) != when}
        assert changed <= {course.root / "reports" / f"{tiny.NAME}.html", *course.root.glob("gradebook.db*")}
