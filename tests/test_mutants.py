"""Small mistakes in the solutions are caught, and the file that says so is of the problem sets as they are."""

from __future__ import annotations

import functools
import random
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from in_process import ROOT, run_job, source_notebook
from in_process import run as run_cell

from autograder.answers.together import ask_each
from autograder.assignment.jobs import source_job
from autograder.misconceptions import jobs
from autograder.misconceptions.pages import read_page
from autograder.misconceptions.variants import Variant
from autograder.mutants.asking import fates
from autograder.mutants.equivalents import equivalents_of
from autograder.mutants.examination import Subject, examine_mutants, subjects
from autograder.mutants.mutants import Mutant, mutants_of
from autograder.mutants.results import Counted, read_results, write_results
from autograder.records.execution import Job
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, write

pytestmark = pytest.mark.slow("some mutants of every question")

NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))
LEAST = 0.97  # of a question's misconceptions and mutants together
ASKED, SEED = 5, 11  # mutants of each question, with a seed that `gradus mutants` does not use
RIGHT = 8  # mutants of each question that are listed as right, of which `gradus mutants` asks all


@functools.cache
def subjects_of(name: str) -> list[Subject]:
    return subjects(ROOT / "solutions" / name)


def some_that_are_right(subject: Subject) -> list[Mutant]:
    """The same in every run: a question that trains has dozens, each of which takes a second."""
    right = [mutant for mutant in subject.mutants if subject.is_equivalent(mutant)]
    return random.Random(subject.question).sample(right, min(RIGHT, len(right)))


