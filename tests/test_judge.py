"""The judge: exact types, tolerance from the reference's side, marks by share, words that give nothing away."""

from __future__ import annotations

import builtins
import math
import random
from typing import Any

import numpy as np
import pytest
import torch
from answering import frames_of, verdict_of

from autograder.answers import frames
from autograder.answers.encoding import encode
from autograder.answers.settings import EXCEPTIONS, Settings
from autograder.judging.compare import difference
from autograder.judging.judge import SAID, JudgeError, Verdict, judge
from autograder.judging.verdict_text import verdict_text
from autograder.records.execution import Limits, QuestionResult

NAN, INF = math.nan, math.inf
ASK = "from autograder.answers import answer, cases\nimport torch\n"


def frame(value: Any, **settings: Any) -> bytes:
    return frames.packed(frames.VALUE, encode(value), Settings(**settings))


def raised(name: str, **settings: Any) -> bytes:
    return frames.packed_name(frames.EXCEPTION, name, Settings(**settings))


def stopped(name: str = "ValueError") -> bytes:
    return frames.packed_name(frames.STOPPED, name, Settings())


def one(expected: Any, received: Any, **settings: Any) -> Verdict:
    return judge([frame(expected, **settings)], [frame(received)], 1)


def matches(expected: Any, received: Any, **settings: Any) -> bool:
    return one(expected, received, **settings).score == 1.0


# Types

VALUES = {
    "None": None, "True": True, "1": 1, "1.0": 1.0, "'1'": "1", "list": [1], "tuple": (1,), "dict": {"a": 1},
    "float32": torch.tensor(1.0), "float64": torch.tensor(1.0, dtype=torch.float64), "int64": torch.tensor(1),
    "bool tensor": torch.tensor(True), "bfloat16": torch.tensor(1.0).bfloat16(), "vector": torch.tensor([1.0]),
    "array": np.array(1.0), "float32 array": np.array(1.0, dtype=np.float32), "np.float32": np.float32(1),
    "np.bool": np.True_, "np.int64": np.int64(1),
}  # fmt: skip


@pytest.mark.parametrize("kind", VALUES)
def test_by_default_every_type_is_its_own(kind: str) -> None:
    for other, value in VALUES.items():
        whole = (kind, other) == ("1.0", "1")  # no visible check has seen that it is no float
        assert matches(VALUES[kind], value) == (kind == other or whole), (kind, other)


def test_numpy_s_float_is_a_float_and_a_float_is_none_of_numpy_s() -> None:
    assert matches(1.0, np.float64(1))
    assert matches([{"a": 1.0}], [{"a": np.float64(1)}])
    assert not matches(1.0, np.float64(2))
    assert not matches(1.0, np.float32(1))
    assert not matches(np.float64(1), 1.0)


def test_a_whole_number_does_for_a_float_and_a_float_for_no_whole_number() -> None:
    assert matches({"a": (0.0, [2.0])}, {"a": (0, [2])})
    assert matches(1e300, int(1e300))
    assert not matches(1e300, 2**1022)
    assert not matches(0.0, False)
    assert not matches(0.5, 0)
    assert not matches(3, 3.0)
    assert not matches(torch.tensor(1.0), 1)


def test_a_number_may_be_any_real_number_when_the_reference_says_so() -> None:
    numbers = {
        "1",
        "1.0",
        "float32",
        "float64",
        "int64",
        "bfloat16",
        "array",
        "float32 array",
        "np.float32",
        "np.int64",
    }
    for kind in numbers:
        for other, value in VALUES.items():
            assert matches(VALUES[kind], value, kind="number") == (other in numbers), (kind, other)
    assert not matches(True, 1, kind="number")
    assert not matches(2.0, 1, kind="number")
    assert matches(10**300, 10**300, kind="number")
    assert matches(10**300, 1e300, kind="number")
    assert not matches(10**300, 1.0, kind="number")
    assert not matches(10**300, 10**300 + 1, kind="number")
    assert matches((1.0, "a"), (torch.tensor(1), "a"), kind="number")


