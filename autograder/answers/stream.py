"""Run one hidden test in a student's process, and send a frame for each of its answers."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook

from autograder.answers import asking, encoding, frames  # so that nothing is imported after the student's code ran
from autograder.answers.session import Session, running
from autograder.answers.settings import Settings

__all__ = ["asking", "encoding", "run_test"]


def run_test(
    test: str | CodeType,
    namespace: dict[str, Any],
    seed: int,
    send: Callable[[bytes], None],
    *,
    question: str = "",
    ambient: int = 0,
) -> None:
    """Execute a hidden region in a student's namespace.

    `send` gets a frame for each `answer`, in order. When the region itself ends with an exception, the last frame says
    so by a name from a fixed list; no message and no traceback is sent. What the student's functions print is the
    caller's to throw away.

    Args:
        test: the hidden region, plain Python, or what `compile` made of it.
        namespace: the names that the cells before it left, changed in place.
        seed: of the grading run.
        question: makes the cases of one question differ from another's with the same seed.
        ambient: changes the random numbers that functions draw while they answer, not the cases.
    """
    session = Session(seed, question, ambient, send)

    def count_step(*_: object) -> None:
        session.steps += 1

    counter = register_optimizer_step_post_hook(count_step)
    with running(session):
        session.seed_the_test()
        try:
            code = compile(test, frames.TEST, "exec", dont_inherit=True) if isinstance(test, str) else test
            exec(code, namespace)
        except BaseException as error:
            send(frames.packed_name(frames.STOPPED, frames.exception_name(error), Settings()))
        finally:
            counter.remove()
