"""Mistakes that a page makes on purpose, so that its readers know them when they make them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = 76  # columns of a page


@contextmanager
def goes_wrong(kind: type[Exception]) -> Iterator[None]:
    """Run a block that has to fail, and print the error like the last line of a traceback.

    Args:
        kind: the exception that it has to end with; any other one goes on.

    Raises:
        AssertionError: the block did not fail.
    """
    try:
        yield
    except kind as error:
        print(textwrap.fill(f"{type(error).__name__}: {error}", width=_WIDTH))
    else:
        raise AssertionError("this was meant to fail, and did not")
