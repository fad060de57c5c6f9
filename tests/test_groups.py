"""Wrong answers that are the same are one group, and a group becomes a misconception that everybody in it is told."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_problem_set as tiny
import torch
import typer
from grading import graded, graded_in_place
from typer.testing import CliRunner, Result

import autograder.cli
from autograder.answers.encoding import encode
from autograder.answers.frames import EXCEPTION, VALUE, packed, packed_name
from autograder.answers.settings import Settings
from autograder.course import Course
from autograder.grouping.anonymous import anonymous, own_strings
from autograder.grouping.groups import alike
from autograder.judging.behaviour import UNANSWERED, Behaviour, behaviour, behaviour_from
from autograder.judging.judge import judge
from autograder.misconceptions.pages import read_page

SHAPES = [(), (1,), (7,), (40, 30)]


def did(expected: list[Any], received: list[Any], settings: Settings | None = None) -> Behaviour:
    settings = settings or Settings()
    right = [packed(VALUE, encode(value), settings) for value in expected]
    came = [
        packed_name(EXCEPTION, value, Settings())
        if isinstance(value, str)
        else packed(VALUE, encode(value), Settings())
        for value in received
    ]
    return behaviour(judge(right, came, 1.0), right, came)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_rounding_parts_no_group_and_another_mistake_does(shape: tuple[int, ...], scale: float) -> None:
    generator = torch.Generator().manual_seed(1)
    right = [scale * torch.randn(shape, generator=generator) + scale for _ in range(5)]
    settings = Settings(rtol=1e-5, atol=0.0)
    one = did(right, [2 * value for value in right], settings)
    for _ in range(200):
        noisy = [2 * value * (1 + 3e-7 * torch.randn(shape, generator=generator)) for value in right]
        assert did(right, noisy, settings).is_like(one)
    for factor in (2.01, -2.0, 0.5):
        assert not did(right, [factor * value for value in right], settings).is_like(one)


def test_a_single_entry_that_is_wrong_is_seen_among_many() -> None:
    right = [torch.ones(100, 100)]
    wrong = [[torch.ones(100, 100)], [torch.ones(100, 100)]]
    for place, answers in enumerate(wrong):
        answers[0][place, place] = 2.0
    assert not did(right, wrong[0]).is_like(did(right, wrong[1]))


def test_types_shapes_exceptions_and_infinities_part_groups() -> None:
    right = [torch.ones(3)]
    wrong = [
        torch.zeros(3), torch.zeros(3, dtype=torch.float64), torch.zeros(3, 1), torch.zeros(3).numpy(), [0.0, 0.0, 0.0],
        (0.0, 0.0, 0.0), 0, 0.0, None, "KeyError", "IndexError", torch.tensor([0, 0, torch.nan]),
        torch.tensor([0, torch.nan, 0]), torch.tensor([0, torch.inf, 0]), torch.tensor([0, -torch.inf, 0]),
        {"a": 0.0}, {"b": 0.0}, torch.zeros(3, dtype=torch.int64),
    ]  # fmt: skip
    behaviours = [(str(number), did(right, [value])) for number, value in enumerate(wrong)]
    assert all(len(students) == 1 for _, students in alike(behaviours))


def test_a_stub_that_was_left_is_no_mistake() -> None:
    assert did([1.0, 2.0], ["NotImplementedError"] * 2).kind == UNANSWERED
    assert did([1.0, 2.0], ["NotImplementedError", 3.0]).kind != UNANSWERED
    assert did([1.0, 2.0], ["TypeError"] * 2).kind != UNANSWERED


def test_what_is_kept_of_a_behaviour_is_json_and_comes_back() -> None:
    for value in (3.0, 1e308, -1e308, 5e-324, np.full(4, 1e308), [1.7e308] * 9):
        one = did([[1.0] * 9], [value])
        assert behaviour_from(json.loads(json.dumps(one.as_dict(), allow_nan=False))) == one
    for broken in ({}, {"pattern": "a"}, {**one.as_dict(), "sketch": [1.0]}, {**one.as_dict(), "slack": None}):
        assert behaviour_from(broken) is None


OF_ANNA = '''
import torch
import numpy as anna_np
# Anna's code, 20231234
author = "Anna"
def annas_helper(anna_x, anna_k=3):
    """By Anna"""
    return anna_x * anna_k
class Annas:
    def __init__(self):
        self.annas = "Anna"
    def annas_method(self):
        return self.annas
def double(x: "Anna", anna=2) -> "Anna":
    """Anna's."""
    print("Anna")
    annas_list = [anna_i for anna_i in range(3)]
    try:
        assert x is not None, "Anna says no"
    except AssertionError as annas_error:
        raise ValueError("Anna says no") from annas_error
    anna_e = Annas().annas_method() and annas_helper(anna_x=x)
    return {"anna": anna_e}["anna"] - x + (lambda anna_a: anna_a)(0)
