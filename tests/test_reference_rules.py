"""A problem set whose answers prove nothing is not released: rules that run the reference, and rules that read it."""

from __future__ import annotations

from typing import Any

import pytest
from answering import InProcess

from autograder.assignment.asked import Asked, asked_questions, hidden_source
from autograder.authoring.answer_lint import answer_findings, region_findings
from autograder.authoring.nulls import STUB, null_preludes
from autograder.authoring.reference import reference_findings

WHERE = "solutions/ps9/ps9.ipynb"
IMPORTS = "from autograder.answers import answer, answer_accuracy, cases\nimport torch\n"


def findings(solution: str, test: str, tested: tuple[str, ...] = ("f",)) -> list[str]:
    """What the rules say about one question."""
    stub = "".join(f"def {name}(*given, **named):\n    raise NotImplementedError\n" for name in tested)
    run = InProcess({"q": ("import torch\n" + solution, IMPORTS + test)})
    return reference_findings(run, [Asked("q", tested, stub)], WHERE)


def found(solution: str, test: str, *words: str, tested: tuple[str, ...] = ("f",)) -> bool:
    """Whether there is a finding, each says where, and one has all `words`."""
    all_findings = findings(solution, test, tested)
    assert all(finding.startswith(f"{WHERE}, question q") and ";" in finding for finding in all_findings)
    return any(all(word in finding for word in words) for finding in all_findings)


