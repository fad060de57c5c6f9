"""The simulated queue of `benchmarks/cluster.py`, where it can be reckoned by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

from cluster_queue import Costs, simulate


@pytest.mark.parametrize(("machines", "cores"), [(1, 1), (2, 1), (1, 4), (8, 16)])
def test_runs_alone_are_shared_by_all_threads(machines: int, cores: int) -> None:
    took = simulate(1280, machines, cores, Costs([0.5], start=3.0))
    assert took.seconds == pytest.approx(3 + 1280 * 0.5 / (machines * cores))
    assert took.bottleneck == "workers"


def test_one_submission_takes_what_its_stations_take() -> None:
    took = simulate(1, 4, 4, Costs([0.5], client=0.2, marking=0.4, scheduler=0.1))
    assert took.seconds == pytest.approx(0.5 + 0.2 + 0.4 + 0.1)


@pytest.mark.parametrize(
    ("costs", "seconds", "bottleneck"),
    [
        (Costs([0.1], client=0.5), 500.0, "client"),
        (Costs([0.1], marking=0.5), 250.0, "marking"),
        (Costs([0.1], scheduler=0.5), 500.0, "scheduler"),
    ],
)
def test_the_slowest_station_decides(costs: Costs, seconds: float, bottleneck: str) -> None:
    took = simulate(1000, 64, 16, costs, client_cores=2)
    assert took.seconds == pytest.approx(seconds, rel=0.01)
    assert took.bottleneck == bottleneck
    assert took.busy[bottleneck] == pytest.approx(1.0, rel=0.01)


def test_no_station_is_busier_than_always_and_more_machines_are_never_slower() -> None:
    costs = Costs([0.2, 0.4], client=0.01, marking=0.02, scheduler=0.003, start=4.0)
    took = [simulate(1000, machines, 2, costs) for machines in (1, 8, 64)]
    assert all(0 <= part <= 1 + 1e-9 for one in took for part in one.busy.values())
    assert [one.seconds for one in took] == sorted((one.seconds for one in took), reverse=True)
