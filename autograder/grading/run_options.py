"""What is asked of one grading run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunOptions:
    """How a grading run is done.

    `seed` None goes on with the last run's seed. `fresh` draws a new one (unless one is given) and believes no result
    from before. `sandbox` False runs student code with all the rights of this account.
    """

    workers: int = 0  # 0: one for each core
    seed: int | None = None
    fresh: bool = False
    feedback: bool = True
    sandbox: bool = True