SOFTMAX = "def f(X): return torch.softmax(X, dim=1)"
GOOD = {
    "softmax": (SOFTMAX, "for X in cases.logits(n=4): answer(f, X)"),
    "softmax with edges": (
        SOFTMAX,
        "for X in cases.logits(n=3): answer(f, X, group='shapes')\n"
        "for X in cases.logits(n=1, classes=1) + cases.logits(n=1, rows=0): answer(f, X, group='shapes')",
    ),
    "an exception among numbers": (
        "def f(n):\n    if n < 0: raise ValueError\n    return n * n",
        "answer(f, -1, raises=ValueError, group='g')\nanswer(f, cases.integer(3, 999), group='g')",
    ),
    "a batch of yes and no": (
        "def f(x): return x > 0",
        "for i in range(40): answer(f, cases.number(-1, 1), group='all')",
    ),
    "a mask": ("def f(X): return X > 0", "answer(f, *cases.tensors(30, n=1))"),
    "in place": ("def f(X): X.mul_(2)", "answer(f, *cases.tensors(5, n=1), returns='arguments')"),
    "arguments left alone": ("def f(X): return X * 2", "answer(f, *cases.tensors(5, n=1), returns='both')"),
    "dropout of given noise": (
        "def f(X, U): return X * (U > 0.5)",
        "answer(f, *cases.tensors(30, n=1), cases.uniform(30))",
    ),
    "a statistic of random numbers": (
        "def f(X): return torch.nn.functional.dropout(X)",
        "def statistics(x):\n    y = f(torch.full((9999,), x))\n    return y.mean(), (y == 0).float().mean()\n"
        "answer(statistics, cases.number(5, 9), atol=0.3)",
    ),
    "a class": (
        "class f(torch.nn.Module):\n    def __init__(self, k):\n        super().__init__()\n        self.k = k\n"
        "    def forward(self, X): return X * self.k",
        "answer(f(cases.number(2, 3)), *cases.tensors(4, n=1))",
    ),
    "a method that works by its effect": (
        "class f:\n    def __init__(self, given): self.given = given\n    def step(self): self.given[0] *= 2",
        "def after(x):\n    given = [x]\n    f(given).step()\n    return given[0]\nanswer(after, cases.number(2, 3))",
    ),
    "few steps": (
        "def f(x):\n    w = torch.zeros(1, requires_grad=True)\n    o = torch.optim.SGD([w], lr=0.1)\n"
        "    for _ in range(10):\n        o.zero_grad()\n        (w - x).square().sum().backward()\n        o.step()\n"
        "    return w",
        "answer(f, cases.number(1, 2))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_answers_that_prove_something_pass(name: str) -> None:
    assert findings(*GOOD[name]) == []


def test_an_answer_that_is_the_same_with_three_seeds_is_refused_unless_grouped_with_one_that_varies() -> None:
    constant = "answer(f, torch.tensor([[1.0, 2.0]]){})\n"
    assert found(SOFTMAX, constant.format(""), "answer 1: equal with three seeds")
    assert found(
        SOFTMAX, "for X in cases.logits(2, 3, 1): answer(f, X, group='g')", "group 'g' (answers 1, 2)", "equal"
    )
    together = constant.format(", group='g'") + "for X in cases.logits(n=2): answer(f, X, group='g')"
    assert findings(SOFTMAX, together) == []
    assert found("def f(X): return X.shape", "answer(f, *cases.tensors(3, n=1))", "equal with three seeds")
    within = "answer(lambda x: 5 + x * 1e-9, cases.number())"
    assert found("def f(x): return x", within, "equal with three seeds")
    unchanged = "answer(f, *cases.tensors(3, n=1), returns='both')"
    assert found("def f(X): return 7.5", unchanged, "equal with three seeds")


def test_an_answer_that_follows_luck_is_refused() -> None:
    dropout = "def f(X): return torch.nn.functional.dropout(X)"
    assert found(dropout, "answer(f, *cases.tensors(30, n=1))", "answer 1", "function of given noise")
    shuffled = (
        "def f(X):\n    loader = torch.utils.data.DataLoader(X, batch_size=2, shuffle=True)\n"
        "    return [batch.sum() for batch in loader]"
    )
    assert found(shuffled, "answer(f, *cases.tensors(30, n=1))", "statistic")
    assert found("import random\ndef f(): return random.random()", "answer(f)", "other random numbers")
    assert found("import numpy\ndef f(): return numpy.random.rand(3)", "answer(f)", "other random numbers")


def test_long_training_is_refused_unless_judged_by_predictions() -> None:
    solution, test = GOOD["few steps"]
    assert found(solution.replace("range(10)", "range(11)"), test, "11 optimiser steps", "answer_accuracy")


def test_an_exception_must_be_announced_and_come() -> None:
    test = "answer(f, cases.number())\n"
    assert found("def f(x): raise KeyError", test, "ends with KeyError", "raises=KeyError")
    assert found("def f(x): return x * 2", test.replace("())", "(), raises=ValueError)"), "says raises=ValueError")


def test_a_lone_yes_or_no_is_refused() -> None:
    positive = "def f(x): return x > 0"
    one = "answer(f, cases.number(-1, 1))"
    assert found(positive, one, "answer 1: only 1 yes/no value,", "group=")
    assert found(positive, "for _ in range(7): answer(f, cases.number(-1, 1), group='g')", "only 7 yes/no values")
    always = "for _ in range(20): answer(f, cases.number(1, 2), group='g')"
    assert found(positive, always, "yes and no")
    assert found("def f(X): return X > 0", "answer(f, *cases.tensors(3, n=1))", "only 3 yes/no values")
    mixed = "answer(lambda x: (f(x), x * 3), cases.number(-1, 1))"
    assert not found(positive, mixed, "yes/no")


@pytest.mark.parametrize(("null", "solution", "test"), [
    ("returns None", "def f(x):\n    x * 2", "answer(f, 1)\nanswer(lambda x: x, cases.number())"),
    ("returns True", "def f(x): return x < 2", "for _ in range(9): answer(f, cases.number(), group='g')"),
    ("returns False", "def f(x): return x > 2", "for _ in range(9): answer(f, cases.number(), group='g')"),
    ("returns 0.0", "def f(x): return x * 0", "answer(f, cases.number())"),
    ("returns 1.0", "def f(x): return x / x", "answer(f, cases.number())"),
    ("returns 0", "def f(n): return n % 1", "answer(f, cases.integer(1, 99))"),
    ("returns 1", "def f(n): return n // n", "answer(f, cases.integer(1, 99))"),
    ("its first argument", "def f(X): return X.abs()", "answer(f, cases.uniform(5))"),
    ("zeros like its first argument", "def f(X): return X - X", "answer(f, *cases.tensors((2, 9), n=1))"),
    ("zeros like the right answer", "def f(X): return X[:-1] * 0", "answer(f, *cases.tensors((2, 99), n=1))"),
    ("ones like the right answer", "def f(X): return X[:-1] ** 0", "answer(f, *cases.tensors((2, 99), n=1))"),
])  # fmt: skip
def test_an_answer_that_computes_nothing_earns_nothing(null: str, solution: str, test: str) -> None:
    assert found(solution, test, null, "earns it")


def test_the_stub_earns_nothing() -> None:
    test = "answer(f, cases.number(), raises=NotImplementedError)"
    assert found("def f(x): raise NotImplementedError", test, STUB, "earns it")
    own = "answer(lambda x: x * 3, cases.number())"
    assert found("def f(x): return x", own, STUB, "answer 1")


def test_a_class_that_computes_nothing_earns_nothing() -> None:
    solution = (
        "class Same(torch.nn.Module):\n    def forward(self, X): return X\n    def zeros(self, X): return X[1:] * 0\n"
    )
    assert found(solution, "answer(Same(), *cases.tensors(3, n=1))", "its first argument", tested=("Same",))
    zeros = "answer(lambda X: Same().zeros(X), *cases.tensors((3, 99), n=1))"
    assert found(solution, zeros, "zeros like the right answer", tested=("Same",))


def test_a_method_that_computes_nothing_leaves_its_object_alone() -> None:
    solution = "class Sum:\n    total = 0.0\n    def add(self, x): self.total += x\n"
    test = "def total(x):\n    s = Sum()\n    s.add(x)\n    return s.total\nanswer(total, cases.number(1, 2))"
    assert not found(solution, test, "earns it", tested=("Sum",))


def test_one_answer_of_several_that_proves_nothing_is_named() -> None:
    test = "answer(f, *cases.tensors(3, n=1))\nanswer(f, cases.uniform(3))"
    all_findings = findings("def f(X): return X.abs()", test)
    assert len(all_findings) == 1
    assert "answer 2: a function that returns its first argument earns it" in all_findings[0]


def test_a_reference_that_stops_or_asks_nothing_or_differently_is_refused() -> None:
    assert found("def f(x): return x", "answer(f, cases.number())\n1 / 0", "ended with ZeroDivisionError")
    assert found("def f(x): return x", "pass", "answered nothing")
    assert found("def f(x): return 1j", "answer(f, 1)", "complex")
    varying = "for _ in range(cases.integer(1, 9)): answer(f, cases.number())"
    assert found("def f(x): return x + 1", varying, "ask the same ones")


def test_predictions_are_held_to_what_the_reference_reaches() -> None:
    test = "answer_accuracy(f, cases.held_out_images(40), at_least=0.5)"
    assert found("def f(X): return [0] * len(X)", test, "the reference itself does not earn it")


def test_every_null_is_python_that_runs_where_the_names_are_missing() -> None:
    for label, source in null_preludes(("f", "g"), "def f(): raise NotImplementedError").items():
        names: dict[str, Any] = {"g": lambda x: x + 1}
        exec(compile(source, label, "exec"), names)


# The lint


def cell(kind: str, source: str, label: str) -> dict[str, Any]:
    metadata = {"grade": kind == "test", "solution": kind == "answer", "grade_id": label, "points": 2}
    return {
        "cell_type": "markdown" if kind == "text" else "code",
        "id": label,
        "metadata": {"nbgrader": metadata} if kind in ("test", "answer") else {},
        "source": source,
    }


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def graded(hidden: str, label: str = "test_f") -> dict[str, Any]:
    return cell("test", f"assert f(1) == 2\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS", label)


ANSWER = cell("answer", "def f(x):\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION", "f")
REGION = "from autograder.answers import answer, cases\nfor _ in range(3):\n    answer(f, cases.number())"


def test_a_hidden_region_that_answers_passes_the_lint() -> None:
    assert answer_findings(notebook(ANSWER, graded(REGION)), WHERE) == []


@pytest.mark.parametrize(("region", "words"), [
    ("x = f(1)", "answers nothing"),
    ("def answer(*given): pass\nanswer(f, 1)", "does not import answer"),
    (REGION + "\nassert f(1) == 2", "line 4 of its hidden test asserts"),
    (REGION + "\nimport numpy as np\nnp.testing.assert_allclose(f(1), 2)", "calls assert_allclose"),
    (REGION + "\n%time f(1)", "not plain Python (line 4"),
    (REGION + "\n!ls", "not plain Python"),
    (REGION + "\nimport torch\ntorch.manual_seed(0)", "calls manual_seed"),
    (REGION + "\nanswer(lambda: f(1) == 2)", "one yes or no"),
    (REGION + "\nanswer(lambda: not f(1))", "one yes or no"),
    (REGION + "\nanswer(lambda x: isinstance(f(x), int), 1)", "one yes or no"),
    (REGION + "\nanswer(lambda x: torch.equal(f(x), x), 1)", "one yes or no"),
    (REGION + "\nanswer(isinstance, f(1), int)", "one yes or no"),
])  # fmt: skip
def test_the_lint_names_file_cell_and_cure(region: str, words: str) -> None:
    all_findings = answer_findings(notebook(ANSWER, graded(region)), WHERE)
    assert len(all_findings) == 1
    assert all_findings[0].startswith(f"{WHERE}, cell 2 (test_f): ")
    assert words in all_findings[0]


def test_yes_or_no_in_a_group_passes_the_lint() -> None:
    assert list(region_findings(REGION + "\nanswer(lambda: f(1) == 2, group='g')")) == []


def test_a_later_cell_may_not_use_what_only_a_hidden_region_sets() -> None:
    region = "import numpy as np\n" + REGION + "\nlast = 1"
    for later in (cell("code", "print(np.pi)", "later"), graded("print(last)\n" + REGION, "later")):
        all_findings = answer_findings(notebook(ANSWER, graded(region), later), WHERE)
        assert len(all_findings) == 1
        assert "cell 3 (later): uses " in all_findings[0]
        assert "test_f" in all_findings[0]
    own = cell("code", "import numpy as np\nprint(np.pi)", "later")
    assert answer_findings(notebook(ANSWER, graded(region), own), WHERE) == []
    before = cell("code", "%matplotlib inline\nimport numpy as np", "imports")
    assert answer_findings(notebook(before, ANSWER, graded(region), cell("code", "print(np.pi)", "l")), WHERE) == []


def test_a_hidden_region_makes_its_own_data_loader() -> None:
    makes = cell("code", "batches = torch.utils.data.DataLoader([1, 2])\ndata = [1]", "data")
    borrows = REGION + "\nanswer(f, next(iter(batches)))"
    all_findings = answer_findings(notebook(makes, ANSWER, graded(borrows)), WHERE)
    assert len(all_findings) == 1
    assert "draws from 'batches'" in all_findings[0]
    own = REGION + "\nbatches = torch.utils.data.DataLoader([1, 2])\nanswer(f, next(iter(batches)))"
    assert answer_findings(notebook(makes, ANSWER, graded(own + "\nprint(data)")), WHERE) == []


def test_the_questions_of_a_notebook_know_what_they_test() -> None:
    other = cell("answer", "import torch\nclass Net:\n    pass\ndef build():\n    pass", "net")
    both = graded("answer(f, Net())", "test_both")
    last = graded("answer(f, 2)", "test_last")
    questions = asked_questions(notebook(ANSWER, graded(REGION), other, both, last))
    assert [(question.name, question.tested) for question in questions] == [
        ("test_f", ("f",)), ("test_both", ("Net", "build")), ("test_last", ("f",)),
    ]  # fmt: skip
    assert questions[0].stub == "def f(x):\n    raise NotImplementedError"
    assert hidden_source(graded(REGION)) == REGION
