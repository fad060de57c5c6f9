"""The problem sets mark fairly: right answers earn everything, others nothing, and each question stands on its own."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from in_process import (
    SEED,
    Reference,
    answer_cells,
    run,
    run_and_report,
    run_job,
    solutions,
    source_notebook,
    test_cells,
    verdicts,
    visible_failures,
)

from autograder.answers.stream import run_test
from autograder.assignment.asked import asked_questions, hidden_source
from autograder.assignment.jobs import source_job
from autograder.assignment.regions import HIDDEN, SOLUTION, regions, without
from autograder.assignment.source import budgeted
from autograder.authoring.answer_lint import answer_findings
from autograder.authoring.collisions import collisions
from autograder.authoring.reference import reference_findings
from autograder.course import REPOSITORY, Course
from autograder.judging.ideas import units_of
from autograder.judging.judge import judge, read_expected
from autograder.misconceptions.variants import read_variants
from autograder.sample_class import compact
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of

NAMES = Course(REPOSITORY).problem_sets()
NOTEBOOKS = {name: source_notebook(name) for name in NAMES}
# Solutions that use none of the others, for the sets whose reference builds each answer on the ones before.
INDEPENDENT = {"ps4": {name: inspect.getsource(getattr(compact, name)) for name in answer_cells(NOTEBOOKS["ps4"])}}
QUESTIONS = [(name, question) for name in NAMES for question in answer_cells(NOTEBOOKS[name])]


def stubs(notebook: Notebook) -> dict[str, str]:
    return {name: without(text, SOLUTION, "raise NotImplementedError") for name, text in solutions(notebook).items()}


@functools.cache
def solved(name: str) -> dict[str, Any]:
    """What the cells of a problem set define when its solutions are in it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in source_job(NOTEBOOKS[name], SEED).cells:
        run(cell.source, names)
    return names


@functools.cache
def right_answers(name: str, question: str) -> tuple[bytes, ...]:
    return tuple(answers_of(name, question, solved(name)[question]))


def answers_of(name: str, question: str, function: Callable[..., Any]) -> list[bytes]:
    """The frames of a question whose function is `function`; the rest is the reference's."""
    sent: list[bytes] = []
    label = f"test_{question}"
    test = hidden_source(test_cells(NOTEBOOKS[name])[label])
    run_test(test, solved(name) | {question: function}, SEED, sent.append, question=label)
    return sent


def share(name: str, question: str, function: Callable[..., Any]) -> float:
    """The share of a question's marks that `function` earns."""
    return judge(right_answers(name, question), answers_of(name, question, function), 1.0).score


@pytest.mark.slow("each notebook, run whole")
@pytest.mark.parametrize("name", NAMES)
def test_the_reference_earns_all_marks(name: str) -> None:
    """With one seed and other random numbers; the rules below take three more, and the honest students a new one."""
    expected, failed = run_and_report(source_job(NOTEBOOKS[name], SEED))
    received = run_job(source_job(NOTEBOOKS[name], SEED, ambient=1))
    assert failed == {}
    for question, stream in expected.items():
        assert judge(stream, received[question], 4.0).score == 4.0, question


@pytest.mark.slow("each notebook, run whole")
@pytest.mark.parametrize("name", NAMES)
def test_the_released_stub_earns_nothing(name: str) -> None:
    answers = stubs(NOTEBOOKS[name])
    assert {verdict.score for verdict in verdicts(name, answers).values()} == {0.0}
    failed = visible_failures(name, answers)
    trained = budgeted(NOTEBOOKS[name])
    assert set(failed) == set(test_cells(NOTEBOOKS[name])) | set(trained)
    ends = ("NotImplementedError", "NameError: name 'network'") if trained else ("NotImplementedError",)
    assert all(reason.startswith(ends) for reason in failed.values()), failed


@pytest.mark.slow("each reference, with three seeds and with every null in its place")
@pytest.mark.parametrize("name", NAMES)
def test_the_answers_keep_every_rule(name: str) -> None:
    notebook = NOTEBOOKS[name]
    assert answer_findings(notebook, name) == []
    assert collisions(notebook, name) == []
    assert reference_findings(Reference(notebook), asked_questions(notebook), name) == []


@pytest.mark.slow("each notebook once for each of its questions")
@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_can_be_answered_when_no_other_was(name: str, question: str) -> None:
    notebook = NOTEBOOKS[name]
    answer = INDEPENDENT.get(name, solutions(notebook))[question]
    marks = verdicts(name, stubs(notebook) | {question: answer})
    assert marks.pop(f"test_{question}").matched == len(right_units(name, question))
    assert {verdict.score for verdict in marks.values()} == {0.0}


def right_units(name: str, question: str) -> list[list[int]]:
    return units_of([answer.settings for answer in read_expected(right_answers(name, question))])


