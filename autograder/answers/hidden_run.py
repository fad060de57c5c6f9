"""Which hidden test is running, from which seed, and where its answers go."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from autograder.answers.usual import Tensors

_seed_python, _seed_numpy = random.seed, np.random.seed
_seed_torch = torch.default_generator.manual_seed  # torch.manual_seed also walks the stack for CUDA: 100 times slower


class HiddenRun:
    """One run of one hidden test.

    Args:
        seed: of the grading run. Together with `question` it fixes the inputs and the random numbers of each answer.
        question: the question's name.
        ambient: changes the random numbers that the student's function draws, and nothing else. The reference is run
            with two: an answer that follows it depends on luck.
        send: takes the frame of an answer; None outside the grader, where nothing is sent and errors are raised.
        notebook: the names that the notebook's cells left; `of_tests` those that test cells bound.
        own: what the notebook has set for the tensors that it makes, if it is to hold while functions answer.
    """

    def __init__(
        self,
        seed: int = 0,
        question: str = "",
        ambient: int = 0,
        send: Callable[[bytes], None] | None = None,
        notebook: dict[str, Any] | None = None,
        of_tests: Mapping[str, Any] | None = None,
        own: Tensors | None = None,
    ) -> None:
        self.seed, self.question, self.ambient, self.send = seed, question, ambient, send
        self.notebook, self.of_tests = {} if notebook is None else notebook, of_tests or {}
        self.own = own
        self.answers = 0
        self.draws = 0
        self.steps = 0

    def draw(self) -> np.random.Generator:
        """The generator of the next case: a function of seed, question and how many cases there were before."""
        self.draws += 1
        return np.random.Generator(np.random.PCG64(self._derived("case", self.draws)))

    def seed_the_answer(self) -> None:
        """Fix the random numbers that the student's function is about to draw."""
        self.answers += 1
        _seed_everything(self._derived("answer", self.answers, self.ambient))

    def seed_the_test(self) -> None:
        """Fix those that the test itself draws next, however many the student's function drew."""
        _seed_everything(self._derived("test", self.answers))

    def _derived(self, *parts: object) -> int:
        text = "\0".join(map(str, (self.seed, self.question, *parts)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


_current = HiddenRun()


def current() -> HiddenRun:
    """The running session; outside the grader one with seed 0 that sends nothing."""
    return _current


@contextmanager
def running(session: HiddenRun) -> Iterator[HiddenRun]:
    """Make `session` the current one."""
    global _current
    before, _current = _current, session
    try:
        yield session
    finally:
        _current = before


def _seed_everything(seed: int) -> None:
    _seed_python(seed)
    _seed_numpy(seed % 2**32)
    _seed_torch(seed % 2**63)
