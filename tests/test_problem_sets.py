"""The problem sets mark fairly: right answers earn everything, others nothing, and each question stands on its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from in_process import answer_cells, failures, label_of, namespace, run, source_notebook, test_cells

from autograder.course import REPOSITORY, Course
from autograder.regions import HIDDEN, SOLUTION, regions, without
from autograder.sample_class import compact
from gradus.notebooks import Notebook, source_of

NAMES = Course(REPOSITORY).problem_sets()
NOTEBOOKS = {name: source_notebook(name) for name in NAMES}
# Solutions that use none of the others, for the sets whose reference builds each answer on the ones before.
INDEPENDENT = {"ps4": {name: inspect.getsource(getattr(compact, name)) for name in answer_cells(NOTEBOOKS["ps4"])}}
QUESTIONS = [(name, question) for name in NAMES for question in answer_cells(NOTEBOOKS[name])]


def solutions(notebook: Notebook) -> dict[str, str]:
    return {question: source_of(cell) for question, cell in answer_cells(notebook).items()}


def stubs(notebook: Notebook) -> dict[str, str]:
    return {name: without(text, SOLUTION, "raise NotImplementedError") for name, text in solutions(notebook).items()}


def outcome(name: str, question: str, answer: Callable[..., Any]) -> str:
    """Why `answer` fails the hidden tests of a question; "" when it passes."""
    notebook = NOTEBOOKS[name]
    names = namespace(notebook) | {question: answer}
    try:
        run(regions(source_of(test_cells(notebook)[f"test_{question}"]), HIDDEN)[0], names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_earns_all_marks(name: str) -> None:
    assert failures(NOTEBOOKS[name], solutions(NOTEBOOKS[name])) == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_released_stub_earns_nothing(name: str) -> None:
    notebook = NOTEBOOKS[name]
    failed = failures(notebook, stubs(notebook))
    assert set(failed) == set(test_cells(notebook))
    assert all(reason.startswith("NotImplementedError") for reason in failed.values()), failed


def like(value: Any, fill: float) -> Any:
    """`value` with all of its numbers replaced."""
    if isinstance(value, tuple):
        return tuple(like(entry, fill) for entry in value)
    return torch.full_like(value, fill) if isinstance(value, torch.Tensor) else type(value)(fill)


NULLS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "None": lambda right: lambda *given, **named: None,
    "True": lambda right: lambda *given, **named: True,
    "the first argument": lambda right: lambda *given, **named: given[0],
    "0": lambda right: lambda *given, **named: 0.0,
    "1": lambda right: lambda *given, **named: 1.0,
    "zeros of the right shape": lambda right: lambda *given, **named: like(right(*given, **named), 0),
    "ones of the right shape": lambda right: lambda *given, **named: like(right(*given, **named), 1),
    "zeros shaped as the first argument": lambda right: lambda *given, **named: like(given[0], 0),
}


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_hidden_tests_alone_refuse_what_computes_nothing(name: str, question: str) -> None:
    names = namespace(NOTEBOOKS[name])
    for source in solutions(NOTEBOOKS[name]).values():
        run(source, names)
    right = names[question]
    for null, make in NULLS.items():
        assert outcome(name, question, make(right)), f"{question} that returns {null} passes"


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_can_be_answered_when_no_other_was(name: str, question: str) -> None:
    notebook = NOTEBOOKS[name]
    answer = INDEPENDENT.get(name, solutions(notebook))[question]
    failed = failures(notebook, stubs(notebook) | {question: answer})
    assert set(failed) == set(test_cells(notebook)) - {f"test_{question}"}


@pytest.mark.parametrize("name", NAMES)
def test_each_label_is_used_once_and_is_the_id_of_its_cell(name: str) -> None:
    labels = [(label_of(cell), cell["id"]) for cell in NOTEBOOKS[name]["cells"] if label_of(cell)]
    assert len({label for label, _ in labels}) == len(labels)
    assert all(label == cell_id for label, cell_id in labels)


@pytest.mark.parametrize("name", NAMES)
def test_a_set_has_six_questions_or_more_and_a_written_one(name: str) -> None:
    notebook = NOTEBOOKS[name]
    assert len(answer_cells(notebook)) >= 6
    assert set(test_cells(notebook)) == {f"test_{question}" for question in answer_cells(notebook)}
    written = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown" and label_of(cell)]
    assert len(written) >= 1
    for cell in written:
        assert cell["metadata"]["nbgrader"]["points"] > 0
        assert "Marking guide" in regions(source_of(cell), SOLUTION)[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_table_adds_up_and_agrees_with_each_question(name: str) -> None:
    notebook = NOTEBOOKS[name]
    rows = [line.split("|") for line in source_of(notebook["cells"][0]).splitlines() if line.startswith("|")][2:]
    promised = {row[2].strip().strip("`"): int(row[3]) for row in rows}
    for question in answer_cells(notebook):
        points = test_cells(notebook)[f"test_{question}"]["metadata"]["nbgrader"]["points"]
        prompt = next(source_of(cell) for cell in notebook["cells"] if cell["id"] == f"{question}-prompt")
        assert promised[question] == points
        assert f"**{points} point{'s' * (points != 1)} ·" in prompt
    assert len(promised) == len(answer_cells(notebook)) + 1


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_has_hints_and_visible_and_hidden_tests(name: str, question: str) -> None:
    notebook = NOTEBOOKS[name]
    hints = next(source_of(cell) for cell in notebook["cells"] if cell["id"] == f"{question}-hints")
    assert 2 <= hints.count("<details>") == hints.count("</details>") <= 4
    test = source_of(test_cells(notebook)[f"test_{question}"])
    visible = without(test, HIDDEN, "")
    assert visible.count("assert ") >= 2
    assert "assert" in regions(test, HIDDEN)[0]
    messages = [line for line in visible.splitlines() if line.startswith("assert ")]
    assert all('"' in line for line in messages), "a visible check says what is wrong"


def test_the_reference_gradient_is_that_of_autograd() -> None:
    names = namespace(NOTEBOOKS["ps4"])
    for source in solutions(NOTEBOOKS["ps4"]).values():
        run(source, names)
    logits = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = torch.tensor([0, 1, 2, 3, 0, 1])
    (expected,) = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, y), logits)
    torch.testing.assert_close(names["cross_entropy_grad"](logits.detach(), y), expected)
