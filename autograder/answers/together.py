"""Many variants of a solution asked in one process: a fork for each would take longer than the answers.

For code that is trusted to keep to itself: what one variant changes in place, the next one finds changed. Names are
put back.
"""

from __future__ import annotations

from typing import Any

from autograder.answers.frames import NEXT
from autograder.answers.session import current
from autograder.answers.stream import run_test


def ask_each(sources: list[str], test: str, namespace: dict[str, Any]) -> None:
    """Send the answers of each of `sources`, run in `namespace` before `test`, as if it were the only one.

    After the answers of each comes a frame NEXT.
    """
    session, names = current(), dict(namespace)
    assert session.send is not None
    for source in sources:
        run_test(
            f"{source}\n\n{test}",
            namespace,
            session.seed,
            session.send,
            question=session.question,
            ambient=session.ambient,
        )
        session.send(NEXT)
        namespace.clear()
        namespace.update(names)