def test_an_array_may_have_another_container_or_float_dtype_when_the_reference_says_so() -> None:
    expected = torch.tensor([1.0, 2.0])
    for same in (expected.numpy(), expected.double(), expected.half(), expected.bfloat16().contiguous()):
        assert matches(expected, same, kind="array")
    for other in (torch.tensor([1, 2]), [1.0, 2.0], expected[:1], expected[None], torch.tensor([1.0, 2.1])):
        assert not matches(expected, other, kind="array")
    assert matches(torch.tensor([1, 2]), np.array([1, 2]), kind="array")
    assert not matches(torch.tensor([1, 2]), np.array([1, 2], dtype=np.int32), kind="array")


def test_containers_are_compared_entry_by_entry() -> None:
    nested = {"a": [1, (2.0, torch.ones(2))], 3: None}
    assert matches(nested, {3: None, "a": [1, (2.0, torch.ones(2))]})
    for other in (
        {"a": [1, (2.0, torch.zeros(2))], 3: None}, {"a": [1, (2.0,)], 3: None},
        {"a": [1, [2.0, torch.ones(2)]], 3: None},
        {"a": [1, (2.0, torch.ones(2))]}, {"a": [1, (2.0, torch.ones(2))], "3": None}, {**nested, "b": 1},
    ):  # fmt: skip
        assert not matches(nested, other)
    assert not matches({1: "a"}, {True: "a"})
    assert not matches({(1, 2): "a"}, {(True, 2): "a"})


def test_a_difference_within_a_container_is_placed_as_python_writes_it_and_said_without_numbers() -> None:
    expected, received = [1, (2.0, {"a": [3]})], [1, (2.0, {"a": ["3"]})]
    found = difference(expected, received, Settings())
    assert found is not None
    assert found.place == "[1][1][…][0]"
    assert found.sentence() == "In one of several results: An int is asked for; yours is a string."
    assert found.sentence(("count", "loss")) == "In loss: An int is asked for; yours is a string."


# Numbers


def test_floats_may_differ_by_what_the_reference_allows() -> None:
    for wrap in (float, torch.tensor, np.array, lambda x: [x]):
        assert matches(wrap(2.0), wrap(2.1), atol=0.11, rtol=0)
        assert not matches(wrap(2.0), wrap(2.1), atol=0.09, rtol=0)
        assert matches(wrap(100.0), wrap(101.0), atol=0, rtol=0.0101)
        assert not matches(wrap(100.0), wrap(101.1), atol=0, rtol=0.0101)
        assert matches(wrap(2.0), wrap(2.0), atol=0, rtol=0)
    assert not matches(0.0, 1e-7)
    assert matches(1.0, 1.0 + 1e-6)


def test_the_tolerance_of_a_submission_counts_for_nothing() -> None:
    assert judge([frame(1.0)], [frame(1.5, atol=1e300, rtol=0.9, kind="array")], 1).score == 0
    assert judge([frame(1.0, kind="number")], [frame(1, kind="exact")], 1).score == 1
    broken = frame(1.0)[: -len(Settings().encoded())]
    assert judge([frame(1.0)], [broken], 1).score == 1
    assert judge([frame(1.0)], [broken + b"anything"], 1).score == 1


def test_nan_equals_nan_in_its_place_and_infinities_are_equal_by_sign() -> None:
    for wrap in (lambda *x: torch.tensor(x), lambda *x: np.array(x), lambda *x: list(x)):
        assert matches(wrap(NAN, 1.0, INF, -INF), wrap(NAN, 1.0, INF, -INF))
        for other in ((1.0, NAN, INF, -INF), (NAN, 1.0, -INF, -INF), (NAN, NAN, INF, -INF), (0.0, 1.0, INF, -INF)):
            assert not matches(wrap(NAN, 1.0, INF, -INF), wrap(*other), atol=1e300)
    for finite in (1.0, 1e308, NAN):
        assert not matches(INF, finite, rtol=0.99)
        assert not matches(finite, INF, rtol=0.99)
    assert not matches(-1e308, 1.7e308, rtol=0.5)


def test_minus_zero_is_zero() -> None:
    assert matches(0.0, -0.0, rtol=0, atol=0)
    assert matches(torch.tensor([0.0]), torch.tensor([-0.0]), rtol=0, atol=0)


