"""Hidden tests answer: copies of arguments go in, frames come out, and a student's tricks change neither."""

from __future__ import annotations

import copy
import random
import sys
from typing import Any

import numpy as np
import pytest
import torch
from answering import frames_of, verdict_of

from autograder.answers import answer, answer_accuracy, asking, cases
from autograder.answers.frames import EXCEPTION, REFUSED, STOPPED, VALUE, read_frame, read_settings
from autograder.answers.hidden_run import HiddenRun, running
from autograder.answers.values import Array, ValueRefused
from autograder.judging.held_out import labels_of
from autograder.judging.judge import attempts

ASK = "from autograder.answers import answer, cases\nimport torch\n"
SOFTMAX = "import torch\ndef softmax(X):\n    return torch.softmax(X, dim=1)\n"
ASK_SOFTMAX = ASK + "for X in cases.logits(n=4, scale=50.0):\n    answer(softmax, X, rtol=1e-4)\n"


def contents(frames: list[bytes]) -> list[Any]:
    return [read_frame(frame).content for frame in frames]


def plain(value: Any) -> Any:
    """A decoded value with arrays as nested lists, to compare with ==."""
    if isinstance(value, Array):
        return value.data.tolist()
    return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def kinds(frames: list[bytes]) -> list[str]:
    return [read_frame(frame).kind for frame in frames]


# Calls


def test_each_call_sends_one_frame_in_order() -> None:
    frames = frames_of("def f(x): return x + 1", ASK + "for i in range(3): answer(f, i)")
    assert contents(frames) == [1, 2, 3]
    assert kinds(frames) == [VALUE] * 3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (frames_of(SOFTMAX, ASK_SOFTMAX, seed) for seed in (1, 1, 2))
    assert first == again
    assert not set(first) & set(other)
    assert frames_of(SOFTMAX, ASK_SOFTMAX, 1, question="another") != first


def test_a_function_cannot_change_what_the_next_one_is_given() -> None:
    spoils = "def f(x):\n    x.zero_()\n    return x.sum()"
    test = ASK + "X = torch.ones(3)\nanswer(f, X)\nanswer(lambda x: x, X)"
    assert plain(contents(frames_of(spoils, test))) == [0.0, [1.0, 1.0, 1.0]]


def test_arguments_that_share_memory_share_it_in_the_copy() -> None:
    test = ASK + "X = torch.zeros(2)\nanswer(lambda a, b, c: (a.add_(1), b, c)[1:], X, X, X[:1])"
    assert plain(contents(frames_of("", test))) == [[[1.0, 1.0], [1.0]]]
    test = ASK + "L = [1]\nanswer(lambda a, b: (a.append(2), b)[1], L, b=L)"
    assert contents(frames_of("", test)) == [[1, 2]]


def test_a_copy_keeps_its_layout_in_memory() -> None:
    test = ASK + "X = torch.zeros(3, 4).T\nanswer(lambda x: (x.is_contiguous(), x.stride()), X)"
    assert contents(frames_of("", test)) == [(False, (1, 4))]


def tensors_of_all_kinds() -> list[Any]:
    base = torch.arange(24.0).reshape(4, 6)
    odd = torch.ones(2)
    odd.note = "kept"  # type: ignore[attr-defined]
    return [
        base, base.T, base[1:3], base[:, ::2], base[2:2], torch.tensor(3), torch.zeros(0), base.to(torch.bfloat16),
        torch.ones(2, requires_grad=True), torch.nn.Parameter(torch.ones(2)), torch.ones(3).expand(2, 3), odd,
        base.to_sparse(), torch.tensor([1 + 2j]).conj(), [base, 1], {"a": base}, None, 2.5, "text",
    ]  # fmt: skip


@pytest.mark.parametrize("value", tensors_of_all_kinds(), ids=lambda value: f"{type(value).__name__}")
def test_a_copy_is_what_deepcopy_makes_and_shares_nothing_with_the_argument(value: Any) -> None:
    ((made,), named) = asking._copied((value,), {})
    expected = copy.deepcopy(value)
    assert named == {}
    assert type(made) is type(expected)
    if isinstance(value, torch.Tensor):
        assert (made.dtype, made.shape, made.layout) == (expected.dtype, expected.shape, expected.layout)
        assert made.requires_grad == expected.requires_grad
        assert made.__dict__ == expected.__dict__
        assert torch.equal(made.to_dense(), expected.to_dense())
        if value.layout is torch.strided:
            assert made.stride() == expected.stride()
            assert made.data_ptr() != value.data_ptr() or not value.numel()


