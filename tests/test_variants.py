"""Right solutions earn everything, wrong ones lose marks and are named: what the variants of a problem set prove."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import made_once
import pytest
from in_process import ROOT, SEED, run_job, solutions, source_notebook, verdicts

from autograder.answers.frames import NEXT
from autograder.assignment.jobs import source_job
from autograder.assignment.regions import HIDDEN, SOLUTION, regions, without
from autograder.judging.judge import read_expected
from autograder.misconceptions import jobs
from autograder.misconceptions.diagnosis import diagnose, same_answers
from autograder.misconceptions.jobs import Streams, streams_of, substitute
from autograder.misconceptions.kill_matrix import KillMatrix, _of_rows, kill_matrix
from autograder.misconceptions.noticing import Noticing
from autograder.misconceptions.variants import Misconception, Variants, read_variants
from autograder.records.execution import Job
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, write

pytestmark = pytest.mark.slow("every variant of every problem set")

NAMES = sorted({path.parent.parent.name for path in (ROOT / "solutions").glob("*/variants/*.md")})


@functools.cache
def variants_of(name: str) -> Variants:
    return read_variants(ROOT / "solutions" / name, source_notebook(name))


@functools.cache
def matrix_of(name: str) -> KillMatrix:
    return made_once.matrix_of(name)


@functools.cache
def expected_of(name: str) -> Streams:
    return run_job(source_job(source_notebook(name), SEED))


@functools.cache
def chaff_streams(name: str) -> dict[Misconception, list[bytes]]:
    return made_once.answers_of_misconceptions(name)


def named(name: str, question: str, source: str) -> str | None:
    """The misconception that the grader sees in a submission whose answer to `question` is `source`."""
    test = f"test_{question}"
    received = run_job(jobs.only(source_job(substitute(source_notebook(name), question, source), SEED), [test]))
    found = diagnose(question, received[test], expected_of(name)[test], chaff_streams(name))
    return found and found.name


@pytest.mark.parametrize("name", NAMES)
def test_misconceptions_asked_in_one_process_answer_as_each_does_in_its_own(name: str) -> None:
    tests, apart = jobs.test_of(source_notebook(name)), chaff_streams(name)
    together = streams_of(source_notebook(name), apart, run_job, SEED, together=True)
    asked = {one: read_expected(expected_of(name)[tests[one.question]]) for one in apart}
    assert [one.name for one in apart if not same_answers(asked[one], together[one], apart[one])] == []


def test_misconceptions_behind_one_that_does_not_end_are_asked_in_processes_of_their_own() -> None:
    runs: list[Job] = []

    def run(job: Job) -> Streams:
        runs.append(job)
        streams = {name: list(stream) for name, stream in run_job(job).items()}
        if len(runs) == 1:  # the second misconception of `softmax` is stuck: its time is over
            cut = streams["test_softmax"]
            del cut[cut.index(NEXT) + 3 :]
        return streams

    chaffs = chaff_streams("ps4")
    assert streams_of(source_notebook("ps4"), chaffs, run, SEED, together=True) == chaffs
    again = [question.name for question in runs[1].questions]
    assert again == [f"softmax: {one.name}: test_softmax" for one in chaffs if one.question == "softmax"][1:]


def test_every_problem_set_has_variants() -> None:
    assert sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_wheats_earn_everything_and_each_chaff_is_caught_and_named(name: str) -> None:
    matrix = matrix_of(name)
    assert matrix.findings == []
    assert all(row.caught_by for row in matrix.chaffs)
    tests = jobs.test_of(source_notebook(name))
    for row in matrix.wheats:
        question = row.variant.question
        assert diagnose(question, row.answers, expected_of(name)[tests[question]], chaff_streams(name)) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_teaches_and_gives_no_code_away(name: str) -> None:
    for chaff in variants_of(name).misconceptions:
        assert 40 <= len(chaff.hint) <= 320, chaff.name
        assert chaff.hint.endswith("."), chaff.name
        for solution in solutions(source_notebook(name)).values():
            lines = [line.strip() for line in "\n".join(regions(solution, SOLUTION)).splitlines()]
            assert not [line for line in lines if len(line) > 12 and line in chaff.hint], chaff.name


@pytest.mark.parametrize("name", NAMES)
def test_a_misconception_that_is_handed_in_is_named(name: str) -> None:
    for number, question in enumerate(jobs.test_of(source_notebook(name))):
        chaff = variants_of(name).of(question).misconceptions[number % 5]
        assert named(name, question, chaff.source) == chaff.name


SAME_MISTAKES = {
    "over_the_examples": (
        "softmax",
        "def softmax(Z):\n    e = torch.exp(Z - torch.max(Z, dim=0).values)\n    return e / e.sum(0, keepdim=True)",
    ),
    "overflows": ("log_sum_exp", "import math\ndef log_sum_exp(Z):\n    return torch.log((math.e ** Z).sum(-1))"),
    "the_sum_over_the_examples": (
        "kl_divergence",
        "def kl_divergence(targets, logits):\n"
        "    log_t = targets.clamp(min=1e-300 if targets.dtype == torch.float64 else 1e-38).log()\n"
        "    return sum((t * (a - o + o.logsumexp(0))).sum() for t, a, o in zip(targets, log_t, logits))",
    ),
    "never_shuffled": (
        "fit_softmax",
        "def fit_softmax(X, y, num_classes, lr, num_epochs, batch_size):\n"
        "    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, requires_grad=True)\n"
        "    b = torch.zeros(num_classes, dtype=X.dtype, requires_grad=True)\n"
        "    optimizer = torch.optim.SGD([W, b], lr)\n"
        "    for _ in range(num_epochs):\n"
        "        for inputs, labels in zip(X.split(batch_size), y.split(batch_size)):\n"
        "            optimizer.zero_grad()\n"
        "            F.cross_entropy(inputs @ W + b, labels).backward()\n"
        "            optimizer.step()\n"
        "    return W.detach(), b.detach()",
    ),
}


@pytest.mark.parametrize("mistake", SAME_MISTAKES)
def test_a_mistake_is_named_in_whatever_way_it_is_written(mistake: str) -> None:
    assert named("ps4", *SAME_MISTAKES[mistake]) == mistake


FORBIDDEN = {
    "imported": ("from numpy import tanh", "tanh(Z)"),
    "under another name": ("from math import tanh as t", "np.vectorize(t)(Z)"),
    "complex": ("import cmath", "np.vectorize(cmath.tanh)(Z).real"),
    "PyTorch's": ("import torch", "torch.from_numpy(Z).tanh().numpy()"),
}


@pytest.mark.parametrize(("imported", "computed"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_library_s_tanh_is_refused_however_it_was_imported(imported: str, computed: str) -> None:
    source = (
        f"{imported}\n\nclass Tanh:\n    def forward(self, Z):\n        self.A = {computed}\n        return self.A\n"
        "    def backward(self, dLdA):\n        return dLdA * (1 - self.A**2)"
    )
    assert verdicts("ps6", {"Tanh": source})["test_Tanh"].matched == 1
    assert named("ps6", "Tanh", source) == "TheLibrarysOwn"


NOT_NAMED = {
    "right": "def softmax(Z):\n    return (Z - Z.logsumexp(1, keepdim=True)).exp()",
    "a mistake that nobody knows": "def softmax(Z):\n    return torch.full_like(Z, 0.25)",
    "only exceptions": "def softmax(Z):\n    raise RuntimeError",
    "not defined": "del softmax",
    "two mistakes at once": "def softmax(Z):\n    return (Z.exp() / Z.exp().sum(0)).double()",
}


@pytest.mark.parametrize("source", NOT_NAMED.values(), ids=NOT_NAMED)
def test_an_answer_that_is_no_known_mistake_is_not_named(source: str) -> None:
    assert named("ps4", "softmax", source) is None


def test_bytes_that_are_no_answers_are_not_named() -> None:
    expected = expected_of("ps4")["test_softmax"]
    for received in ([], [b""] * len(expected), [b"GA1V" + b"\xff" * 40] * len(expected), expected[:-1]):
        assert diagnose("softmax", received, expected, chaff_streams("ps4")) is None


def test_a_chaff_is_named_for_its_own_question_only() -> None:
    over_examples = next(each for each in chaff_streams("ps4") if each.name == "over_the_examples")
    expected = expected_of("ps4")["test_softmax"]
    received = chaff_streams("ps4")[over_examples]
    assert diagnose("softmax", received, expected, chaff_streams("ps4")) == over_examples
    assert diagnose("log_sum_exp", received, expected, chaff_streams("ps4")) is None


def test_two_chaffs_that_match_are_not_named() -> None:
    one, *_ = (each for each in chaff_streams("ps4") if each.question == "softmax")
    twin = Misconception(one.question, "twin", one.source, one.hint)
    received = chaff_streams("ps4")[one]
    both = {one: received, twin: received}
    assert diagnose("softmax", received, expected_of("ps4")["test_softmax"], both) is None


def test_a_wrong_rule_keeps_half_of_its_question_at_most_and_a_slip_at_an_edge_half_at_least() -> None:
    rows = [(name, row) for name in NAMES for row in matrix_of(name).chaffs]
    kept = {row.variant.place: row.shares[row.variant.question] for _, row in rows}
    much = [f"{share:.0%} {place}" for place, share in kept.items() if share >= 0.85]
    print(f"{len(much)} of {len(kept)} known mistakes keep 85 % or more of their question:", *much, sep="\n")
    assert len(kept) > 500
    assert much == []
    for _, row in rows:
        assert isinstance(row.variant, Misconception)
        share = kept[row.variant.place]
        assert share >= 0.5 if row.variant.at_edge else share <= 0.5, row.variant.place


def test_what_overflows_earns_by_the_share_of_its_answers() -> None:
    marks = verdicts("ps4", {"log_sum_exp": "def log_sum_exp(Z):\n    return Z.exp().sum(1).log()"})
    verdict = marks["test_log_sum_exp"]
    assert 0 < verdict.matched < verdict.asked
    assert verdict.score == pytest.approx(min(verdict.matched / verdict.asked, 0.5))


# The rules, on a problem set of one small question.

TEST = """assert double(1) == 2
### BEGIN HIDDEN TESTS
from autograder.answers import answer, cases

