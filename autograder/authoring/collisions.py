"""Names of the tests that a student may well give to something of their own.

Hidden regions run in a room of their own, where this changes nothing. Visible lines run in the student's notebook: a
helper that has the name of a tool there breaks a check that was passed, and a variable of a check takes a helper away.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.assignment.names import bound_names
from autograder.assignment.regions import HIDDEN, SOLUTION, without
from gradus.names import PYTHONS_OWN
from gradus.notebook.cells import is_locked, kind_of, place_of
from gradus.notebook.form import Notebook, source_of

# What students call their helpers and variables, star imports of pylab and NumPy among them.
_WORDS = """
accuracy add approx batch check clip clock close compare convert count data describe device diff dot equal
error evaluate expected figure fit flat floor grad gradient helper inspect loss mean model near normalize
number numerical_gradient plot predict rate relative_error result rounded save scale shape show sigmoid size
softmax split stats step test tidy train update values verify view
"""
_TYPED = frozenset(_WORDS.split())


def collisions(source: Notebook, name: str) -> list[str]:
    """All findings in a source notebook, in the order of its cells; `name` is what to call it."""
    return [f"{name}, {where}: {what}" for where, what in _collisions(source)]


def _collisions(source: Notebook) -> Iterator[tuple[str, str]]:
    asked = {name: place for place, stub in _stubs(source) for name in bound_names(stub)}
    for place, stub in _stubs(source):
        for name in sorted(bound_names(stub) & set(PYTHONS_OWN)):
            yield place, f"the stub defines {name!r}, which a hidden test takes for Python's own; call it otherwise."
    for index, cell in enumerate(source["cells"]):
        kind, place = kind_of(cell), place_of(index, cell)
        if kind == "code" and is_locked(cell):
            for name in sorted(_bound(source_of(cell)) & (_TYPED | set(PYTHONS_OWN))):
                yield (
                    place,
                    f"students may well call something of their own {name!r}, and a visible test would then use that; "
                    "give the tool a name that nobody types.",
                )
        if kind == "test":
            for name in sorted(_bound(without(source_of(cell), HIDDEN, "")) & set(asked)):
                yield place, f"its visible lines give {name!r}, which {asked[name]} asks for, to something else."


def _stubs(source: Notebook) -> Iterator[tuple[str, str]]:
    for index, cell in enumerate(source["cells"]):
        stub = without(source_of(cell), SOLUTION, "raise NotImplementedError")
        if kind_of(cell) == "answer" and _bound(stub):
            yield place_of(index, cell), stub


def _bound(code: str) -> set[str]:
    try:
        return bound_names(code)
    except SyntaxError:  # the lint of names says so
        return set()