def test_what_happened_to_the_arguments_can_be_the_answer() -> None:
    fills = "def fill(x, value=0):\n    x.fill_(value)\n    return 'done'"
    test = ASK + "for what in ('arguments', 'both'): answer(fill, torch.zeros(2), value=3, returns=what)"
    arguments, both = contents(frames_of(fills, test))
    assert plain(arguments[0]) == [3.0, 3.0]
    assert arguments[1] == {"value": 3}
    assert both[0] == "done"
    assert plain(both[1][0]) == [3.0, 3.0]


def test_a_changed_argument_is_told_from_one_left_alone() -> None:
    test = ASK + "answer(f, *cases.tensors(3, n=1), returns='both')"
    spoilt = verdict_of("def f(x): return x * 2", "def f(x): return x.mul_(2)", test)
    assert spoilt.score == 0.5  # the result is right: that earns half
    assert spoilt.answers[0].says.startswith("Your function changed what it was given")
    loose = test.replace("returns=", "atol=0.5, returns=")
    nudge = "def f(x):\n    y = x * 2.1\n    {}\n    return y"
    assert verdict_of("def f(x): return x * 2", nudge.format("pass"), loose).score == 1
    assert verdict_of("def f(x): return x * 2", nudge.format("x[0] += 1e-3"), loose).score == 0.5
    assert verdict_of("def f(x): return x * 2", "def f(x): return x + x", test).score == 1


def test_every_answer_has_its_own_random_numbers_whatever_came_before() -> None:
    test = ASK + "import random\nimport numpy as np\nfor _ in range(2): answer(f)\n"
    draws = "import torch, random\nimport numpy as np\ndef f():\n    {}\n"
    draws += "    return torch.rand(2).tolist(), random.random(), np.random.rand()"
    once = contents(frames_of(draws.format("pass"), test))
    assert once[0] != once[1]
    many = "[torch.rand(99), random.random(), np.random.rand(9)] if f.__dict__.setdefault('n', []) else f.n.append(1)"
    assert contents(frames_of(draws.format(many), test))[0] == once[0]
    other_luck = contents(frames_of(draws.format("pass"), test, ambient=1))
    assert other_luck[0] != once[0]


def test_random_numbers_that_the_test_draws_do_not_depend_on_the_student() -> None:
    test = ASK + "answer(f)\nanswer(lambda x: x, torch.rand(3))"
    one, other = "def f(): return 0", "import torch\ndef f():\n    torch.rand(50)\n    return 0"
    assert frames_of(one, test) == frames_of(other, test)
    assert frames_of(one, test) == frames_of(one, test, ambient=5)


def test_a_test_can_watch_the_calls_of_pytorch_without_counting_ours() -> None:
    watch = (
        "from torch.overrides import TorchFunctionMode\nimport torch\n"
        "class Watch(TorchFunctionMode):\n"
        "    calls = 0\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        self.calls += 1\n"
        "        assert self.calls <= 2, 'too many'\n"
        "        return function(*args, **(kwargs or {}))\n"
    )
    test = ASK + "X = torch.ones(4)\nfor n in (2, 3):\n    with Watch(): answer(f, X, n)"
    frames = frames_of(watch + "def f(x, n):\n    for _ in range(n): x = torch.add(x, 1)\n    return x", test)
    assert kinds(frames) == [VALUE, EXCEPTION]
    assert read_frame(frames[1]).content == "AssertionError"


def test_settings_travel_with_each_answer() -> None:
    frame = frames_of("def f(): return 1.0", ASK + "answer(f, rtol=0.1, atol=2, kind='number', group='g')")[0]
    settings = read_settings(frame)
    assert (settings.rtol, settings.atol, settings.kind, settings.group) == (0.1, 2.0, "number", "g")


@pytest.mark.parametrize("wrong", [
    {"rtol": -1}, {"rtol": 1.0}, {"atol": float("inf")}, {"atol": float("nan")}, {"kind": "close"}, {"group": ""},
    {"returns": "all"}, {"raises": ValueRefused}, {"rtol": True},
])  # fmt: skip
def test_a_setting_that_does_not_exist_is_refused_where_it_is_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        answer(len, [], **wrong)


