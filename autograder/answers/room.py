"""The room in which a hidden region runs: names of its own, Python's own functions, and the student's where it asks.

What a student's cells call their helpers, loop variables and counters, what they import with a star and which of
Python's functions they give another meaning changes nothing for a question, and what a question defines changes nothing
for the student's functions, which keep looking their names up in the notebook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradus.names import PYTHONS_OWN


class Room(dict[str, Any]):
    """The globals of one hidden region. What it neither defines nor finds in Python is the notebook's, as it is then.

    `globals()` is the notebook's too: the tests' tools use it to put something into the student's hands.

    Args:
        notebook: the names that the cells before the region left. Nothing here writes to them.
        of_tests: what the visible lines of test cells bound; for a region this comes first.
    """

    def __init__(self, notebook: dict[str, Any], of_tests: Mapping[str, Any]) -> None:
        super().__init__(__builtins__=PYTHONS_OWN, __name__="__main__", globals=lambda: notebook)
        self._notebook, self._of_tests = notebook, of_tests

    def __missing__(self, name: str) -> Any:
        """Python asks here before it asks its builtins.

        Raises:
            KeyError: nobody has it, or Python has.
        """
        if name in PYTHONS_OWN or (name.startswith("__") and name.endswith("__")):
            raise KeyError(name)
        return self._of_tests[name] if name in self._of_tests else self._notebook[name]