double(2), print("Anna")
%matplotlib inline
def annas_other(): return "Anna"
'''


def test_nothing_of_its_author_stays_in_an_example() -> None:
    found = anonymous(OF_ANNA, "double", ["def double(x):"])
    assert found is not None
    assert "anna" not in found.lower()
    assert "20231234" not in found
    ast.parse(found)
    kept = anonymous(OF_ANNA, "double", ["def double(x):"], keep_own=True)
    assert kept is not None
    names: dict[str, Any] = {}
    exec(kept, names)
    assert names["double"](5) == 10
    assert set(own_strings(kept, ["def double(x):"])) == {"Anna", "anna"}


@pytest.mark.parametrize(
    "source",
    ["", "def halve(x): return x", "def double(x)", "\0", "(" * 5000, "double = 3", "def double(x):\n" + " -" * 9000],
)
def test_what_is_no_answer_gives_no_example(source: str) -> None:
    assert anonymous(source, "double", []) is None


def test_an_example_is_python_wherever_something_was_taken_out() -> None:
    for kept in (
        "for i in x:\n        print(i)",
        "if x:\n        print(1)\n    else:\n        print(2)",
        "with x:\n        'a'",
        "try:\n        print(1)\n    finally:\n        print(2)",
        "print(x)",
    ):
        found = anonymous(f"def double(x):\n    {kept}", "double", [])
        assert found is not None
        ast.parse(found)


# The same mistakes, each written by several in their own way; and what is right.
MISTAKES = {
    "squares": [
        "def double(x):\n    # by anna\n    return x * x",
        "def double(anna):\n    '''of anna'''\n    z = anna\n    return z ** 2",
        "def double(x):\n    print('anna')\n    return abs(x) * abs(x)",
    ],
    "adds two": ["def double(x):\n    return x + 2", "def double(x):\n    anna = [x, 2]\n    return sum(anna)"],
}  # fmt: skip


def run_command(course: Course, *arguments: str) -> Result:
    app = typer.Typer()
    autograder.cli.register(app)
    return CliRunner().invoke(app, ["groups", tiny.NAME, *arguments])


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A class of nine, graded once."""
    made, released = tiny.released_course(tmp_path_factory.mktemp("groups"))
    answers = [
        *MISTAKES["squares"],
        *MISTAKES["adds two"],
        "def double(x):\n    return annas_helper(x)",
        tiny.RIGHT["double"],
    ]
    for number, answer in enumerate(answers):
        tiny.hand_in(made, f"student{number}", tiny.answered(released, double=answer, halve=tiny.RIGHT["halve"]))
    tiny.hand_in(made, "stub", released)
    tiny.hand_in(made, "broken", b"{")
    with graded_in_place(made, tiny.NAME):
        yield made


@pytest.fixture
def groups(course: Course) -> list[dict[str, Any]]:
    said = json.loads(run_command(course, "--json").output)
    assert said["submissions"] == 9
    assert said["notes"] == []
    return list(said["groups"])


@pytest.mark.slow("a small class, graded in a sandbox")
@pytest.mark.usefixtures("lasting_sandboxes")
class TestAClass:
    def test_who_did_the_same_is_one_group(self, groups: list[dict[str, Any]]) -> None:
        doubles = {tuple(group["students"]): group for group in groups if group["question"] == "test_double"}
        sizes = {(f"student{0}", "student1", "student2"), ("student3", "student4"), ("student5",), ("stub",)}
        assert set(doubles) == sizes
        assert [group["size"] for group in groups if group["question"] == "test_double"] == [3, 2, 1, 1]
        assert not doubles["stub",]["begun"]
        assert all(group["says"] for group in groups)

    def test_the_table_names_each_group_and_one_question_can_be_asked_for(
        self, course: Course, groups: list[dict[str, Any]]
    ) -> None:
        whole = run_command(course).output
        assert all(group["name"] in whole for group in groups)
        for question in ("double", "test_double"):
            some = json.loads(run_command(course, "--json", "--question", question).output)["groups"]
            assert some == [group for group in groups if group["question"] == "test_double"]
        assert "has no question 'treble'" in str(run_command(course, "--question", "treble").exception)

    def test_what_cannot_be_named_is_refused_and_leaves_no_file(
        self, course: Course, groups: list[dict[str, Any]]
    ) -> None:
        by_students = {
            tuple(group["students"]): group["name"] for group in groups if group["question"] == "test_double"
        }
        refused = {
            (by_students["stub",], "Begin."): "not begun",
            (by_students["student5",], "Write what you call."): "only raises exceptions",
            ("test_double-none", "A hint."): "there is no group",
            (by_students["student3", "student4"], " "): "write the hint",
        }
        for (name, hint), why in refused.items():
            assert why in str(run_command(course, "--name", name, hint).exception)
        assert not list(course.solutions.rglob("*.md"))

    def test_a_group_with_a_name_is_told_to_everybody_in_it(self, course: Course, groups: list[dict[str, Any]]) -> None:
        (name,) = [group["name"] for group in groups if group["size"] == 3 and group["question"] == "test_double"]
        said = run_command(course, "--name", name, "You squared; twice is a sum.", "--as", "squared")
        assert said.exit_code == 0, said.exception
        path = course.solutions / tiny.NAME / "variants" / "double.md"
        (entry,) = read_page(path).entries
        assert entry.name == "squared"
        assert "anna" not in path.read_text(encoding="utf-8").lower()
        run = graded(course, tiny.NAME, "--seed", "3", "--no-feedback")
        for student in ("student0", "student1", "student2"):
            assert run.submission(student)["misconceptions"] == {"test_double": "squared"}
            assert "twice is a sum" in run.submission(student)["verdicts"]["test_double"]["text"]
        assert "known mistake" in str(run_command(course, "--name", name, "Again.").exception)
        before = path.read_bytes()
        (other,) = [group["name"] for group in groups if group["size"] == 2 and group["question"] == "test_double"]
        assert run_command(course, "--name", other, "You added two.", "--as", "squared").exit_code == 0
        assert [entry.name for entry in read_page(path).entries] == ["squared", "squared_2"]
        assert path.read_bytes().startswith(before.rstrip(b"\n"))

    def test_results_of_earlier_versions_are_counted_and_grouped_by_the_next_run(
        self, course: Course, tmp_path: Path
    ) -> None:
        for path in (course.results / tiny.NAME / "graded").glob("*.json"):
            kept = json.loads(path.read_text(encoding="utf-8"))
            kept.pop("behaviours")
            path.write_text(json.dumps(kept), encoding="utf-8")
        said = json.loads(run_command(course, "--json").output)
        assert said["groups"] == []
        assert "7 submissions were graded by an earlier version" in said["notes"][0]
