"""What the grader gives a notebook: its Python, its packages and its time. `gradus preflight` goes by this."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PYTHON = (3, 11)  # the oldest that the course supports, and so may be graded on
CELL_SECONDS = 30.0  # each cell; then it is stopped
RUN_SECONDS = 120.0  # all cells together
_LIST = Path(__file__).with_name("grader_packages.txt")


@cache
def packages() -> frozenset[str]:
    """The distributions that the grader has, under their normalised names, for example "scipy"."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def normalised(distribution: str) -> str:
    """A distribution's name as packaging compares it: "Scikit_Learn" is "scikit-learn"."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
