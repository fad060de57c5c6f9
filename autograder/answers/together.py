"""Many variants of a solution asked in one process: a fork for each would take longer than the answers.

For code that is trusted to keep to itself: what one variant changes in place, the next one finds changed. Names are
put back.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from autograder.answers.frames import NEXT
from autograder.answers.hidden_run import current
from autograder.answers.stream import run_test

_AGAIN = 0.02  # processor seconds until whoever caught the first TooLong is interrupted again


class TooLong(Exception):  # noqa: N818
    """A variant did not come to its end in its time."""


def ask_each(sources: list[str], test: str, seconds: float = 0.0) -> None:
    """Send the answers of each of `sources`, run in the notebook before `test`, as if it were the only one.

    After the answers of each comes a frame NEXT.

    Args:
        sources: Python, one for each variant.
        test: the hidden region.
        seconds: of the processor, after which a variant is interrupted; its answers are then exceptions. 0: never.
    """
    session = current()
    notebook, names = session.notebook, dict(session.notebook)
    assert session.send is not None
    for source in sources:
        with _at_most(seconds):
            run_test(
                test,
                notebook,
                session.seed,
                session.send,
                question=session.question,
                ambient=session.ambient,
                prelude=source,
                of_tests=session.of_tests,
            )
        session.send(NEXT)
        notebook.clear()
        notebook.update(names)


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    if not seconds:
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
        with contextlib.suppress(TooLong):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