@pytest.mark.parametrize("name", NAMES)
def test_each_label_is_used_once_and_is_the_id_of_its_cell(name: str) -> None:
    labels = [(label_of(cell), cell["id"]) for cell in NOTEBOOKS[name]["cells"] if label_of(cell)]
    assert len({label for label, _ in labels}) == len(labels)
    assert all(label == cell_id for label, cell_id in labels)


def of_a_run(notebook: Notebook) -> list[str]:
    """What is asked of a network that a cell with a budget has left, without an answer cell of its own."""
    return ["score"] if budgeted(notebook) else []


@pytest.mark.parametrize("name", NAMES)
def test_a_set_has_six_questions_or_more_and_a_written_one(name: str) -> None:
    notebook = NOTEBOOKS[name]
    assert len(answer_cells(notebook)) >= 6
    assert set(test_cells(notebook)) == {f"test_{name}" for name in [*answer_cells(notebook), *of_a_run(notebook)]}
    written = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown" and label_of(cell)]
    assert len(written) >= 1
    for cell in written:
        assert cell["metadata"]["nbgrader"]["points"] > 0
        assert "Marking guide" in regions(source_of(cell), SOLUTION)[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_of_a_written_answer_is_that_of_its_guide(name: str) -> None:
    cells = {cell["id"]: " ".join(source_of(cell).split()) for cell in NOTEBOOKS[name]["cells"]}
    guides = {label: text for label, text in cells.items() if "**Marking guide**" in text}
    assert guides
    for label, guide in guides.items():
        asked = re.findall(r"[Ii]n about (\d+) words, (\d+) at most", cells[f"{label}-prompt"])
        assert [most for _, most in asked] == re.findall(r"Take off 1 for more than (\d+) words", guide), label
        assert len(asked) == 1, label


@pytest.mark.parametrize("name", NAMES)
def test_the_first_table_adds_up_and_agrees_with_each_question(name: str) -> None:
    notebook = NOTEBOOKS[name]
    rows = [line.split("|") for line in source_of(notebook["cells"][0]).splitlines() if line.startswith("|")][2:]
    promised = {row[2].strip().strip("`"): int(row[3]) for row in rows}
    for question in [*answer_cells(notebook), *of_a_run(notebook)]:
        points = test_cells(notebook)[f"test_{question}"]["metadata"]["nbgrader"]["points"]
        prompt = next(source_of(cell) for cell in notebook["cells"] if cell["id"] == f"{question}-prompt")
        assert promised[question] == points
        assert f"**{points} point{'s' * (points != 1)} ·" in prompt
    assert len(promised) == len(answer_cells(notebook)) + len(of_a_run(notebook)) + 1


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_has_hints_and_visible_and_hidden_tests(name: str, question: str) -> None:
    notebook = NOTEBOOKS[name]
    hints = next(source_of(cell) for cell in notebook["cells"] if cell["id"] == f"{question}-hints")
    assert 2 <= hints.count("<details>") == hints.count("</details>") <= 4
    test = source_of(test_cells(notebook)[f"test_{question}"])
    visible = without(test, HIDDEN, "")
    assert visible.count("assert ") >= 2
    assert len(right_units(name, question)) >= 5
    messages = [line for line in visible.splitlines() if line.startswith("assert ")]
    assert all('"' in line for line in messages), "a visible check says what is wrong"


def test_the_two_mistakes_of_the_written_question_give_its_figures() -> None:
    variants = read_variants(REPOSITORY / "solutions" / "ps5", NOTEBOOKS["ps5"], ["Value"]).misconceptions
    engines: dict[str, Any] = {}
    for variant in variants:
        if variant.name in ("Assigns", "HandsOnTooEarly"):
            names: dict[str, Any] = {}
            exec("import math\n" + variant.source, names)
            engines |= {variant.name: names["Value"], "right": names["Right"]}

    def gradients(engine: Any) -> tuple[float, float]:
        w, v = engine(1.0), engine(0.3)
        u = w**2
        ((u + u**2) * u).backward()
        (v * engine(2.0) + engine(0.1)).tanh().backward()
        return w.grad, v.grad

    (right, once), (assigned, _), (early, _) = found = [
        gradients(engines[name]) for name in ("right", "Assigns", "HandsOnTooEarly")
    ]
    assert {slope for _, slope in found} == {once}  # tanh(wx + b) shows neither
    guide = source_of(next(cell for cell in NOTEBOOKS["ps5"]["cells"] if cell["id"] == "why_backwards"))
    assert f"{assigned:g} instead of {right:g}, if the square is one operation" in " ".join(guide.split())
    assert f"breadth first, {early:g} instead of {right:g}" in " ".join(guide.split())
    prompt = source_of(next(cell for cell in NOTEBOOKS["ps5"]["cells"] if cell["id"] == "why_backwards-prompt"))
    assert f"the gradient by $w$ is {right:g}; the engine's is smaller" in prompt
