"""What several test files need and takes seconds to make: made once, by whichever process comes first."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import pytest
from in_process import ROOT, SEED, run_job
from one_at_a_time import one_at_a_time

from autograder.misconceptions.kill_matrix import KillMatrix, kill_matrix
from autograder.misconceptions.variants import Misconception

_here: dict[str, object] = {}  # what this process made, where it runs the tests alone
FOLDER = "GRADUS_TESTS_MADE"  # a variable of the environment: where processes that run the tests together share

Made = TypeVar("Made")


def made_once(name: str, make: Callable[[], Made]) -> Made:
    """What `make` gives, from the process that was the first to ask for something of this name."""
    folder = os.environ.get(FOLDER)
    if not folder:
        if name not in _here:
            _here[name] = make()
        return cast(Made, _here[name])
    path = Path(folder) / f"{name}.pickle"
    with one_at_a_time(path.with_suffix(".lock")):
        if not path.is_file():
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_bytes(pickle.dumps(make()))
            unfinished.rename(path)
        return cast(Made, pickle.loads(path.read_bytes()))


def share(config: pytest.Config) -> None:
    """Let the processes of this run share what they make, if there are several."""
    if getattr(config.option, "numprocesses", None) and FOLDER not in os.environ:
        folder = os.environ[FOLDER] = tempfile.mkdtemp(prefix="gradus-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def matrix_of(problem_set: str) -> KillMatrix:
    """Every variant of a problem set against every question."""
    folder = ROOT / "solutions" / problem_set
    return made_once(f"kill-matrix-{problem_set}", lambda: kill_matrix(folder, run_job, SEED))


def answers_of_misconceptions(problem_set: str) -> dict[Misconception, list[bytes]]:
    """What each misconception answers to its own question, in a process of its own."""
    rows = matrix_of(problem_set).chaffs
    return {row.variant: row.answers for row in rows if isinstance(row.variant, Misconception)}
