"""Run one hidden test in a student's process, and send a frame for each of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook

from autograder.answers import (  # so that nothing is imported after the student's code
    asking,
    encoding,
    frames,
    networks,
    usual,
)
from autograder.answers.hidden_run import HiddenRun, running
from autograder.answers.room import Room
from autograder.answers.settings import Settings

__all__ = ["asking", "encoding", "networks", "run_test"]


def run_test(
    test: str | CodeType,
    namespace: dict[str, Any],
    seed: int,
    send: Callable[[bytes], None],
    *,
    question: str = "",
    ambient: int = 0,
    prelude: str | CodeType = "",
    of_tests: Mapping[str, Any] | None = None,
) -> None:
    """Execute a hidden region in a room of its own, with a student's namespace beside it.

    `send` gets a frame for each `answer`, in order. When the region itself ends with an exception, the last frame says
    so by a name from a fixed list; no message and no traceback is sent. What the student's functions print is the
    caller's to throw away.

    The region, and what it calls, run under the settings of a fresh Python. A notebook that makes its tensors otherwise
    (`torch.set_default_dtype`) may be right only as it is: then all is asked a second time, with its own settings
    while its functions answer, after a frame OTHERWISE.

    Args:
        test: the hidden region, plain Python, or what `compile` made of it.
        namespace: the names that the cells before it left. The region changes none of them.
        seed: of the grading run.
        question: makes the cases of one question differ from another's with the same seed.
        ambient: changes the random numbers that functions draw while they answer, not the cases.
        prelude: what to execute in the namespace before.
        of_tests: what the visible lines of test cells bound.
    """
    own = usual.set_by_the_notebook()
    usual.restore_all()
    with running(HiddenRun(seed, question, ambient, send, namespace, of_tests)) as session:
        began = _began(test, prelude, session)
    if began and own != usual.Tensors():
        send(frames.OTHERWISE)
        with running(HiddenRun(seed, question, ambient, send, namespace, of_tests, own)) as session:
            _began(test, prelude, session)


def _began(test: str | CodeType, prelude: str | CodeType, session: HiddenRun) -> bool:
    """Execute it once. False when the test never began: what comes before it failed, and would again."""
    assert session.send is not None
    began = False

    def count_step(*_: object) -> None:
        session.steps += 1

    counter = register_optimizer_step_post_hook(count_step)
    session.seed_the_test()
    try:
        if prelude:
            exec(_code(prelude), session.notebook)
        code = _code(test)
        began = True
        exec(code, Room(session.notebook, session.of_tests))
    except BaseException as error:
        session.send(frames.packed_name(frames.STOPPED, frames.exception_name(error), Settings()))
    finally:
        counter.remove()
    return began


def _code(source: str | CodeType) -> CodeType:
    return compile(source, frames.TEST, "exec", dont_inherit=True) if isinstance(source, str) else source
