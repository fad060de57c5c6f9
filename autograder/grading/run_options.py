"""What is asked of one grading run, or of a regrade."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.cluster.scheduler import Scheduler


@dataclass(frozen=True)
class RunOptions:
    """How a grading run is done.

    `seed` None goes on with the last run's seed. `fresh` draws a new one (unless one is given) and believes no result
    from before. `sandbox` False runs student code with all the rights of this account. With a `scheduler` its workers
    run the submissions, whatever `workers` says.
    """

    workers: int = 0  # 0: one for each core
    seed: int | None = None
    fresh: bool = False
    feedback: bool = True
    sandbox: bool = True
    scheduler: Scheduler | None = None


@dataclass(frozen=True)
class RegradeOptions:
    """What is asked of one regrade.

    `questions` and `students` limit it; () is all. `accept` writes what comes of it, but for marks that fall; these
    too with `falls`.
    """

    questions: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    accept: bool = False
    falls: bool = False
    workers: int = 0  # 0: one for each core
    feedback: bool = True
    sandbox: bool = True
