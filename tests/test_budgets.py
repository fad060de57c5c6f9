"""A cell that trains has a budget of its own: how it is counted, stated, stood in for, and what comes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from in_process import ROOT, source_notebook
from torch import nn

from autograder.answers import networks
from autograder.answers.settings import Settings
from autograder.assignment.source import (
    Trained,
    budgeted,
    fingerprint,
    read_source,
    read_trained,
    stand_in,
    write_trained,
)
from autograder.authoring.lint import budget_findings
from autograder.authoring.training import stale
from autograder.course import Course
from autograder.engine.sandbox import Worker, unavailable
from autograder.feedback.leaderboard import NO_NAME, rows_of, write_leaderboard
from autograder.grading.problems import problems_of
from autograder.grading.standing import in_a_sentence, plain_name
from autograder.judging.own_network import shortfall
from autograder.records.execution import CellResult, CodeCell, Execution, Job, Limits, Problem
from autograder.records.report import Report, Result
from gradus.errors import GradusError
from gradus.hand_in.failures import failures
from gradus.hand_in.fresh_run import FreshRun, run_from_top
from gradus.notebook.cells import budget_of, label_of
from gradus.notebook.form import Notebook, canonical_text
from gradus.notebook.frame import KEY, frame_of, recorded_frame

PS8 = source_notebook("ps8")
TRAINING = next(cell for cell in PS8["cells"] if label_of(cell) == "training")


def code(source: str, budget: Any = None, label: str = "run", locked: bool = True) -> Notebook:
    metadata: Notebook = {"nbgrader": {"grade_id": label, "locked": locked, "grade": False, "solution": False}}
    if budget is not None:
        metadata["gradus_budget"] = {"cpu_seconds": budget}
    return {"cell_type": "code", "id": label, "metadata": metadata, "source": source}


def text(source: str) -> Notebook:
    return {"cell_type": "markdown", "id": "prompt", "metadata": {}, "source": source}


# Where it stands


@pytest.mark.parametrize("broken", [0, -1, True, "600", None, float("nan"), float("inf"), 10**9, []])
def test_what_is_no_number_of_seconds_is_no_budget(broken: Any) -> None:
    assert budget_of(code("", broken)) is None
    assert budget_of({**code(""), "metadata": {"gradus_budget": broken}}) is None


def test_a_budget_is_released_and_recorded_in_the_frame() -> None:
    released = json.loads((ROOT / "exercises" / "ps8" / "ps8.ipynb").read_text(encoding="utf-8"))
    assert budgeted(released) == budgeted(PS8) == {"training": 600.0}
    assert recorded_frame(released).budgets == {"training": 600.0}
    assert frame_of("ps8", released).as_dict() == released["metadata"][KEY]
    assert '"cpu_seconds": 600' in canonical_text(released)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([text("It has **600 processor seconds**."), code("", 600)], []),
        ([text("It has **1,200 processor seconds**."), code("", 1200)], []),
        ([text("It has **300 processor seconds**."), code("", 600)], ["which no text says", "promises 300"]),
        ([text("It has 600 seconds."), code("", 600)], ["which no text says"]),
        ([text("It has **600 processor seconds**.")], ["promises 600"]),
        ([text("It has **600 processor seconds**."), code("", 600, locked=False)], ["students may change it"]),
        ([code("", "many")], ["cannot be read"]),
    ],
)
def test_the_prompt_and_the_budget_say_the_same(cells: list[Notebook], says: list[str]) -> None:
    found = [finding for _, finding in budget_findings({"cells": cells})]
    assert len(found) == len(says)
    assert all(part in finding for part, finding in zip(says, found, strict=True))


# What stands in for a training


def test_what_is_kept_is_of_these_very_cells() -> None:
    assert list(stale(Course(ROOT), "ps8")) == []
    kept = read_trained(ROOT / "solutions" / "ps8")["training"]
    assert kept.accuracy >= 0.9
    assert kept.cpu_seconds < 600


def test_other_cells_are_trained_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ps8"
    folder.mkdir()
    path = folder / "ps8.ipynb"
    notebook = {**copy.deepcopy(PS8), "nbformat": 4, "nbformat_minor": 5}
    notebook.pop("gradus_trained")
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert stand_in(read_source(path), TRAINING) is None
    kept = Trained(fingerprint(notebook, "training"), 0.9, 60.0, "abc" * 100)
    write_trained(folder, {"training": kept})
    assert read_trained(folder) == {"training": kept}
    assert "abcabc" in str(stand_in(read_source(path), TRAINING))
    answer = next(cell for cell in notebook["cells"] if label_of(cell) == "build_network")
    answer["source"] = [line.replace("24", "25") for line in answer["source"]]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert stand_in(read_source(path), TRAINING) is None
    (folder / "trained.json").write_text("{", encoding="utf-8")
    with pytest.raises(GradusError, match="run `gradus train ps8`"):
        read_source(path)


def test_weights_are_kept_in_half_precision() -> None:
    first, second = (nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Linear(4, 5)) for _ in range(2))
    networks.with_weights(second, networks.weights_of(first))
    for one, two in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.allclose(one.float(), two.float(), atol=1e-3)
    with pytest.raises(ValueError, match="another network"):
        networks.with_weights(nn.Linear(2, 2), networks.weights_of(first))


# What is asked of a student's own network


NETWORK = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 26 * 26, 10))
LABELS, PREDICTED = torch.tensor([1, 1, 1, 2, 5, 5]), torch.tensor([1, 3, 3, 2, 0, 0])


@pytest.mark.parametrize(
    ("asked", "told", "right", "wrong"),
    [
        ("parameters", networks.layers(NETWORK), [20, 13530], ([20], [20, 13531], (13530, 20), None, 20, "20")),
        (
            "multiplications",
            networks.calls(NETWORK, torch.rand(4, 1, 28, 28)),
            4 * (2 * 26 * 26 * 9 + 13520),
            (0, 4 * 13520, None, [], 102_752.0 + 1),
        ),
        (
            "confusions",
            networks.predictions(lambda _: PREDICTED, LABELS, LABELS),
            (1, 3),
            ((5, 0), (3, 1), None, 13, [1, 3, 3]),
        ),
    ],
)
def test_a_claim_is_held_against_what_is_told_of_the_network(asked: str, told: Any, right: Any, wrong: Any) -> None:
    expected = (told, None)
    assert shortfall((told, right), asked, expected) is None
    for claim in wrong:
        assert shortfall((told, claim), asked, expected) is not None, claim


@pytest.mark.parametrize("asked", ["parameters", "multiplications", "confusions"])
@pytest.mark.parametrize(
    "told",
    [
        None,
        3,
        "x",
        {},
        [None],
        [[None]],
        [[["a"]]],
        [[[-1]]],
        [[[2**41]]],
        [[[2**40, 2**40]]],
        [[[2**39] * 100_000]],
        [[1.5]],
        [[[True]]],
        [],
    ],
)
def test_what_is_no_network_earns_nothing_and_raises_nothing(asked: str, told: Any) -> None:
    expected = ([[1, 2], [1, 2]], None)
    if asked == "parameters" and told == []:
        assert shortfall((told, [1]), asked, expected) is not None
        return
    claims = (None, [], 0, [0], (0, 0), [1], 1)
    earned = [claim for claim in claims if shortfall((told, claim), asked, expected) is None]
    assert earned == ([0] if asked == "multiplications" and told == [] else [])
    for content in (None, (), (told,), [told, 0]):
        assert shortfall(content, asked, expected) is not None


def test_the_labels_are_those_that_the_grader_gave() -> None:
    """Whoever tells of other labels is not believed."""
    truth = networks.predictions(lambda _: PREDICTED, LABELS, LABELS)
    told = [[7] * 6, PREDICTED.tolist()]
    assert shortfall((told, (7, 0)), "confusions", (truth, None)) is not None
    assert shortfall((told, (1, 3)), "confusions", (truth, None)) is None


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of"):
        Settings(own="colour")


# The leaderboard


def result(student: str, accuracy: float | None, seconds: float = 50.0, name: str = "") -> Result:
    stands: dict[str, Any] = {"cpu_seconds": seconds, "name": name}
    if accuracy is not None:
        stands |= {"accuracy": accuracy, "images": 8000, "error_bar": 0.007, "parameters": 1234}
    return Result(student, "graded", 0.0, {}, [], "", standing=stands if accuracy is not None else {})


CLASS = [
    result("ada", 0.91, 70.0, "Fast"), result("ben", None), result("cleo", 0.93, 400.0, "ada"),
    result("dan", 0.91, 60.0, "fast"), result("eve", 0.85),
]  # fmt: skip


def test_the_board_ranks_networks_and_names_no_student(tmp_path: Path) -> None:
    report = Report("ps8", [], CLASS, [], 1, {})
    rows = rows_of(report)
    assert [(row["rank"], row["name"]) for row in rows] == [(1, NO_NAME), (2, "fast"), (2, "Fast 2"), (4, NO_NAME)]
    page = write_leaderboard(Course(tmp_path), report)
    assert page == tmp_path / "leaderboard" / "ps8.md"
    shown = page.read_text(encoding="utf-8")
    assert not [result.student for result in CLASS if result.student in shown.casefold().split()]
    assert "| 2 | fast | 91.00% ± 0.70% | 60 | 1,234 |" in shown
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["rows"] == rows


def test_a_set_without_networks_has_no_board(tmp_path: Path) -> None:
    assert write_leaderboard(Course(tmp_path), Report("ps4", [], [result("ben", None)], [], 1, {})) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("Deep  Thought", "Deep Thought"), ("<script>x</script>", "script x script"), ("a|b [c](d) `e`", "a b c d e"),
        ("\x1b[31mred", "31mred"), ("十 channels", "十 channels"), ("x" * 99, "x" * 24), ("***", ""),
    ],
)  # fmt: skip
def test_a_name_is_plain(chosen: str, shown: str) -> None:
    assert plain_name(chosen) == shown


def test_the_student_reads_how_good_the_network_is() -> None:
    said = in_a_sentence({"accuracy": 0.9, "images": 8000, "error_bar": 0.0067, "cpu_seconds": 61.2})
    assert "90.0% of 8,000 held-out images right (± 0.7%), after 61 processor seconds" in said
    assert in_a_sentence({"cpu_seconds": 3.0}) == ""


# How it is counted

SPIN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end:\n    pass\ndone = 1"


@pytest.mark.slow("a sandbox")
@pytest.mark.skipif(unavailable() is not None, reason=unavailable() or "")
def test_a_budget_is_beside_the_other_limits_and_ends_its_cell_alone() -> None:
    cells = (
        CodeCell(0, SPIN.format(1.5), budget=60.0),  # longer than a cell may, and than all may
        CodeCell(1, SPIN.format(60), budget=1.0),
        CodeCell(2, "print(done)"),
        CodeCell(3, SPIN.format(60)),
    )
    limits = Limits(cell_seconds=0.7, visible_seconds=1.2, cpu_seconds=2)
    with Worker() as worker:
        execution = worker.run(Job(cells, (), 1), limits)
    assert [cell.state for cell in execution.cells] == ["ok", "timeout", "ok", "timeout"]
    assert execution.cells[0].ran >= 1.4
    assert 0.9 <= execution.cells[1].ran < 30
    assert execution.cells[2].ran is None
    assert execution.problems == [Problem("spent", 1), Problem("stopped", 3)]


def test_who_spends_the_budget_is_told_which_cell_and_how_much() -> None:
    from nbformat import from_dict

    notebook = from_dict({"cells": [code("train()", 600, "training")], "metadata": {}})
    execution = Execution([CellResult(0)], [], [Problem("spent", 0)])
    (said,) = problems_of(notebook, execution, Limits())
    assert said.startswith("cell `training` was stopped when its budget of 600 processor seconds was spent")


@pytest.mark.slow("a kernel")
def test_preflight_counts_processor_seconds_beside_its_limit() -> None:
    cells = [code(SPIN.format(0.5)), code("print(done)", label="after")]
    run = run_from_top({"cells": cells}, 60.0, budgets={0: 30.0})
    assert run.errors == ()
    assert 0.4 < run.spent[0] < 20
    assert failures(run, cells, [], set(), {0: 30.0}) == []


@pytest.mark.parametrize(("spent", "kind"), [(20.0, None), (58.0, "note"), (61.0, "problem")])
def test_preflight_says_how_near_the_budget_is(spent: float, kind: str | None) -> None:
    cells = [code("train()")]
    run = FreshRun((), {0: 500.0}, frozenset(), 120.0, {0: spent})
    found = failures(run, cells, [], set(), {0: 60.0})
    assert [finding.kind for finding in found] == ([kind] if kind else [])