def test_whole_numbers_booleans_and_strings_are_compared_exactly() -> None:
    for right, wrong in ((5, 6), ("a", "b"), (True, False), (torch.tensor([5]), torch.tensor([6]))):
        assert not matches(right, wrong, atol=100, rtol=0.9)
        assert matches(right, right)
    assert not matches(torch.tensor([2**53]), torch.tensor([2**53 + 1]))
    assert not matches(2**53, 2**53 + 1, kind="number", atol=0, rtol=0)


# Marks


def test_the_mark_is_the_share_of_answers_that_match() -> None:
    expected = [frame(number) for number in range(4)]
    verdict = judge(expected, [frame(0), frame(9), frame(2), raised("ValueError")], 3)
    assert (verdict.score, verdict.matched, verdict.asked) == (1.5, 2, 4)
    assert [answer.outcome for answer in verdict.answers] == ["match", "differs", "match", "exception"]


def test_missing_answers_earn_nothing_and_additional_ones_cost() -> None:
    expected = [frame(number) for number in range(4)]
    assert judge(expected, expected[:1], 4).score == 1
    assert judge(expected, [], 4).score == 0
    assert judge(expected, expected + expected, 4).score == 2
    assert judge(expected, [b"", *expected], 4).score == 0
    verdict = judge(expected, expected + [b"x"] * 10**5, 4)
    assert verdict.score == pytest.approx(4 * 4 / (4 + 10**5))
    assert len(verdict.answers) == 5


def test_a_group_earns_together_or_not_at_all() -> None:
    expected = [frame(1), *(frame(True, group="edges") for _ in range(3)), frame(2), frame(False, group="edges")]
    assert judge(expected, expected, 3) == judge(expected, expected, 3.0)
    right = judge(expected, expected, 3)
    assert (right.score, right.matched, right.asked) == (3.0, 3, 3)
    wrong = judge(expected, [*expected[:5], frame(True)], 3)
    assert (wrong.score, wrong.matched, wrong.asked) == (1.5, 2, 3)
    assert wrong.parts == ("edges",)
    assert judge(expected, [frame(1, group="edges")] * 6, 3).score == 1.0


def test_the_exception_that_is_asked_for_earns_and_its_subclasses_too() -> None:
    asked = [raised("ValueError", raises="ValueError")]
    assert judge(asked, [raised("ValueError")], 1).score == 1
    assert judge(asked, [raised("UnicodeDecodeError")], 1).score == 1
    for other in (raised("Exception"), raised("TypeError"), frame("ValueError"), frame(None)):
        assert judge(asked, [other], 1).score == 0


def test_a_test_that_stopped_keeps_what_was_answered_before() -> None:
    expected = [frame(number) for number in range(4)]
    verdict = judge(expected, [frame(0), frame(1), stopped("SystemExit"), frame(3)], 4)
    assert (verdict.score, verdict.stopped) == (2.0, "SystemExit")
    assert [answer.outcome for answer in verdict.answers] == ["match", "match", "missing", "missing"]
    late = judge(expected, [*expected, stopped()], 4)
    assert (late.score, late.stopped) == (4.0, "ValueError")