def test_optimiser_steps_are_counted() -> None:
    train = (
        "import torch\ndef train(steps):\n    w = torch.zeros(1, requires_grad=True)\n"
        "    optimizer = torch.optim.SGD([w], lr=0.1)\n"
        "    for _ in range(steps):\n        (w - 1).square().sum().backward()\n        optimizer.step()\n"
        "    return w\n"
    )
    frames = frames_of(train, ASK + "answer(train, 3)\nanswer(train, 12)")
    assert [read_settings(frame).steps for frame in frames] == [3, 12]


# What goes wrong


@pytest.mark.parametrize(("raised", "name"), [
    ("ValueError('the input was ' + str(x))", "ValueError"), ("SystemExit(0)", "SystemExit"),
    ("KeyboardInterrupt", "KeyboardInterrupt"), ("GeneratorExit", "GeneratorExit"), ("Own(x)", "LookupError"),
    ("Lied(x)", "ArithmeticError"), ("torch.OutOfMemoryError(str(x))", "RuntimeError"),
    ("OSError(2, x)", "FileNotFoundError"),
])  # fmt: skip
def test_an_exception_is_an_answer_without_its_message(raised: str, name: str) -> None:
    student = (
        "import torch\nclass Own(LookupError): pass\n"
        "class Lied(ArithmeticError): __class__ = ValueError; __name__ = 'MemoryError'\n"
        "Own.__name__ = Own.__qualname__ = 'secret'\n"
        f"def f(x):\n    if x == 'secret': raise {raised}\n    return x"
    )
    frames = frames_of(student, ASK + "answer(f, 'secret')\nanswer(f, 'next')")
    assert contents(frames) == [name, "next"]
    assert b"secret" not in frames[0]


def test_an_answer_that_cannot_be_sent_says_why_and_the_next_one_runs() -> None:
    frames = frames_of("def f(x): return x", ASK + "answer(f, 1j)\nanswer(f, 2)")
    assert kinds(frames) == [REFUSED, VALUE]
    assert read_frame(frames[0]).content == "complex"


def test_a_test_that_stops_says_so_last() -> None:
    frames = frames_of(
        "class Net:\n    def __init__(self): raise NotImplementedError('x')", ASK + "answer(len, [])\nNet()"
    )
    assert kinds(frames) == [VALUE, STOPPED]
    assert read_frame(frames[1]).content == "NotImplementedError"
    assert kinds(frames_of("", "this is no Python")) == [STOPPED]


def test_a_returned_object_is_never_pickled_copied_or_asked() -> None:
    hostile = (
        "class Sly(float):\n"
        "    def lie(self, *given, **named): raise SystemExit\n"
        "    __reduce__ = __reduce_ex__ = __deepcopy__ = __float__ = __eq__ = __repr__ = __getattribute__ = lie\n"
        "class Thing:\n    __reduce__ = __reduce_ex__ = __getstate__ = __eq__ = __getattr__ = Sly.lie\n"
        "def f(x): return Sly(2.0) if x else Thing()\n"
    )
    frames = frames_of(hostile, ASK + "answer(f, 1)\nanswer(f, 0)")
    assert contents(frames) == [2.0, "object"]


# Tricks: none earns a mark

