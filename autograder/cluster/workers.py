"""Which workers there are, what each has to do, and which job a lost worker is to blame on. Knows nothing of Dask.

Dask would give a worker more than it can begin, and counts what waits there as run there when the worker is lost. So
the seats of each worker are given out here, and a job that may have ended its worker is given one for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradus.errors import GradusError

_AHEAD = 1  # jobs that wait at a worker, so that it has the next one when one is through
_LOOK_SECONDS = 1.0


@dataclass
class Seat:
    """A place at a worker for one job."""

    address: str
    lost: bool = False  # the worker is gone, and the job with it
    pending: Future[Any] | None = None

    def lose(self) -> None:
        self.lost = True
        self.cancel()

    def cancel(self) -> None:
        if self.pending is not None:
            self.pending.cancel()


@dataclass
class _Worker:
    threads: int
    seats: list[Seat] = field(default_factory=list)
    is_reserved: bool = False  # for one job, alone

    @property
    def load(self) -> float:
        return len(self.seats) / self.threads


class Workers:
    """The workers of a cluster. Its methods may be called from several threads.

    Args:
        patience: seconds that are waited for a first worker, and for another one when the last is gone.
        nobody: the sentence that is said then.
        check: called while somebody waits; raises when there is nothing to wait for.
    """

    def __init__(self, patience: float, nobody: str, check: Callable[[], None] = lambda: None) -> None:
        self._patience, self._nobody, self._check = patience, nobody, check
        self._changed = threading.Condition()
        self._workers: dict[str, _Worker] = {}
        self._expected: dict[str, Seat] = {}  # they have joined, and are being asked who they are
        self._since = time.monotonic()  # when there was last somebody to wait for
        self._end: str | None = None
        self.refused: dict[str, str] = {}  # why, in sentences, by address

    @property
    def threads(self) -> int:
        """Jobs that can run at once now."""
        with self._changed:
            return sum(worker.threads for worker in self._usable().values())

    @property
    def addresses(self) -> list[str]:
        """Those that get work."""
        with self._changed:
            return list(self._usable())

    def expect(self, address: str) -> Seat | None:
        """A worker has joined: a seat to ask it from who it is, or None if that is no news."""
        with self._changed:
            if address in self._expected or address in self._workers:
                return None
            self.refused.pop(address, None)  # another one had this address
            return self._expected.setdefault(address, Seat(address))

    def admit(self, address: str, threads: int) -> None:
        """A worker gets work from now on."""
        with self._changed:
            if address in self._expected:  # else it is gone again
                del self._expected[address]
                self._workers[address] = _Worker(threads)
                self._changed.notify_all()

    def refuse(self, address: str, why: str) -> None:
        """A worker gets no work any more."""
        with self._changed:
            self.refused[address] = why
            self._expected.pop(address, None)
            self._changed.notify_all()

    def leave(self, address: str) -> None:
        """A worker is gone, and what it had to do with it."""
        with self._changed:
            for seat in self._seats(address):
                seat.lose()
            self._workers.pop(address, None)
            self._expected.pop(address, None)
            self._changed.notify_all()

    def end(self, why: str) -> str:
        """Nobody gets a seat any more, and who has one waits for nothing; gives what was the first reason to end."""
        with self._changed:
            self._end = self._end or why
            for address in [*self._workers, *self._expected]:
                for seat in self._seats(address):
                    seat.cancel()
            self._changed.notify_all()
            return self._end

    @contextmanager
    def seat(self, alone: bool = False) -> Iterator[Seat]:
        """A seat at the worker that has the least to do; `alone` is a worker that has nothing else to do meanwhile.

        Raises:
            GradusError: there is no worker, or no cluster any more.
        """
        with self._changed:
            address, worker = self._wait_for(self._free_for_one if alone else self._least_busy)
            if alone:
                worker.is_reserved = True
                while worker.seats and address in self._workers:
                    self._wait()
            seat = Seat(address, lost=self._workers.get(address) is not worker)
            worker.seats.append(seat)
        try:
            yield seat
        finally:
            with self._changed:
                worker.seats.remove(seat)
                worker.is_reserved = worker.is_reserved and not alone
                self._changed.notify_all()

    def attach(self, seat: Seat, pending: Future[Any]) -> None:
        """What the job at a seat waits for; it is cancelled when the worker goes."""
        with self._changed:
            seat.pending = pending
            if seat.lost or self._end is not None:
                seat.cancel()

    def _seats(self, address: str) -> list[Seat]:
        if address in self._expected:
            return [self._expected[address]]
        return self._workers[address].seats if address in self._workers else []

    def _least_busy(self) -> str | None:
        free = {
            address: worker
            for address, worker in self._usable().items()
            if not worker.is_reserved and len(worker.seats) < worker.threads + _AHEAD
        }
        return min(free, key=lambda address: free[address].load, default=None)

    def _free_for_one(self) -> str | None:
        free = {address: worker for address, worker in self._usable().items() if not worker.is_reserved}
        return min(free, key=lambda address: free[address].load, default=None)

    def _wait_for(self, choose: Callable[[], str | None]) -> tuple[str, _Worker]:
        while True:
            self._require_hope()
            address = choose()
            if address is not None:
                return address, self._workers[address]
            self._wait()

    def _wait(self) -> None:
        self._changed.wait(_LOOK_SECONDS)
        self._require_hope()

    def _require_hope(self) -> None:
        if self._end is None:
            self._check()
        if self._end is not None:
            raise GradusError(self._end)
        if self._expected or self._usable():
            self._since = time.monotonic()
        elif time.monotonic() - self._since > self._patience:
            raise GradusError("\n".join([self._nobody, *self.refused.values()]))

    def _usable(self) -> dict[str, _Worker]:
        return {address: worker for address, worker in self._workers.items() if address not in self.refused}
