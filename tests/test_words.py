"""Wrong answers are told what is wrong with them, in words that are true of them: few hear only that values differ."""

from __future__ import annotations

import functools
import re
from collections import Counter

import in_process
import pytest
from made_once import answers_of_misconceptions
from wrong_answers import KINDS, Told, right_answers_fail_no_visible_check, told

from autograder.course import Course
from autograder.misconceptions.fitting import fitting
from autograder.misconceptions.variants import Misconception, read_variants
from gradus.notebook.cells import kind_of
from gradus.notebook.form import source_of

pytestmark = pytest.mark.slow("every known mistake and a few hundred others, in this process")

PROBLEM_SETS = Course.from_environment().problem_sets()
AT_MOST = 0.08

# Where a class of mistakes can occur, and under which name it is recognised there. A word of the hint says that it is.
ANYWHERE = {
    "twice": {
        "ps4": ["softmax: softmax_twice", "kl_divergence: softmax_twice",
                "calibration_error: softmax_twice", "fit_softmax: softmax_twice"],
        "ps5": ["softmax_backward: softmax_twice", "cross_entropy_backward: softmax_twice",
                "mlp_gradients: softmax_twice", "mlp_gradients: softmax_before_the_loss"],
        "ps6": ["Softmax: SoftmaxTwice", "CrossEntropyLoss: SoftmaxTwice"],
    },
    "mean|sum|divide|share": {
        "ps1": ["moving_average: sums_of_the_windows", "distances: the_root_of_the_mean"],
        "ps2": ["missing_share: a_count", "covariance: a_sum_instead_of_a_mean"],
        "ps3": ["linear_vjp: divided_by_the_number_of_examples", "linear_vjp: a_mean_for_the_bias",
                "squared_loss: a_sum_of_losses", "squared_loss_grad: sums_instead_of_means",
                "sgd_epoch: sums_over_the_minibatch", "ridge: a_mean_taken_for_a_sum", "RidgeRegression: SumOfSquares",
                "k_fold_loss: the_mean_of_the_means"],
        "ps4": ["log_sum_exp: the_mean_of_the_exponentials", "softmax: divided_by_the_mean",
                "kl_divergence: the_sum_over_the_examples",
                "calibration_error: a_sum_for_the_mean", "fit_softmax: the_sum_over_the_minibatch"],
        "ps5": ["directional_error: a_mean_for_the_inner_product", "unbroadcast: the_mean_of_the_copies",
                "linear_backward: divided_once_more", "softmax_backward: a_mean_for_the_sum",
                "cross_entropy_backward: of_the_sum", "mlp_gradients: no_mean", "ScaledSign: ScaleAveraged"],
        "ps6": ["Linear: DividedByN", "MSELoss: TheSum", "CrossEntropyLoss: SumOfTheLosses",
                "BatchNorm1d: MeansForTheParameters"],
    },
    "zero|before it|pile": {
        "ps3": ["jacobian: gradients_accumulated", "sgd_epoch: gradients_never_zeroed"],
        "ps4": ["fit_softmax: gradients_never_zeroed"],
        "ps6": ["Linear: GradientsAccumulate", "BatchNorm1d: GradientsAccumulate"],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Told]]:
    """What is said of each known mistake, and of each wrong answer that is written in `wrong_answers/`."""
    return {
        name: list(told(name, tmp_path_factory.mktemp(name), answers_of_misconceptions(name))) for name in PROBLEM_SETS
    }


@functools.cache
def mistakes(name: str) -> tuple[Misconception, ...]:
    return read_variants(in_process.ROOT / "solutions" / name, in_process.source_notebook(name)).misconceptions


def of(everything: dict[str, list[Told]], *, known: bool) -> list[Told]:
    return [one for some in everything.values() for one in some if isinstance(one.answer, Misconception) == known]


def test_few_known_mistakes_are_told_only_that_values_differ(everything: dict[str, list[Told]]) -> None:
    found = of(everything, known=True)
    unhelped = [one.answer.place for one in found if one.kind == "differs only"]
    print(f"{len(unhelped)} of {len(found)}:", *unhelped, sep="\n")
    assert len(found) > 500
    assert len(unhelped) <= AT_MOST * len(found)
    assert not [one.answer.place for one in found if one.verdict.score == 1]


def test_of_answers_that_no_file_knows_few_are_told_only_that_values_differ(everything: dict[str, list[Told]]) -> None:
    found = of(everything, known=False)
    counted = Counter(one.kind for one in found)
    print(*(f"{kind}: {counted[kind]}" for kind in KINDS), sep="\n")
    print(*(one.answer.place for one in found if one.kind == "differs only"), sep="\n")
    assert len(found) > 200
    assert counted["differs only"] <= AT_MOST * len(found)


def test_each_of_them_loses_marks_and_a_wrong_rule_half(everything: dict[str, list[Told]]) -> None:
    for one in of(everything, known=False):
        assert one.verdict.score < 0.85, one.answer.place
        assert one.verdict.score <= 0.5 or one.verdict.has_rule, one.answer.place


@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_right_answers_pass_the_visible_checks(name: str) -> None:
    assert right_answers_fail_no_visible_check(name)


def test_no_place_in_a_list_of_the_tests_is_named(everything: dict[str, list[Told]]) -> None:
    for one in (one for some in everything.values() for one in some):
        assert not any("what is compared" in line or "entry [" in line for line in one.lines)


@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_a_hint_names_no_code_that_its_mistake_does_not_use(name: str) -> None:
    handed_out = [source_of(cell) for cell in in_process.source_notebook(name)["cells"] if kind_of(cell) == "text"]
    for mistake in mistakes(name):
        assert fitting(mistake.hint, mistake.source, *handed_out) == mistake.hint, mistake.place


def test_of_a_hint_is_said_what_fits_the_answer() -> None:
    hint = "Your result is a view. `b = a` gives another name to one tensor. Is `-=` in place? Work on a copy."
    assert fitting(hint, "b = a.clone(); b -= a") == hint
    assert fitting(hint, "b += a") == "Your result is a view. `b = a` gives another name to one tensor. Work on a copy."
    assert fitting(hint, "return X") == "Your result is a view. Work on a copy."
    assert fitting("`zero_grad` is missing.", "w.grad") == ""


@pytest.mark.parametrize("name", PROBLEM_SETS)
def test_the_mistakes_of_every_course_are_recognised_wherever_they_can_occur(name: str) -> None:
    hints = {f"{mistake.question}: {mistake.name}": mistake.hint for mistake in mistakes(name)}
    for words, where in ANYWHERE.items():
        for one in where.get(name, []):
            assert one in hints, f"{name}: nobody recognises {one}"
            assert re.search(words, hints[one]), hints[one]
