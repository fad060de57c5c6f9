"""Wrong values are told how they come from the right ones, in words that show none; right ones are told nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.answers import frames
from autograder.answers.encoding import encode
from autograder.answers.settings import Settings
from autograder.judging.explain import in_words
from autograder.judging.judge import judge

Tensor = torch.Tensor
NAN, INF = math.nan, math.inf


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def says(expected: list[Any], received: list[Any], **settings: Any) -> list[str]:
    """What is said of the wrong answers, each sentence once."""
    asked = [frames.packed(frames.VALUE, encode(value), Settings(**settings)) for value in expected]
    came = [frames.packed(frames.VALUE, encode(value), Settings()) for value in received]
    verdict = in_words(judge(asked, came, 1.0), asked, came)
    return list(dict.fromkeys(answer.says for answer in verdict.answers if answer.outcome != "match"))


X = [numbers(4, 3, seed=1), numbers(5, 2, seed=2), numbers(3, 3, seed=3)]
SQUARES = [numbers(4, 4, seed=1), numbers(3, 3, seed=2), numbers(5, 5, seed=3)]
POSITIVE = [x.abs() for x in X]
SHARES = [torch.softmax(x, 1) for x in X]
MEANS = [float(x.mean()) for x in X]
MASKS = [x > 0 for x in X]

# What is asked for, the mistake, and what is said of it.
RELATIONS: dict[str, tuple[list[Any], Callable[[Any], Any], str]] = {
    "all zero": (X, torch.zeros_like, "all are zero"),
    "all false": (MASKS, torch.zeros_like, "all are false"),
    "each false": ([True, True, True], lambda _: False, "all are false"),
    "all NaN": (X, lambda x: x * NAN, "all are NaN"),
    "masks": (MASKS, lambda x: ~x, "true and false are exchanged"),
    "sign": (X, lambda x: -x, "the sign is wrong"),
    "absolute value": (X, torch.abs, "the sign is lost"),
    "factor": (X, lambda x: 2 * x, "each is 2 times what is asked."),
    "part": (X, lambda x: x / 3, "each is 1/3 of what is asked."),
    "odd factor": (X, lambda x: 1.4427 * x, "each is 1.44 times what is asked."),
    "factor near 1": (X, lambda x: 1.00123 * x, "each is 1.0012 times what is asked."),
    "factor of single numbers": (MEANS, lambda x: 2 * x, "each is 2 times what is asked."),
    "sum for mean": (X, lambda x: x * len(x), "a sum where a mean is asked?"),
    "mean for sum": (X, lambda x: x / len(x), "a mean where a sum is asked"),
    "unbiased": (X, lambda x: x * len(x) / (len(x) - 1), "is n - 1 in the place of n?"),
    "biased": (X, lambda x: x * (len(x) - 1) / len(x), "is n in the place of n - 1?"),
    "unbiased spread": (X, lambda x: x * math.sqrt(len(x) / (len(x) - 1)), "by the root of n / (n - 1)"),
    "factor of each call": (X, lambda x: x * float(x[0, 0]), "each call is right but for a factor of its own"),
    "offset": (X, lambda x: x + 0.37, "each is too large by the same number"),
    "offset of each call": (X, lambda x: x - float(x[0, 0]), "off by the same number, from call to call by another"),
    "square": (X, torch.square, "each is the square of what is asked"),
    "root": (POSITIVE, torch.sqrt, "each is the square root of what is asked"),
    "reciprocal": (X, lambda x: 1 / x, "each is 1 divided by what is asked"),
    "complement": (SHARES, lambda x: 1 - x, "each is 1 minus what is asked"),
    "logarithm missing": (X, torch.exp, "is a logarithm missing?"),
    "exponential missing": (POSITIVE, torch.log, "each is the logarithm of what is asked"),
    "cut at zero": (X, torch.relu, "what is negative has become zero"),
    "rounded": (X, torch.round, "each is rounded to a whole number"),
    "rounded to digits": (X, lambda x: x.round(decimals=2), "each is rounded to 2 digits behind the point"),
    "cut off": (X, torch.trunc, "what is behind the decimal point is cut off"),
    "float32": (X, lambda x: x.float().double(), "computed in float32 on the way"),
    "transposed": (SQUARES, lambda x: x.T.contiguous(), "rows and columns are exchanged"),
    "reshaped": (X, lambda x: x.T.reshape(x.shape), "in the order of other axes"),
    "reversed": (X, lambda x: x.flip(0), "the order along an axis is reversed"),
    "moved": (X, lambda x: x.roll(1, 1), "one place further along an axis"),
    "sorted": (X, lambda x: x.sort(dim=0).values, "they are sorted along an axis"),
    "permuted": ([numbers(6)], lambda x: x[[3, 0, 5, 1, 2, 4]], "the right numbers stand in another order"),
    "rows": (X, lambda x: x * x.sum(1, keepdim=True), "each row is right but for a factor of its own"),
    "columns": (X, lambda x: x * x.sum(0), "each column is right but for a factor of its own"),
    "rows off": (X, lambda x: x - x.mean(1, keepdim=True), "each row is off by a number of its own"),
    "columns off": (X, lambda x: x - x.mean(0), "each column is off by a number of its own"),
    "softmax twice": (SHARES, lambda x: torch.softmax(x, 1), "is softmax applied twice?"),
    "between 0 and 1": (
        [numbers(6, 3), numbers(5, 4)], lambda x: (x - x.amin(0)) / (x.amax(0) - x.amin(0)),
        "each column is right but for a scale and a shift of its own",
    ),
    "scaled rows": (
        [numbers(3, 6), numbers(4, 5)], lambda x: x * x.amax(1, True) + x.amin(1, True),
        "each row is right but for a scale and a shift of its own",
    ),
    "first entry": ([numbers(6)], lambda x: torch.cat([x[:1], x[1:] ** 3 + 0.2]), "right in the first entry"),
    "a list": ([numbers(6).tolist()], lambda x: [2 * v for v in x], "each is 2 times what is asked."),
    "a list's end": ([numbers(6).tolist()], lambda x: [*x[:-1], x[-1] ** 2 + 1], "only in the last entry"),
    "channels": ([numbers(2, 3, 4, 4)], lambda x: x * x.amax((0, 2, 3), True), "each column is right but for a factor"),
    "one number": (X, lambda x: torch.full_like(x, 0.5), "all of a call are the same number"),
    "broadcast rows": (X, lambda x: x.mean(0).expand_as(x), "all rows are the same"),
    "broadcast columns": (X, lambda x: x.mean(1, keepdim=True).expand_as(x), "all columns are the same"),
    "NaN": (X, lambda x: (1.3 * x * x + 1).where(x != x[0, 0], torch.tensor(NAN)), "there is NaN where a number"),
    "infinity": (X, lambda x: (1.3 * x * x + 1).where(x != x[0, 0], torch.tensor(INF)), "there is an infinity where"),
    "no shares": (SHARES, lambda x: x**2 + 0.1, "each row of what is asked sums to 1"),
    "first row": (X, lambda x: torch.cat([x[:1], x[1:] ** 3 + 0.2]), "right in the first row alone"),
    "last column": (X, lambda x: torch.cat([x[:, :-1], x[:, -1:] ** 2 - 1], 1), "only in the last column"),
    "diagonal": (SQUARES, lambda x: x + torch.diag(x.diag() ** 2), "only on the diagonal"),
    "cut to the diagonal": (SQUARES, lambda x: x.diag().diag(), "only off the diagonal: of those, all are zero"),
    "an epsilon": (POSITIVE, lambda x: x / (1 + 1e-4 / x.square()) ** 0.5 * (1 + 1e-5 * x), "is precision lost"),
}  # fmt: skip


@pytest.mark.parametrize("name", RELATIONS)
def test_a_relation_is_named(name: str) -> None:
    asked, mistake, said = RELATIONS[name]
    (sentence,) = says(asked, [mistake(value) for value in asked], rtol=1e-9, atol=1e-12)
    assert said in sentence
    assert sentence.startswith("The values are not what is asked for: ")
    assert sentence.endswith((".", "?"))
    assert "?." not in sentence


def test_a_relation_holds_of_all_wrong_answers_or_is_not_named() -> None:
    half = [-X[0], X[1] * 2 - X[1] ** 2, X[2]]
    (sentence,) = says(X, half)
    assert "sign" not in sentence


def test_what_is_right_is_told_nothing() -> None:
    assert says(X, X) == []
    symmetric = [x @ x.T for x in SQUARES]
    assert says(symmetric, [x.T.contiguous() for x in symmetric]) == []


def test_no_number_that_a_submission_chooses_shows_one_that_is_asked_for() -> None:
    """Whoever answers a constant learns what is asked from no factor and no distance."""
    for asked in ([torch.tensor([3.25])], [3.25, 3.25, 3.25], [torch.full((4, 3), 3.25)], [7, 7, 7]):
        for answer in (1.0, 2.0, 13.0, 0.25):
            came = [
                torch.full_like(value, answer) if isinstance(value, Tensor) else type(value)(answer) for value in asked
            ]
            for sentence in says(asked, came):
                assert not re.search(r"\d{2}|[3-9]\.|[3-9] times", sentence), sentence


def test_an_argument_that_was_given_is_recognised() -> None:
    given = [numbers(4, 3, seed=9), numbers(5, 2, seed=8), numbers(3, 3, seed=7)]
    asked = [(x, (g, {})) for x, g in zip(X, given, strict=True)]

    def told(mistake: Callable[[Tensor, Tensor], Tensor]) -> str:
        (sentence,) = says(asked, [(mistake(x, g), (g, {})) for x, g in zip(X, given, strict=True)], returns="both")
        return sentence

    assert "what was given comes back unchanged" in told(lambda x, g: g)
    assert "add up to something that was given" in told(lambda x, g: g - x)
    assert "each is multiplied by something that was given" in told(lambda x, g: x * g)
    changed = [(x, (g + 1, {})) for x, g in zip(X, given, strict=True)]
    assert says(asked, changed, returns="both") == ["Your function changed what it was given; let it work on a copy."]


def test_the_answer_of_the_call_before_is_recognised() -> None:
    asked = [numbers(3, 2, seed=seed) for seed in range(3)]
    assert "what the call before had given" in says(asked, [asked[0]] * 3)[0]
    assert "what the call before gave is added" in says(asked, [asked[0], asked[0] + asked[1], sum(asked)])[0]


def test_the_kind_of_call_is_told_where_the_right_ones_are_of_another() -> None:
    asked = [numbers(1, 3), numbers(4, 3), numbers(5, 2), numbers(1, 4)]
    wrong = [asked[0] ** 2, asked[1], asked[2], asked[3] ** 2]
    assert says(asked, wrong) == [
        "The values are not what is asked for: each is the square of what is asked. "
        "It is so only where a single row is given."
    ]
    (mostly,) = says([*asked[:3], X[0]], [asked[0], *(x**2 for x in (*asked[1:3], X[0]))])
    assert mostly.endswith("It is right only where a single row is given.")


def test_parts_of_a_result_are_named_as_students_know_them_and_no_entry_by_its_number() -> None:
    asked = [(x, x.sum(0)) for x in X]
    wrong = [(x, -x.sum(0)) for x in X]
    assert says(asked, wrong, parts=("dX", "db")) == ["The values are not what is asked for: in db, the sign is wrong."]
    wrong = [(-x, -x.sum(0)) for x in X]
    assert says(asked, wrong, parts=("dX", "db")) == ["The values are not what is asked for: the sign is wrong."]
    (mixed,) = says([(x, 2 * x) for x in X], [(-x, x) for x in X], parts=("dX", "dW"))
    assert (
        mixed == "The values are not what is asked for: in dX, the sign is wrong; in dW, each is 1/2 of what is asked."
    )
    (typed,) = says([(x, 1.0) for x in X], [(x, "1") for x in X], parts=("dX", "the loss"))
    assert typed == "In the loss: A float is asked for; yours is a string."
    (nameless,) = says([[1, (2, 3)]], [[1, (2, "3")]])
    assert nameless == "In one of several results: An int is asked for; yours is a string."


def test_what_a_hidden_test_notes_of_an_exception_or_a_type_is_said_in_the_students_terms() -> None:
    for asked, came, said in (
        ("ValueError", (3, 4), "ValueError should be raised; yours returned a tuple."),
        ("ValueError", "TypeError", "ValueError should be raised; yours ends with TypeError."),
        ((3, 4), "ValueError", "Your function ended with ValueError where a tuple is asked for."),
        ("tuple", "list", "The type should be tuple; yours is list."),
        ("tuple", "<b>mine</b>", "The type should be tuple; yours is another."),
    ):
        assert says([asked], [came]) == [said]
        assert says([[asked]], [[came]]) == [f"In one of several results: {said}"]


def test_large_answers_are_not_compared_any_further() -> None:
    (sentence,) = says([np.zeros(300_000)], [np.ones(300_000)])
    assert sentence == "Type and shape are right, the values differ from what is asked for."
