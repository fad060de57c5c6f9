"""Many variants of a solution asked in one process: a fork for each would take longer than the answers.

For code that is trusted to keep to itself: what one variant changes in place, the next one finds changed. Names are
put back.
"""

from __future__ import annotations

from autograder.answers.frames import NEXT
from autograder.answers.hidden_run import current
from autograder.answers.stream import run_test


def ask_each(sources: list[str], test: str) -> None:
    """Send the answers of each of `sources`, run in the notebook before `test`, as if it were the only one.

    After the answers of each comes a frame NEXT.
    """
    session = current()
    notebook, names = session.notebook, dict(session.notebook)
    assert session.send is not None
    for source in sources:
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
