"""What a student reads of a question: each way in which its hidden tests can end has a sentence of its own."""

from __future__ import annotations

import pytest

from autograder.judging.judge import AnswerVerdict, Verdict
from autograder.judging.verdict_text import verdict_text
from autograder.records.execution import Limits, QuestionResult

LIMITS = Limits(question_seconds=7)
RIGHT = AnswerVerdict(1, None, "match", "")


def text(
    *answers: AnswerVerdict,
    state: str = "done",
    stopped: str | None = None,
    matched: int = 1,
    asked: int = 2,
    edges: tuple[str, ...] = (),
) -> str:
    has_rule = bool(edges)
    verdict = Verdict(matched / asked, 1.0, matched, asked, answers, stopped, has_rule=has_rule, edges=edges)
    return verdict_text(verdict, QuestionResult("q", state=state), LIMITS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("timeout", "stopped after 7 seconds: is there an endless loop?"),
        ("killed", "Python ended while the hidden tests ran"),
        ("too much", "your functions returned too much data"),
        ("not judged", "took too long to be compared"),
        ("not reached", "the notebook did not get as far as this cell"),
    ],
)
def test_each_end_is_told_apart(state: str, says: str) -> None:
    assert says in text(RIGHT, state=state)
    assert says not in text(RIGHT)


def test_a_test_that_an_exception_ended_names_it() -> None:
    assert "is everything defined under the name that is asked for?" in text(RIGHT, stopped="NameError")
    assert "The hidden tests ended early, with" in text(RIGHT, stopped="ValueError")


def test_of_many_kinds_of_wrong_answers_six_are_told() -> None:
    wrong = [AnswerVerdict(number, None, "differs", f"It differs in way {number}.") for number in range(8)]
    said = text(*wrong, matched=0, asked=8)
    assert said.count("It differs in way") == 6
    assert "- and more of other kinds" in said


def test_of_many_exceptions_one_is_named() -> None:
    names = ("TypeError", "ValueError", "KeyError")
    said = text(*[AnswerVerdict(1, None, "exception", f"It ended with a {name}.") for name in names], matched=0)
    assert sum(name in said for name in names) == 1
    assert "Others ended with other exceptions." in said


def test_of_accuracies_that_are_not_reached_the_next_one_is_told_and_no_rule_is_called_wrong() -> None:
    says = "82.2% of the unseen images are right; {}% are asked for."
    steps = [AnswerVerdict(n, str(n), "differs", says.format(n), "accuracy") for n in (88, 85, 90)]
    for edges in ((), ("88", "90")):
        assert text(RIGHT, *steps, asked=4, edges=edges).splitlines()[1:] == [f"- {says.format(85)}"]
    other = AnswerVerdict(2, None, "differs", "It is no tensor.")
    assert "What is wrong is the rule itself" in text(RIGHT, other, *steps, asked=5)


def test_groups_and_surplus_answers_are_said() -> None:
    missed = AnswerVerdict(2, "one row", "missing", "")
    assert "Right but for what lies at the edge: one row." in text(RIGHT, missed, edges=("one row",))
    assert "Not all was answered" in text(RIGHT, missed)
    assert "count only together with others" in text(RIGHT, missed)
    assert "There were more answers than questions." in text(RIGHT, AnswerVerdict(3, None, "extra", ""))