def run(job: Job) -> dict[str, list[bytes]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mutants
        return run_job(job, seconds=600)


# The problem sets.


@pytest.mark.parametrize("name", NAMES)
def test_what_was_counted_is_of_the_questions_as_they_are(name: str) -> None:
    counted = read_results(ROOT / "solutions" / name)
    stale = {s.question for s in subjects_of(name) if counted[s.question].fingerprint != s.fingerprint}
    assert stale == set(), f"run `gradus mutants {name}`"
    assert list(counted) == [subject.question for subject in subjects_of(name)]


@pytest.mark.parametrize("name", NAMES)
def test_nearly_all_that_is_wrong_is_caught(name: str) -> None:
    counted = read_results(ROOT / "solutions" / name)
    assert {question: of.rate for question, of in counted.items() if of.rate < LEAST} == {}
    for question, of in counted.items():
        assert of.mutants_caught == of.mutants - len(of.survivors), question
        assert min(of.misconceptions, of.mutants) >= 4, question


@pytest.mark.parametrize("name", NAMES)
def test_what_is_listed_as_right_is_a_mutant(name: str) -> None:
    assert [finding for subject in subjects_of(name) for finding in subject.unknown] == []
    for subject in subjects_of(name):
        listed = {(each.where, each.was, each.now) for each in subject.equivalents}
        assert len(listed) == len(subject.equivalents)
        assert all(len(each.reason) > 10 and each.reason.endswith(".") for each in subject.equivalents)


@pytest.mark.parametrize("name", NAMES)
def test_some_mutants_fare_as_was_counted_and_those_that_are_right_earn_everything(name: str) -> None:
    counted, drawn = read_results(ROOT / "solutions" / name), random.Random(name)
    chosen: list[Variant] = []
    right: set[Variant] = set()
    for subject in subjects_of(name):
        equivalent = some_that_are_right(subject)
        others = [mutant for mutant in subject.mutants if not subject.is_equivalent(mutant)]
        others = [mutant for mutant in others if mutant.name not in counted[subject.question].survivors]
        right.update(equivalent)
        chosen += [*equivalent, *drawn.sample(others, min(ASKED, len(others)))]
    found = fates(source_notebook(name), chosen, run, [SEED])
    assert [fate.variant.name for fate in found if fate.survives != (fate.variant in right)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_visible_check_fails_for_nothing_that_earns_full_marks(name: str) -> None:
    """For wheats and equivalent mutants, that is: misconceptions and other mutants are caught."""
    notebook, tests = source_notebook(name), jobs.test_of(source_notebook(name))
    full: dict[str, list[Variant]] = {}
    for subject in subjects_of(name):
        full[tests[subject.question]] = [*subject.variants.wheats, *some_that_are_right(subject)]
    names: dict[str, Any] = {"__name__": "__main__"}
    refused = []
    with redirect_stdout(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in source_job(notebook, SEED).cells:
            before = dict(names)
            for variant in full.get(cell.question or "", []):
                try:
                    run_cell(variant.source, names)
                    run_cell(cell.source, names)
                except Exception as error:
                    refused.append(f"{variant.question}, {variant.name}: {error}")
                names.clear()
                names.update(before)
            run_cell(cell.source, names)
    assert refused == []


# What mutants are.

SOLUTION = """def f(X, y):
    ### BEGIN SOLUTION
    total = X.sum(dim=1, keepdim=True)
    for row in range(len(y)):
        total = total - y[row]
    return X[:, None] @ total, y
    ### END SOLUTION
"""
MADE = (
    "total = X.sum(dim=0, keepdim=True)",
    "total = X.sum(dim=1)",
    "total = X.sum(keepdim=True)",
    "total = X.mean(dim=1, keepdim=True)",
    "total = X",
    "total = _first(X.sum(dim=1, keepdim=True))",
    "for row in range(1, len(y)):",
    "for row in range(len(y) - 1):",
    "for row in range(_first(len(y))):",
    "total = total + y[row]",
    "total -= y[row]",
    "total = y[row] - total",
    "pass",
    "return (X[None, :] @ total, y)",
    "return (X @ total, y)",
    "return (total @ X[:, None], y)",
    "return (y, X[:, None] @ total)",
)


@pytest.mark.parametrize("now", MADE)
def test_a_mistake_is_made(now: str) -> None:
    assert now in [mutant.now for mutant in mutants_of("f", SOLUTION)]


def test_every_mutant_is_another_program_and_has_a_name_of_its_own() -> None:
    for name in NAMES:
        for subject in subjects_of(name):
            assert len({mutant.name for mutant in subject.mutants}) == len(subject.mutants)
            assert len({mutant.source for mutant in subject.mutants}) == len(subject.mutants)


def test_nothing_outside_of_the_solution_is_changed() -> None:
    solution = "    ### BEGIN SOLUTION\n    return x * step\n    ### END SOLUTION"
    answer = f"def g(x, step=3):\n    '''Not this.'''\n    x = x + 1\n{solution}"
    changed = [mutant.was for mutant in mutants_of("g", answer)]
    assert set(changed) <= {"return x * step", "def g"}
    assert all("x = x + 1" in mutant.source and "step=3" in mutant.source for mutant in mutants_of("g", answer))


def test_a_mutant_that_does_not_end_is_interrupted_and_those_behind_it_are_asked() -> None:
    notebook = source_notebook("ps5")
    stuck = Mutant(
        "unbroadcast", "stuck", "def unbroadcast(G, shape):\n    while True:\n        pass", where="", was="", now=""
    )
    wrong = Mutant("unbroadcast", "wrong", "def unbroadcast(G, shape):\n    return G + 1", where="", was="", now="")
    found = fates(notebook, [stuck, wrong], run, [SEED])
    assert [(fate.is_caught, fate.only_raises) for fate in found] == [(True, True), (True, False)]
    assert ask_each.__defaults__ == (0.0,)  # misconceptions, in the grader, are not hurried


# A problem set of one small question.


def small(folder: Path, test: str, equivalent: str = "") -> Path:
    def cell(label: str, source: str, **flags: object) -> Notebook:
        metadata = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "grade_id": label} | flags
        return {"cell_type": "code", "id": label, "metadata": {"nbgrader": metadata}, "source": source}

    solution = "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"
    hidden = f"### BEGIN HIDDEN TESTS\nfrom autograder.answers import answer, cases\n{test}\n### END HIDDEN TESTS"
    cells = [cell("f", solution, solution=True), cell("test_f", hidden, grade=True, locked=True, points=1)]
    write(folder / "small" / "small.ipynb", {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    page = folder / "small" / "variants" / "f.md"
    page.parent.mkdir()
    text = "# f\n\n## Right\n\n**swapped**\n- `return 1 + x`\n\n## Wrong\n\n**same**: You add nothing.\n- `return x`\n"
    page.write_text(text + equivalent, encoding="utf-8")
    return page.parent.parent


WELL = "for _ in range(3):\n    answer(f, cases.integer(2, 9))"


def test_a_problem_set_that_catches_everything_has_no_finding(tmp_path: Path) -> None:
    folder = small(tmp_path, WELL)
    examined = examine_mutants(folder, run)
    assert examined.findings == []
    assert (examined.counted["f"].rate, examined.counted["f"].survivors) == (1.0, ())
    write_results(folder, examined.counted)
    assert read_results(folder) == examined.counted


def test_a_survivor_is_named_with_the_cure(tmp_path: Path) -> None:
    examined = examine_mutants(small(tmp_path, "answer(f, 0)"), run)
    assert "f: return x + 1 → return 1" in examined.counted["f"].survivors
    (finding,) = (each for each in examined.findings if "→ return 1:" in each)
    assert "f.md: f: return x + 1 → return 1: this earns all marks; ask what it gets wrong, or list it" in finding


def test_what_is_decided_by_the_draw_is_a_finding_of_its_own(tmp_path: Path) -> None:
    examined = examine_mutants(small(tmp_path, "answer(f, cases.integer(0, 1) * 2)"), run)
    assert any("it lives or dies by the draw" in finding for finding in examined.findings)
    assert examined.counted["f"].rate < 1


def test_what_is_listed_as_right_must_be_a_mutant_that_is(tmp_path: Path) -> None:
    listed = (
        "\n## Equivalent\n\n- `f`: `return x + 1` → `return x - 1`: it is not.\n- `f`: `return x + 1` → `y`: unknown.\n"
    )
    wrong, unknown = sorted(examine_mutants(small(tmp_path, WELL, listed), run).findings, reverse=True)
    assert "line 16: no mutant of f is `y` where `return x + 1` was; the solution has changed" in unknown + wrong
    assert "return x - 1: it is listed as right, and earns 0%, 0%, 0%; take it out of the list." in unknown + wrong


def test_an_entry_that_is_not_written_as_one_is_named(tmp_path: Path) -> None:
    folder = small(tmp_path, WELL, "\n## Equivalent\n\n- `return x + 1` → `return x - 1`: no function.\n")
    with pytest.raises(GradusError, match=r"f\.md, line 15: write an entry as - `function`: `was` → `is now`: why"):
        equivalents_of(read_page(folder / "variants" / "f.md"))


def test_a_broken_or_missing_file_of_counts_is_named(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match=r"mutants\.json: cannot be read .* run `gradus mutants small`"):
        read_results(small(tmp_path, WELL))


def test_the_rate_is_of_misconceptions_and_mutants_together() -> None:
    assert Counted("", 10, 9, 30, 30, 4).rate == 39 / 40
