"""What a worker of the cluster does, in its own process: `dask worker ADDRESS --preload autograder.cluster.worker`.

A process has one warm process and a sandbox for each of its threads. They start when the worker is met, stay for the
next run, and end with the process.
"""

from __future__ import annotations

import atexit
import hashlib
import platform
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from distributed import get_worker

import gradus
from autograder.cluster.machine import Cores, MachineTurns, lock_folder
from autograder.engine.pool import Pool
from autograder.engine.sandbox import SandboxError, unavailable
from autograder.records.execution import Execution, Job, Limits
from gradus.datasets.catalog import DATA_SETS
from gradus.datasets.fetch import missing_files
from gradus.errors import GradusError

Facts = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Settings:
    """What sandboxes are made with."""

    limits: Limits
    sandbox: bool
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """Why a job has no execution: this worker has no sandbox, or the sandbox broke down again and again."""

    kind: Literal["unavailable", "broke"]
    why: str


@dataclass(frozen=True)
class Introduction:
    """What a worker says of itself, before it gets work."""

    host: str
    threads: int
    facts: dict[str, str]
    obstacle: str | None  # why it has no sandbox


def facts_here(more: Facts) -> dict[str, str]:
    """What must be the same on two machines for them to give the same marks, by name."""
    data = {f"data of {each.name}": "missing" if missing_files(each) else "there" for each in DATA_SETS}
    return {**more(), "library": _library_digest(), "processor": platform.machine(), **data}


def introduce(more: Facts, settings: Settings) -> Introduction:
    """Say what this worker is, and begin to start its sandboxes."""
    obstacle = unavailable() if settings.sandbox else None
    if obstacle is None:
        with _engines.of(settings) as pool:
            pool.warm()
    return Introduction(platform.node(), _threads(), facts_here(more), obstacle)


def execute(job: Job, settings: Settings) -> Execution | Ended:
    """Run a job in a sandbox of this worker.

    Raises:
        ValueError: the job itself is wrong.
    """
    try:
        with _engines.of(settings) as pool:
            return pool.submit(lambda runner: runner.run(job)).result()
    except GradusError as error:
        return Ended("unavailable", str(error))
    except SandboxError as error:
        return Ended("broke", str(error))


def nothing() -> None:
    """No work at all: what the way there and back costs."""


@dataclass
class _Engine:
    """Sandboxes that were made with the same settings."""

    pool: Pool[Any, Any]
    cores: Cores
    users: int = 0

    def close(self) -> None:
        """End it now: either nothing runs, or nobody waits for it any more."""
        self.pool.stop()
        self.pool.__exit__(None, None, None)
        self.cores.give_back()


@dataclass
class _Engines:
    """The sandboxes of this process. Those of another run's settings end when a run with new ones begins."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made: dict[Settings, _Engine] = field(default_factory=dict)

    @contextmanager
    def of(self, settings: Settings) -> Iterator[Pool[Any, Any]]:
        with self._lock:
            if settings not in self._made:
                for other in [each for each, engine in self._made.items() if not engine.users]:
                    self._made.pop(other).close()
                self._made[settings] = _engine(settings)
            engine = self._made[settings]
            engine.users += 1
        try:
            yield engine.pool
        finally:
            with self._lock:
                engine.users -= 1

    def close(self) -> None:
        with self._lock:
            while self._made:
                self._made.popitem()[1].close()


def _engine(settings: Settings) -> _Engine:
    folder, size = lock_folder(), _threads()
    turns = None if folder is None else MachineTurns(folder)
    cores = Cores(folder, size)
    pool: Pool[Any, Any] = Pool.of_sandboxes(
        size, settings.limits, settings.sandbox, settings.modules, turns=turns, cores=cores.numbers
    )
    return _Engine(pool, cores)


def _threads() -> int:
    """How many jobs Dask gives this worker at once."""
    return int(get_worker().state.nthreads)


@cache
def _library_digest() -> str:
    """Of every module of `gradus`, which submissions can import."""
    folder = Path(gradus.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


_engines = _Engines()
atexit.register(_engines.close)


def dask_teardown(_: object) -> None:
    """End the sandboxes with the worker; Dask calls it by this name."""
    _engines.close()
