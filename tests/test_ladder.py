"""The ladder says of each rung what was climbed, and of what was too long that it was not."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")


@pytest.fixture
def ladder(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module("ladder")


def test_a_rung_that_takes_too_long_is_not_climbed(ladder: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_seconds_of_an_epoch", lambda *_: 1e6)
    monkeypatch.setattr(ladder, "_climbed", lambda *_: pytest.fail("it was climbed"))
    results = ladder.climb(CPU, seeds=1, seconds=10)["rungs"]
    assert len(results) == len(ladder.RUNGS)
    assert all(result["reached"] == result["seeds"] == 0 and result["epoch"] == 1e6 for result in results.values())
    assert "not climbed" in ladder._line(ladder.RUNGS[0], results[ladder.RUNGS[0].name])


def test_only_runs_that_got_there_have_seconds(ladder: ModuleType) -> None:
    histories = [ladder.History(val={"acc": accs}, seconds=[2.0] * len(accs)) for accs in ([0.8, 0.89], [0.8, 0.85])]
    summary = ladder._summary(ladder.RUNGS[0], histories, [0.88, 0.84])
    assert (summary["seeds"], summary["reached"], summary["seconds"], summary["epochs"]) == (2, 1, 4.0, 2)
    assert summary["best accuracy"] == 0.89


def test_the_networks_of_all_rungs_give_ten_logits(ladder: ModuleType) -> None:
    for rung in ladder.RUNGS:
        assert rung.model(rung.epochs)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert {rung.target for rung in ladder.RUNGS} == {0.8833, 0.94}


def test_augmented_pictures_are_the_same_pictures_moved_or_mirrored(ladder: ModuleType) -> None:
    torch.manual_seed(0)
    pictures = torch.zeros(50, 1, 28, 28)
    pictures[:, 0, 10, 8] = 1
    made = ladder.augmented(pictures)
    assert made.shape == pictures.shape
    places = {tuple(place) for place in made[:, 0].nonzero()[:, 1:].tolist()}
    assert made.sum() == 50
    assert len(places) == 2  # as it is, and mirrored
    assert all(8 <= line <= 12 and (6 <= column <= 10 or 17 <= column <= 21) for line, column in places)