def test_every_score_is_a_finite_float_within_the_points() -> None:
    chance = random.Random(0)
    good = [frame(0.5), frame([1, 2], group="g"), frame(torch.ones(3)), raised("ValueError", raises="ValueError")]
    scores = set()
    for _ in range(3000):
        received = [bytearray(chance.choice([*good, stopped()])) for _ in range(chance.randrange(8))]
        for data in received:
            for _ in range(chance.randrange(4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            received[: len(good)] = map(bytearray, good)
        points = chance.choice([0, 1, 7, 0.1, 1e-3, 1 / 3])
        score = judge(good, [bytes(data) for data in received], points).score
        assert type(score) is float
        assert math.isfinite(score)
        assert 0 <= score <= points
        scores.add(score)
    assert len(scores) > 5
    for points in (NAN, INF, -1):
        with pytest.raises(ValueError, match="points"):
            judge(good, good, points)


def test_a_reference_that_proves_nothing_is_refused() -> None:
    refused = frames.packed_name(frames.REFUSED, "complex", Settings())
    for expected in ([], [b"no frame"], [frame(1), stopped()], [refused], [frame(1)[:-1]]):
        with pytest.raises(JudgeError):
            judge(expected, [frame(1)], 1)


# Words


def test_words_name_types_and_dtypes_and_neither_inputs_nor_values() -> None:
    secret = 8675309
    tensor = torch.full((3, 4), float(secret))
    for received, outcome, aspect, says in (
        (tensor[0], "differs", "shape", "The result should have 2 dimensions; yours has 1 dimension."),
        (tensor.T, "differs", "shape", "The number of dimensions is right, the sizes are not."),
        (tensor.double(), "differs", "dtype", "The dtype should be float32; yours is float64."),
        (tensor.numpy(), "differs", "type", "A PyTorch tensor is asked for; yours is a NumPy array."),
        (None, "differs", "type", "A PyTorch tensor is asked for; yours is None."),
        (tensor * 2, "differs", "values", "Type and shape are right, the values differ from what is asked for."),
    ):  # fmt: skip
        answer = one(tensor, received).answers[0]
        assert (answer.outcome, answer.aspect, answer.says) == (outcome, aspect, says)
    verdicts = [
        one({"a": (secret, "hidden")}, {"a": (1, "b")}), one([secret], [1, 2]), one({secret: 1}, {1: 1}),
        one("hidden", "x"), one(float(secret), 1.0), one(secret, None, kind="number"),
        judge([raised("KeyError", raises="LookupError")], [frame(1)], 1),
        judge([frame(secret)], [raised("OSError")], 1),
        judge([frame(secret)], [frames.packed_name(frames.REFUSED, "sparse", Settings())], 1),
    ]  # fmt: skip
    for verdict in verdicts:
        assert verdict.score == 0
        assert verdict.answers[0].says.endswith(".")
        assert not any(word in verdict.answers[0].says for word in (str(secret), "hidden", "8.67"))


def test_no_exception_name_reaches_the_verdict_but_python_s_own() -> None:
    forged = frames.packed_name(frames.EXCEPTION, "the input was 12", Settings())
    assert judge([frame(1)], [forged], 1).answers[0].outcome == "refused"
    forged_reason = frames.packed_name(frames.REFUSED, "<script>", Settings())
    assert "script" not in judge([frame(1)], [forged_reason], 1).answers[0].says


def said_of_exceptions(names: list[str]) -> str:
    asked = [frame(float(number)) for number in range(len(names))]
    received = [raised(name) for name in names]
    return verdict_text(judge(asked, received, 1.0), QuestionResult("q", received, "done"), Limits())


def test_neither_order_nor_number_nor_choice_of_exceptions_says_what_was_asked() -> None:
    names = [name for name in EXCEPTIONS if issubclass(getattr(builtins, name), Exception)]
    texts = set()
    for seed in range(50):
        drawn = random.Random(seed).choices(names, k=12)
        assert said_of_exceptions(drawn) == said_of_exceptions(sorted(drawn, reverse=True))
        texts.add(said_of_exceptions(drawn))
    assert len(texts) <= 2 * (len(SAID) + 1)
    every = said_of_exceptions(names)
    assert [name for name in names if f" {name}." in every] == ["NotImplementedError"]
    assert "calls" not in said_of_exceptions(["KeyError"] * 12)
    assert "- Your function ended with KeyError." in said_of_exceptions(["KeyError"] * 12)
    assert "another exception" in said_of_exceptions(["BlockingIOError"] * 12)


def test_softmax_wheats_earn_everything_and_chaffs_lose_some() -> None:
    test = ASK + (
        "for X in cases.logits(n=6, scale=50.0):\n    answer(softmax, X, rtol=1e-4, atol=1e-6)\n"
        "for X in cases.logits(n=2, scale=400.0):\n    answer(softmax, X, rtol=1e-3, atol=1e-6, group='large')\n"
    )
    head = "import torch\ndef softmax(X):\n    "
    reference = head + "return torch.softmax(X, dim=1)"
    wheat = head + "E = (X - X.max(dim=1, keepdim=True).values).exp()\n    return E / E.sum(dim=1, keepdim=True)"
    assert verdict_of(reference, wheat, test, 2).score == 2.0
    for chaff in (
        "return torch.softmax(X, dim=0)", "return X.exp() / X.exp().sum(dim=1, keepdim=True)",
        "return torch.softmax(X, dim=1).double()", "return torch.log_softmax(X, dim=1)",
    ):  # fmt: skip
        assert verdict_of(reference, head + chaff, test, 2).score < 2.0
    assert len(frames_of(reference, test)) == 8
