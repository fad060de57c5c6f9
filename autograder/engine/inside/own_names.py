"""What the visible lines of a test cell call their variables takes no name away from the student.

In the student's own notebook it does: a helper called `rows` is gone once a test cell says `rows = …`. There it shows,
and here it would cost marks in questions that have nothing to do with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


class OwnNames:
    """The names of one notebook's test cells beside those of its other cells.

    `of_tests` is what test cells have bound so far, the last of each name. Test cells go on seeing each other's names,
    except where the student had given a name a meaning before.
    """

    def __init__(self) -> None:
        self.of_tests: dict[str, Any] = {}

    @contextlib.contextmanager
    def kept(self, namespace: dict[str, Any]) -> Iterator[None]:
        """While a test cell runs in `namespace`: what it binds anew is afterwards the student's again."""
        before = dict(namespace)
        try:
            yield
        finally:
            bound = {
                name: value
                for name, value in namespace.items()
                if not name.startswith("_") and before.get(name, self) is not value
            }
            for name, value in before.items():
                if name in bound and self.of_tests.get(name, self) is not value:
                    namespace[name] = value
            self.of_tests.update(bound)
