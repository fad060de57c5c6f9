"""The sandbox, seen from the trusted side: `with Worker() as worker: execution = worker.run(job, limits)`."""

from autograder.sandbox.errors import SandboxError, SandboxUnavailable
from autograder.sandbox.worker import PRELOAD, Worker, preload_for, unavailable

__all__ = ["PRELOAD", "SandboxError", "SandboxUnavailable", "Worker", "preload_for", "unavailable"]