for _ in range(3):
    answer(double, cases.integer(3, 10**6))
### END HIDDEN TESTS"""
OTHERS = [f"**right {number}**\n- `return x * 2 + {number} * 0`" for number in range(3)] + [
    f"**added {number}**: You add {number}.\n- `return x + {number}`" for number in range(5)
]


def small_problem_set(folder: Path, variants: list[str], test: str = TEST, question: str = "double") -> Path:
    def cell(label: str, source: str, **flags: object) -> Notebook:
        metadata = {"grade": False, "solution": False, "locked": False, "schema_version": 3, "grade_id": label} | flags
        return {"cell_type": "code", "id": label, "metadata": {"nbgrader": metadata}, "source": source}

    cells = [
        cell("double", "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", solution=True),
        cell("test_double", test, grade=True, locked=True, points=1),
    ]
    write(folder / "small" / "small.ipynb", {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    right, wrong = ([each for each in variants if ("**: " in each) == is_wrong] for is_wrong in (False, True))
    text = "\n\n".join([f"# {question}", "## Right", *right, "## Wrong", *wrong]) + "\n"
    (folder / "small" / "variants").mkdir()
    (folder / "small" / "variants" / f"{question}.md").write_text(text, encoding="utf-8")
    return folder / "small"


def findings(folder: Path, variants: list[str], test: str = TEST) -> str:
    return "\n".join(kill_matrix(small_problem_set(folder, variants, test), run_job, SEED).findings)


def test_a_small_problem_set_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, OTHERS) == ""


FINDINGS = {
    "a wheat that is wrong": ("**odd**\n- `return 2 * x + 1`", "line 14 (odd): this is right, and double gives it"),
    "a chaff that is right": ("**fine**: It is not.\n- `return x + x`", "(fine): this is wrong, and earns all marks"),
    "two chaffs with equal answers": ("**twin**: Not one.\n- `return 1 + x`", "(added_1): answers as twin do"),
    "a chaff that cannot be named": ("**crashes**: It does.\n- `return 1 / 0`", "(crashes): only raises exceptions"),
}


@pytest.mark.parametrize(("variant", "sentence"), FINDINGS.values(), ids=FINDINGS)
def test_the_kill_matrix_finds(variant: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in findings(tmp_path, [*OTHERS, variant])


EDGE = """for number in (0, cases.integer(1, 2)):
    answer(double, number, edge="small numbers")
### END"""
SMALL = "**small numbers**: Small numbers are doubled like others.\n- `return 2 * x if x > 2 else x + 5`"
NEVER = "**never doubled**: Nothing is doubled here, and nothing should be.\n- `return 3 * x`"


def test_a_mistake_stands_in_the_section_that_fits_what_it_keeps(tmp_path: Path) -> None:
    test, section = TEST.replace("### END", EDGE), "## Wrong at an edge\n\n"
    found = {
        name: findings(tmp_path / str(number), [*OTHERS, variant], test)
        for number, (name, variant) in enumerate(
            {"edge": section + SMALL, "rule": NEVER, "no edge": section + NEVER, "no rule": SMALL}.items()
        )
    }
    assert (found["edge"], found["rule"]) == ("", "")
    assert "(never_doubled): this is wrong at an edge alone, and an answer without edge= catches" in found["no edge"]
    assert "(small_numbers): this has the rule wrong, and keeps 75%" in found["no rule"]


def test_too_few_variants_are_found(tmp_path: Path) -> None:
    assert "double.md: 2 wheats and 5 misconceptions; write 3 and 5" in findings(tmp_path, OTHERS[1:])
    assert "double.md: 3 wheats and 4 misconceptions" in findings(tmp_path / "other", OTHERS[:-1])


def test_an_answer_that_catches_nothing_new_may_go_and_the_last_one_may_not(tmp_path: Path) -> None:
    weaker = TEST.replace("cases.integer(3, 10**6)", "0")
    assert "(added_0): this is wrong, and earns all marks" in findings(tmp_path, OTHERS, weaker)


def test_a_question_that_hides_no_test_is_found(tmp_path: Path) -> None:
    assert "small.ipynb: double: " in findings(tmp_path, OTHERS, without(TEST, HIDDEN, ""))


def test_a_question_that_catches_nothing_which_others_do_not_is_found(tmp_path: Path) -> None:
    folder = small_problem_set(tmp_path, OTHERS)
    matrix = kill_matrix(folder, run_job, SEED)
    doubled = replace(
        matrix,
        questions=("double", "again"),
        chaffs=tuple(replace(row, shares=row.shares | {"again": 0.0}) for row in matrix.chaffs),
    )
    assert matrix.findings == []
    assert [finding.partition("; ")[0] for finding in _of_rows(doubled, "double", Path("double.md"))] == [
        "double.md: other questions catch all of its misconceptions, so its hidden test could be removed unnoticed"
    ]


def test_the_variants_of_one_question_are_handed_in_alone(tmp_path: Path) -> None:
    matrix = kill_matrix(ROOT / "solutions" / "ps4", run_job, SEED, ["accuracy_gap"])
    assert {row.variant.question for row in (*matrix.wheats, *matrix.chaffs)} == {"accuracy_gap"}
    assert matrix.findings == []
    whole = matrix_of("ps4")
    assert matrix.chaffs == tuple(row for row in whole.chaffs if row.variant.question == "accuracy_gap")
    with pytest.raises(GradusError, match=r"precision\.md: no such file \(there: accuracy_gap, "):
        kill_matrix(ROOT / "solutions" / "ps4", run_job, SEED, ["precision"])


def test_a_variant_of_no_question_is_named(tmp_path: Path) -> None:
    folder = small_problem_set(tmp_path, OTHERS, question="treble")
    with pytest.raises(GradusError, match=r"treble\.md: there is no question 'treble'; give the file the name"):
        kill_matrix(folder, run_job, SEED)


# Which questions may notice a variant.


def test_a_question_notices_what_its_hidden_test_comes_to_use() -> None:
    ps4, ps6 = Noticing(source_notebook("ps4")), Noticing(source_notebook("ps6"))
    softmax = "def softmax(Z): ..."
    assert ps4.tests("softmax", softmax) == ["test_softmax", "test_fit_softmax"]
    assert ps4.tests("accuracy_gap", "def accuracy_gap(logits, other, y): ...") == ["test_accuracy_gap"]
    assert "test_log_sum_exp" in ps4.tests("recall_and_precision", "def log_sum_exp(Z): ...")
    assert "test_MLP4" in ps6.tests("Linear", "class Linear: ...")


@pytest.mark.parametrize("name", ["ps4", "ps6"])
def test_questions_that_are_not_asked_answer_as_ever(name: str) -> None:
    notebook, variants = source_notebook(name), variants_of(name)
    for question in list(jobs.test_of(notebook))[:3]:
        chaff = variants.of(question).misconceptions[0]
        received = run_job(source_job(substitute(notebook, question, chaff.source), SEED))
        unasked = set(received) - set(Noticing(notebook).tests(question, chaff.source))
        assert {test for test in unasked if received[test] != expected_of(name)[test]} == set()
