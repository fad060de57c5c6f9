"""The sandbox, seen from the trusted side: `with Worker() as worker: execution = worker.run(job, limits)`."""

from autograder.engine.sandbox.errors import SandboxError, SandboxUnavailable
from autograder.engine.sandbox.preload import PRELOAD, preload_for
from autograder.engine.sandbox.warm_process import WarmProcess, can_be_shared, unavailable
from autograder.engine.sandbox.worker import Worker

__all__ = [
    "PRELOAD",
    "SandboxError",
    "SandboxUnavailable",
    "WarmProcess",
    "Worker",
    "can_be_shared",
    "preload_for",
    "unavailable",
]