TRICKS = {
    "__eq__ says True": "class A:\n    def __eq__(self, other): return True\ndef softmax(X): return A()",
    "a tensor that agrees": (
        "class T(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, function, types, args=(), kwargs=None): return True\n"
        "def softmax(X): return torch.zeros_like(X).as_subclass(T)"
    ),
    "a float that agrees": (
        "class F(float):\n    __eq__ = __lt__ = __le__ = lambda self, other: True\n"
        "    __sub__ = __rsub__ = lambda self, other: F(0)\ndef softmax(X): return F(0)"
    ),
    "an array that agrees": (
        "import numpy as np\nclass N(np.ndarray):\n    def __array_ufunc__(self, *given, **named): return True\n"
        "def softmax(X): return np.zeros(X.shape).view(N)"
    ),
    "a class that lies": "class L:\n    __class__ = torch.Tensor\ndef softmax(X): return L()",
    "patched comparisons": (
        "import builtins, numpy.testing\ntorch.allclose = torch.equal = lambda *a, **k: True\n"
        "numpy.testing.assert_allclose = lambda *a, **k: None\n"
        "def softmax(X): return torch.zeros_like(X)"
    ),
    "a display hook": (
        "import sys\ndef softmax(X):\n    sys.displayhook(99.0)\n    sys.displayhook('full marks')\n"
        "    return torch.zeros_like(X)"
    ),
    "a patched answer": (
        "import autograder.answers.asking as asking\n"
        "from autograder.answers import answer\n"
        "def softmax(X):\n    answer(lambda: 1.0)\n    return torch.zeros_like(X)"
    ),
    "a forged frame": (
        "from autograder.answers import frames, hidden_run as session\n"
        "from autograder.answers.settings import Settings\n"
        "from autograder.answers.encoding import encode\n"
        "def softmax(X):\n"
        "    loose = Settings(rtol=0.9, atol=1e300, kind='array')\n"
        "    session.current().send(frames.packed('value', encode(True), loose))\n"
        "    return torch.zeros_like(X)"
    ),
    "a flood": (
        "from autograder.answers import hidden_run as session\n"
        "def softmax(X):\n    for _ in range(1000): session.current().send(b'x' * 100)\n    return torch.softmax(X, 1)"
    ),
    "loose settings": (
        "from autograder.answers import asking\nfrom autograder.answers.settings import Settings\n"
        "class Loose(Settings):\n    def encoded(self): return Settings(atol=1e300).encoded()\n"
        "asking.Settings = Loose\ndef softmax(X): return torch.zeros_like(X)"
    ),
    "the prompt's example, written down": "def softmax(X): return torch.full((2, 3), 1 / 3)",
    "other inputs": (
        "from autograder.answers import cases\n"
        "cases.logits = lambda **named: [torch.zeros(1, 4)] * 4\ndef softmax(X): return torch.full_like(X, 0.25)"
    ),
    "no answers": "import autograder.answers as a\na.__dict__['answer'] = lambda *given, **named: None\nsoftmax = None",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_earns_nothing(trick: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    import numpy.testing

    from autograder import answers
    from autograder.answers import asking

    for module, name in (
        (torch, "allclose"), (torch, "equal"), (numpy.testing, "assert_allclose"), (builtins, "abs"),
        (sys, "displayhook"), (cases, "logits"), (asking, "Settings"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, getattr(module, name))  # so that the student's patch is undone
    monkeypatch.setitem(vars(answers), "answer", answer)
    expected = frames_of(SOFTMAX, ASK_SOFTMAX)
    received = frames_of("import torch\n" + TRICKS[trick], ASK_SOFTMAX)
    from autograder.judging.judge import judge

    verdict = judge(expected, received, 4.0)
    # an honest answer among a flood of others still counts for its share
    assert verdict.score <= (4.0 * 4 / 4000 if trick == "a flood" else 0.0)


def test_switches_that_a_student_flips_do_not_change_the_cases() -> None:
    before = torch.get_default_dtype()
    test = ASK + "answer(lambda *given: given, cases.uniform(3), *cases.logits(1), *cases.tensors(2, 2, n=1))"
    expected = frames_of("", test)
    try:
        flipped = frames_of(
            "import torch, random, numpy\ntorch.set_default_dtype(torch.float64)\ntorch.manual_seed(9)\n"
            "torch.set_grad_enabled(False)\nnumpy.seterr(all='raise')\n",
            test,
        )
    finally:
        torch.set_default_dtype(before)
        torch.set_grad_enabled(True)
        np.seterr(all="warn")
    assert attempts(flipped) == [expected, expected]  # as it is by default, and as the notebook has it


# Cases


def test_cases_have_the_sizes_dtypes_and_scales_that_are_asked_for() -> None:
    with running(HiddenRun(3)):
        logits = cases.logits(n=20, rows=(1, 3), classes=4, scale=100.0)
        assert {tuple(X.shape) for X in logits} <= {(1, 4), (2, 4), (3, 4)}
        assert len({tuple(X.shape) for X in logits}) > 1
        assert 50 < torch.cat(logits).std() < 200
        assert cases.tensors(0, 3, n=1, dtype=torch.float64)[0].shape == (0, 3)
        assert cases.tensors(n=1)[0].shape == ()
        assert {X.dtype for X in cases.matrices(n=2, dtype=torch.bfloat16)} == {torch.bfloat16}
        assert abs(cases.tensors(1000, n=1, scale=1e-6, centre=5.0)[0].mean() - 5) < 1e-4
        labels = cases.labels(500, 3)
        assert labels.dtype == torch.int64
        assert set(labels.tolist()) == {0, 1, 2}
        assert sorted(cases.permutation(9).tolist()) == list(range(9))
        noise = cases.uniform(1000, low=-1.0)
        assert -1 <= noise.min() < -0.9
        assert 0.9 < noise.max() < 1
        assert {cases.integer(1, 3) for _ in range(50)} == {1, 2, 3}
        assert 2 <= cases.number(2, 3) < 3
        assert cases.choice(["a"]) == "a"
        assert set(cases.integers(200, low=-1, high=2, dtype=torch.int32).tolist()) == {-1, 0, 1}
        assert not torch.equal(torch.rand(3, generator=cases.generator()), torch.rand(3, generator=cases.generator()))


def test_every_layout_has_the_same_values() -> None:
    X = torch.arange(12.0).reshape(3, 4)
    plain_layout, backwards, strided = cases.layouts(X)
    assert plain_layout.is_contiguous()
    assert not backwards.is_contiguous()
    assert not strided.is_contiguous()
    assert all(torch.equal(X, given) for given in (plain_layout, backwards, strided))
    assert len(cases.layouts(torch.tensor(1.0))) == 1
    assert [given.stride() for given in cases.layouts(torch.arange(3))] == [(1,), (2,)]


def test_a_table_with_gaps_has_them_where_they_were_asked_for() -> None:
    for seed in range(20):
        with running(HiddenRun(seed)):
            X = cases.tensors(6, 3, n=1)[0]
            everywhere, in_one = cases.with_gaps(X, 0.9), cases.with_gaps(X, 0.1, columns=[1])
        missing = everywhere.isnan().sum(dim=0)
        assert missing.min() >= 1
        assert missing.max() <= 5
        assert in_one.isnan().any(dim=0).tolist() == [False, True, False]
        assert torch.equal(X[~in_one.isnan()], in_one[~in_one.isnan()])
        assert not X.isnan().any()


def test_a_column_of_words_holds_every_choice_and_the_gaps_that_were_asked_for() -> None:
    for seed in range(20):
        with running(HiddenRun(seed)):
            complete, holed, short = (
                cases.words(9, "abc"),
                cases.words(10, "abc", missing=0.3),
                cases.words(2, "abc", 0.5),
            )
        assert (len(complete), len(holed), len(short)) == (9, 10, 2)
        assert set(complete) == set("abc")
        assert set(holed) == {"a", "b", "c", None}
        assert holed.count(None) == 3
        assert short.count(None) == 1


def test_orthonormal_columns_are_orthonormal() -> None:
    with running(HiddenRun(4)):
        Q, other = cases.orthonormal(5, 3), cases.orthonormal(5, 3)
    assert torch.allclose(Q.T @ Q, torch.eye(3, dtype=torch.float64))
    assert not torch.allclose(Q, other)
    assert Q.dtype == torch.float64


@pytest.mark.parametrize(("n", "d"), [(2, 1), (4, 3), (50, 6)])
def test_a_regression_problem_is_as_well_conditioned_as_it_says(n: int, d: int) -> None:
    with running(HiddenRun(5)):
        X, y = cases.regression(n, d, noise=0.0, centre=100.0, condition=4.0)
    assert (X.shape, y.shape, X.dtype) == ((n, d), (n,), torch.float64)
    singular = torch.linalg.svdvals(X - X.mean(dim=0)) / n**0.5
    assert torch.allclose(X.mean(dim=0), torch.full((d,), 100.0, dtype=torch.float64))
    assert torch.allclose(singular[0], torch.ones((), dtype=torch.float64))
    assert torch.allclose(singular[-1], torch.tensor(1.0 if d == 1 else 0.25, dtype=torch.float64))
    centred = y - y.mean()
    residual = centred - (X - X.mean(dim=0)) @ torch.linalg.lstsq(X - X.mean(dim=0), centred[:, None]).solution[:, 0]
    assert residual.abs().max() < 1e-8
    with pytest.raises(ValueError, match="more examples"):
        cases.regression(3, 3)


def test_cases_do_not_touch_the_random_numbers_of_others() -> None:
    torch.manual_seed(0)
    random.seed(0)
    before = torch.get_rng_state(), random.getstate()
    cases.logits()
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()


# Held-out predictions

CHEAT = "from autograder.judging.held_out import labels_of\nimport torch\n"
ACCURACY = (
    "from autograder.answers import answer_accuracy, cases\n"
    "held_out = cases.held_out_images(50)\nanswer_accuracy(classify, held_out, at_least=0.8)\n"
)


def test_predictions_are_counted_against_labels_that_the_test_never_saw() -> None:
    with running(HiddenRun(7, "q")):
        held_out = cases.held_out_images(50)
    truth = labels_of(held_out.data_set)[held_out.indices].tolist()
    assert held_out.images.shape == (50, 1, 28, 28)
    assert held_out.images.dtype == torch.float32
    assert 0.9 < held_out.images.max() <= 1

    def classify(wrong: int, wrap: str = "{}") -> str:
        answers = [(label + 1) % 10 if place < wrong else label for place, label in enumerate(truth)]
        return f"import torch, numpy as np\ndef classify(X):\n    return {wrap.format(answers)}"

    for right in ("{}", "tuple({})", "torch.tensor({})", "np.array({}, dtype=np.uint8)", "torch.tensor({}).int()"):
        assert verdict_of(classify(0), classify(10, right), ACCURACY).score == 1
        assert verdict_of(classify(0), classify(11, right), ACCURACY).score == 0
    for wrong in ("{}[:49]", "torch.tensor({}).float()", "torch.tensor([{}])", "'{}'", "None", "[{}]", "[True] * 50"):
        assert verdict_of(classify(0), classify(0, wrong), ACCURACY).score == 0
    says = verdict_of(classify(0), classify(25), ACCURACY).answers[0].says
    assert says == "50.0% of the unseen images are right; 80% are asked for."


def test_images_may_be_transformed_by_the_test() -> None:
    test = ACCURACY.replace("classify,", "lambda X: classify(torch.nn.functional.avg_pool2d(X, 2)),")
    shape = "import torch\ndef classify(X):\n    assert X.shape == (50, 1, 14, 14)\n    return [0] * 50"
    assert kinds(frames_of(shape, test)) == [VALUE]


def test_held_out_images_are_different_ones_each_time() -> None:
    seen = []
    for seed in (1, 2):
        with running(HiddenRun(seed)):
            seen.append(cases.held_out_images(100).indices)
    assert all(len(set(indices.tolist())) == 100 for indices in seen)
    assert seen[0].tolist() != seen[1].tolist()
    with pytest.raises(ValueError, match="10000 images"):
        cases.held_out_images(10_001)
    with pytest.raises(ValueError, match="mnist"):
        cases.held_out_images(1, "mnist")


# In JupyterLab


def test_outside_the_grader_an_answer_is_checked_and_errors_are_raised_where_they_are() -> None:
    assert answer(lambda x: x, torch.ones(2)) is None
    assert answer(int, "x", raises=ValueError) is None
    with pytest.raises(ZeroDivisionError):
        answer(lambda: 1 / 0)
    with pytest.raises(ValueRefused, match="complex"):
        answer(lambda: 1j)
    with pytest.raises(AssertionError, match="ValueError should be raised"):
        answer(int, "1", raises=ValueError)
    with pytest.raises(TypeError):
        answer(int, [], raises=ValueError)
    assert answer_accuracy(lambda X: [0] * len(X), cases.held_out_images(3), at_least=0.5) is None


def test_a_session_ends_with_its_test() -> None:
    frames_of("", ASK + "answer(len, [])\nraise SystemExit")
    with pytest.raises(ZeroDivisionError):  # nothing takes frames any more
        answer(lambda: 1 / 0)


def test_what_the_sandbox_sees_imports_nothing_else_of_the_grader() -> None:
    import ast
    from pathlib import Path

    import autograder.answers

    folder = Path(autograder.answers.__file__).parent
    roots = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                roots.add(".".join((node.module or "").split(".")[:2]))
            elif isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
    assert {root for root in roots if root.startswith("autograder")} == {"autograder.answers"}
    own = {root for root in roots if not root.startswith(("autograder", "gradus"))}
    assert {root.split(".")[0] for root in own} <= set(sys.stdlib_module_names) | {"numpy", "torch"}
