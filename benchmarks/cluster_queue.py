"""A class that is graded on many machines, as a queue: how long it takes, and what it waits for.

A submission's way: the client's process, one thread at a time for Python's lock; one of its marking processes, as many
as it has cores; the scheduler, one job at a time; a thread of a worker; and back through the first two. The client has
only so many submissions under way. Time is simulated event by event, with service times that were measured; nothing is
drawn at random but which of the measured runs a submission has.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LEAST_AHEAD = 64  # submissions under way, as `autograder.grading.run` has them


@dataclass(frozen=True)
class Costs:
    """Seconds of a submission at each station; `run` are measured ones, of which each submission has one."""

    run: Sequence[float]
    client: float = 0.0  # of the client's own process: one half before the run, the other after it
    marking: float = 0.0  # of the processes that read and judge: likewise
    scheduler: float = 0.0
    start: float = 0.0  # once, until workers have begun


@dataclass(frozen=True)
class Took:
    """What a class took, and how busy each station was, as a part of its time."""

    seconds: float
    busy: dict[str, float]

    @property
    def bottleneck(self) -> str:
        return max(self.busy, key=lambda station: self.busy[station])


class _Station:
    """Servers that take who comes first."""

    def __init__(self, servers: int, start: float) -> None:
        self.free = [start] * servers
        self.work = 0.0

    def serve(self, comes: float, seconds: float) -> float:
        """When somebody who comes at a time is through; calls come in the order of these times."""
        begins = max(comes, heapq.heappop(self.free))
        heapq.heappush(self.free, begins + seconds)
        self.work += seconds
        return begins + seconds

    def busy(self, until: float) -> float:
        return self.work / (until * len(self.free))


def simulate(submissions: int, machines: int, cores: int, costs: Costs, client_cores: int = 2, seed: int = 0) -> Took:
    """Grade a class on machines with so many cores each, a thread for each core."""
    draw = random.Random(seed)
    runs = [costs.run[draw.randrange(len(costs.run))] for _ in range(submissions)]
    threads = machines * cores
    stations = {
        "client": _Station(1, 0.0),
        "marking": _Station(client_cores, 0.0),
        "scheduler": _Station(1, 0.0),
        "workers": _Station(threads, costs.start),
    }
    way = ("client", "marking", "scheduler", "workers", "marking", "client")
    seconds = {"client": costs.client / 2, "marking": costs.marking / 2, "scheduler": costs.scheduler}
    begun = min(max(_LEAST_AHEAD, 2 * threads), submissions)
    events = [(0.0, number, 0) for number in range(begun)]  # the time, the submission, and how far it is on its way
    end = 0.0
    while events:
        now, number, step = heapq.heappop(events)
        if step < len(way):
            took = runs[number] if way[step] == "workers" else seconds[way[step]]
            heapq.heappush(events, (stations[way[step]].serve(now, took), number, step + 1))
            continue
        end = max(end, now)
        if begun < submissions:
            heapq.heappush(events, (now, begun, 0))
            begun += 1
    return Took(end, {name: station.busy(end) for name, station in stations.items()})


def table(costs: Costs, client_cores: int = 2) -> list[dict[str, Any]]:
    """Classes of 10,000 and 100,000 on 1, 8 and 64 machines of 2 and 16 cores."""
    rows = []
    for submissions, machines, cores in itertools.product((10_000, 100_000), (1, 8, 64), (2, 16)):
        took = simulate(submissions, machines, cores, costs, client_cores)
        row = {"submissions": submissions, "machines": machines, "cores": cores, "minutes": took.seconds / 60}
        rows.append({**row, "per minute": 60 * submissions / took.seconds, "waits for": took.bottleneck, **took.busy})
    return rows


def as_markdown(rows: list[dict[str, Any]]) -> str:
    lines = ["| submissions | machines | cores each | minutes | a minute | waits for |", f"|{'---:|' * 5}---|"]
    for row in rows:
        numbers = f"{row['submissions']:,} | {row['machines']} | {row['cores']} | {row['minutes']:.1f}"
        busy = f"{row['waits for']}, {row[row['waits for']]:.0%} busy"
        lines.append(f"| {numbers} | {row['per minute']:,.0f} | {busy} |")
    return "\n".join(lines)
