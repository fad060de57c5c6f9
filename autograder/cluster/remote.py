"""A runner whose jobs run on the workers of a Dask cluster; the only file here that speaks to a scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import uuid
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, cast

from autograder.cluster.scheduler import Scheduler
from autograder.cluster.worker import Ended, Facts, Introduction, Settings, execute, facts_here, introduce
from autograder.cluster.workers import Seat, Workers
from autograder.engine.sandbox import SandboxError
from autograder.records.execution import Execution, Job
from gradus.errors import GradusError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what libraries say of each other
    import dask
    from distributed import Client, KilledWorker, LocalCluster, Security
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

PATIENCE_SECONDS = 60.0  # for a first worker, and for another one when the last is gone
TRIALS_ALONE = 2  # of a job whose worker ended, each at a worker that has nothing else to do
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 3.0
_MEETINGS = 64  # at once: a worker is met when it has a thread that is free
_SILENT = logging.CRITICAL + 1
_QUIET = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a notebook may be large, and says nothing of our code
    "distributed.client.scheduler-info-interval": "60s",
}
# A worker's memory is not watched by Dask: submissions have limits of their own, and run in other processes.
_LOCAL = {
    "threads_per_worker": 1,
    "memory_limit": 0,
    "dashboard_address": None,
    "silence_logs": _SILENT,
    "preload": "autograder.cluster.worker",
}


class Remote:
    """Runs jobs on the workers that a scheduler has, those that join later too. Serves any number of threads.

    A job whose worker ends is given to another one, and from then on alone. When it was alone `TRIALS_ALONE` times as
    its worker ended, it is given up; what merely ran beside such a job, or waited behind it, is not.

    Args:
        facts: gives what must be the same here and on a worker, by name; a function that a worker can import.

    Raises:
        GradusError: the scheduler does not answer.
    """

    def __init__(self, scheduler: Scheduler, settings: Settings, facts: Facts) -> None:
        self._settings, self._facts = settings, facts
        self._here = facts_here(facts)
        self._stopped = threading.Event()
        self._name = scheduler.address or "this machine's cluster"
        _silence()
        self._client, self._cluster = _connected(scheduler)
        self._loop = cast(Any, self._client.loop).asyncio_loop
        self._loop.set_exception_handler(lambda *_: None)  # what a client leaves behind when a worker goes
        start = f"\nStart some on each machine: {scheduler.worker_command}" if scheduler.address else ""
        nobody = (
            f"{self._name} has no worker that could grade; {PATIENCE_SECONDS:g} seconds were waited for one.{start}"
        )
        self.workers = Workers(PATIENCE_SECONDS, nobody, self._check)
        self._hosts = ThreadPoolExecutor(_MEETINGS, "gradus-meets")
        self._client.subscribe_topic("all", self._heard)
        for address in self._client.scheduler_info()["workers"]:
            self._expect(address)

    @property
    def notes(self) -> list[str]:
        """Sentences on workers that got no work."""
        return list(self.workers.refused.values())

    def warm(self) -> None:
        """Nothing is left to start: sandboxes start when a worker is met."""

    def run(self, job: Job) -> Execution:
        """Run a job on a worker.

        Raises:
            GradusError: there is no worker that could, no scheduler any more, or it was stopped.
            SandboxError: the sandbox, or the workers, broke down again and again; another submission may fare better.
        """
        return self.do(execute, job, self._settings)

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Have a function called on a worker, as `run` has `execute`; gives what it gives."""
        losses = 0
        while losses <= TRIALS_ALONE:
            with self.workers.seat(alone=losses > 0) as seat:
                outcome = self._ask(seat, function, *arguments)
            if seat.lost:
                losses += 1
            elif not isinstance(outcome, Ended):
                return outcome
            elif outcome.kind == "broke":
                raise SandboxError(outcome.why)
            else:
                self.workers.refuse(seat.address, f"worker {seat.address} got no work: {outcome.why}")
        raise SandboxError(
            f"the worker that ran it ended, {losses} times, {TRIALS_ALONE} of them while nothing else ran there"
        )

    def stop(self) -> None:
        """Wait for nothing any more; for another thread. What runs on workers ends by itself, and is forgotten."""
        self._stopped.set()
        self.workers.end("grading was stopped.")

    def close(self) -> None:
        """Leave the cluster, and end it if it was made here."""
        self.workers.end("grading was stopped.")
        self._hosts.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.unsubscribe_topic("all")  # or it tells us that we leave, and fails
            self._client.close(timeout=_CLOSE_SECONDS)
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._cluster.close(timeout=_CLOSE_SECONDS)

    def _ask(self, seat: Seat, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function gives at a worker, unless the seat is lost."""
        if seat.lost:
            return None
        try:
            future = self._client.submit(
                function,
                *arguments,
                key=f"gradus-{uuid.uuid4().hex}",
                workers=[seat.address],
                allow_other_workers=False,
            )
            pending = asyncio.run_coroutine_threadsafe(self._client.gather(future, asynchronous=True), self._loop)
        except Exception:
            self._check()  # nothing can be submitted to a scheduler that is gone
            raise
        self.workers.attach(seat, pending)
        try:
            return pending.result()
        except KilledWorker:  # a scheduler that counts to less than we do
            seat.lost = True
        except (CancelledError, FutureCancelledError, asyncio.CancelledError, CommClosedError):
            if not seat.lost:
                raise GradusError(self.workers.end(self._gone())) from None
        finally:
            future.release()
        return None

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        """The scheduler says that a worker joined or went; in the client's loop, so nothing here may wait."""
        match event[1]:
            case {"action": "add-worker", "worker": address}:
                self._expect(address)
            case {"action": "remove-worker", "worker": address}:
                self.workers.leave(address)

    def _expect(self, address: str) -> None:
        seat = self.workers.expect(address)
        if seat is not None:
            with contextlib.suppress(RuntimeError):  # we are leaving
                self._hosts.submit(self._meet, seat)

    def _meet(self, seat: Seat) -> None:
        """Ask a worker what it is, and give it work or say why not."""
        address = seat.address
        try:
            found = self._ask(seat, introduce, self._facts, self._settings)
        except GradusError:
            return  # there is no cluster any more
        except Exception as error:  # it could not even be asked: it has none of this, or another version
            self.workers.refuse(
                address,
                f"worker {address} got no work, as it cannot say what it is ({type(error).__name__}: {error}). "
                "Install the same version of this course there, and start its workers again.",
            )
            return
        if isinstance(found, Introduction):
            why = self._why_not(found)
            if why is None:
                self.workers.admit(address, found.threads)
            else:
                self.workers.refuse(address, f"worker {address} on {found.host} got no work: {why}")

    def _why_not(self, found: Introduction) -> str | None:
        """Why a worker would not give the marks that this machine gives."""
        if found.obstacle is not None:
            return f"{found.obstacle}."
        names = sorted(self._here.keys() | found.facts.keys())
        differing = [name for name in names if self._here.get(name) != found.facts.get(name)]
        if not differing:
            return None
        each = [f"{name} is {found.facts.get(name)} there and {self._here.get(name)} here" for name in differing]
        return (
            f"{'; '.join(each)}. Install the same version of this course with its locked requirements, fetch its data "
            "(`gradus data`), and start its workers again."
        )

    def _check(self) -> None:
        """Raises when there is no scheduler any more."""
        if self._client.status != "running" and not self._stopped.is_set():
            raise GradusError(self._gone())

    def _gone(self) -> str:
        return (
            f"the scheduler at {self._name} cannot be reached any more. What was graded until then is kept: start a "
            "scheduler and workers, and the same command goes on from there."
        )


def _silence() -> None:
    """What happens is said by us, in a sentence; Dask's own words would be a traceback for each worker that goes."""
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        log = logging.getLogger(name)
        log.handlers, log.propagate = [logging.NullHandler()], False
    dask.config.set(_QUIET)


def _connected(scheduler: Scheduler) -> tuple[Client, LocalCluster | None]:
    """A client of the scheduler, and the cluster if it was made for this.

    Raises:
        GradusError: the scheduler does not answer, or not to us.
    """
    security = None
    if scheduler.is_encrypted:
        security = Security(
            tls_ca_file=str(scheduler.ca_file),
            tls_client_cert=str(scheduler.certificate),
            tls_client_key=str(scheduler.key),
            require_encryption=True,
        )
    cluster: LocalCluster | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions are compared by us, worker by worker
        try:
            if not scheduler.address:
                cluster = LocalCluster(n_workers=scheduler.workers or None, **_LOCAL)
            return Client(
                cluster or scheduler.address,
                security=security,
                timeout=_CONNECT_SECONDS,
                set_as_default=False,
                name="gradus",
            ), cluster
        except (OSError, ValueError) as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[-1]
            cure = (
                "its certificate and ours must be of the authority in --tls-ca-file"
                if scheduler.is_encrypted
                else "start one with `dask scheduler`, or give the certificates that it asks for"
            )
            raise GradusError(
                f"no scheduler answers us at {scheduler.address or 'this machine'} ({said}); {cure}."
            ) from None
