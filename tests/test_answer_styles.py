"""Styles × questions: what a visible check accepts, the hidden tests accept, in every problem set."""

from __future__ import annotations

import functools
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import in_process
import pytest
from answer_styles import Kept, Styled

from autograder.answers.stream import run_test
from autograder.assignment.asked import asked_questions
from autograder.assignment.jobs import source_job
from autograder.course import Course
from autograder.judging.judge import judge
from autograder.records.execution import CodeCell

pytestmark = pytest.mark.slow("every question in every style")

PROBLEM_SETS = Course.from_environment().problem_sets()
# What no prompt decides: these are right wherever they occur.
ALWAYS_RIGHT = {
    "np.float64 for a float", "a tensor's item for a float", "every third entry of a longer tensor", "a diagonal",
    "a tensor with its dimensions laid out backwards", "a column of something wider", "a negated view",
    "a reversed array", "an array in Fortran's order", "an ordered dict", "a dict with a default",
    "np.str_ for a string",
}  # fmt: skip


# Objects of the student's own, or None: there is nothing to keep otherwise.
GIVES_NOTHING = {"test_Value", "test_SGD", "test_Momentum", "test_RMSProp", "test_Adam", "test_AdamW"}
GIVES_NOTHING |= {"test_build_network"}
GIVES_NOTHING_IN = {"ps8": {"test_train"}}  # questions of that name in other sets do


@dataclass(frozen=True)
class Outcome:
    """How a question fares in a style: why its visible lines fail ("" when they pass), and the share of its marks."""

    visible: str
    share: float
    says: tuple[str, ...]


@functools.cache
def outcomes(problem_set: str, only: str = "") -> dict[tuple[str, str], Outcome]:
    """By question and style, or of one question alone; styles that change nothing in its results are left out."""
    notebook = in_process.source_notebook(problem_set)
    job = source_job(notebook, in_process.SEED)
    tested = {question.name: question.tested for question in asked_questions(notebook)}
    tests = {question.name: question for question in job.questions}
    found = {}
    names: dict[str, Any] = {"__name__": "__main__"}

    def asked(cell: CodeCell, styled: Styled) -> tuple[str, list[bytes]]:
        """Why the visible lines of a test cell fail, and the answers to its hidden ones."""
        assert cell.question is not None
        before = dict(names)
        names.update({name: styled.of(names[name]) for name in tested[cell.question]})
        visible = ""
        try:
            in_process.run(cell.source, dict(names))
        except Exception as error:
            visible = f"{type(error).__name__}: {error}"
        received: list[bytes] = []
        test = tests[cell.question]
        run_test(test.test, names, job.seed, received.append, question=test.drawn_as, prelude=test.prelude)
        names.clear()
        names.update(before)
        return visible, received

    with redirect_stdout(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in job.cells:
            if cell.question and only in ("", cell.question):
                kept = Kept()
                _, expected = asked(cell, kept)
                for style in kept.styles():
                    styled = Styled(style)
                    visible, received = asked(cell, styled)
                    assert styled.times, (cell.question, style)
                    verdict = judge(expected, received, 1.0)
                    says = tuple(answer.says for answer in verdict.answers if answer.outcome != "match")
                    found[cell.question, style] = Outcome(visible, verdict.score, says[:2])
            in_process.run(cell.source, names)
    return found


@pytest.mark.parametrize("problem_set", PROBLEM_SETS)
def test_what_a_visible_check_accepts_the_hidden_tests_accept(problem_set: str) -> None:
    lost = {place: one for place, one in outcomes(problem_set).items() if not one.visible and one.share < 1}
    assert lost == {}


@pytest.mark.parametrize("problem_set", PROBLEM_SETS)
def test_a_visible_check_that_fails_never_goes_with_full_marks(problem_set: str) -> None:
    strict = {place: one for place, one in outcomes(problem_set).items() if one.visible and one.share == 1}
    assert strict == {}


@pytest.mark.parametrize("problem_set", PROBLEM_SETS)
def test_what_no_prompt_decides_is_accepted(problem_set: str) -> None:
    found = {place: one for place, one in outcomes(problem_set).items() if place[1] in ALWAYS_RIGHT}
    assert {place: one for place, one in found.items() if one.visible or one.share < 1} == {}


@pytest.mark.parametrize("problem_set", PROBLEM_SETS)
def test_every_question_is_asked_in_some_styles(problem_set: str) -> None:
    asked = {question for question, _ in outcomes(problem_set)}
    without = GIVES_NOTHING | GIVES_NOTHING_IN.get(problem_set, set())
    assert asked == set(in_process.test_cells(in_process.source_notebook(problem_set))) - without


def test_a_visible_check_that_is_laxer_than_the_hidden_tests_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table would tell: without the check of dtypes, an answer in the wrong one passes what can be seen."""
    place = "test_softmax", "double precision"
    assert outcomes("ps4", only="test_softmax")[place].visible
    monkeypatch.setattr("gradus.check.keeps_dtype", lambda *_, **__: None)
    outcomes.cache_clear()
    laxer = outcomes("ps4", only="test_softmax")[place]
    outcomes.cache_clear()
    assert not laxer.visible
    assert laxer.share < 1
