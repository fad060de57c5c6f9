"""The instructor's part of `gradus doctor`: nbgrader, its database tool, and each wall of the sandbox."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradus.doctor import Checked, State, check


@check("nbgrader")
def _nbgrader() -> tuple[State, str, str]:
    try:
        number = version("nbgrader")
    except PackageNotFoundError:
        return "missing", "not installed: problem sets cannot be graded here", "run `make`"
    beside = Path(sys.executable).parent / "alembic"
    if not beside.exists() and shutil.which("alembic") is None:
        return "broken", f"{number}, but `alembic`, which opens its database, is not found", "run `make` again"
    return "works", number, ""


@check("sandbox")
def _sandbox() -> tuple[State, str, str] | list[Checked]:
    """Each wall of the sandbox, tried from inside."""
    from autograder.engine.sandbox import unavailable
    from autograder.engine.sandbox.wall_checks import prove

    if (reason := unavailable()) is not None:
        return "missing", f"{reason}: submissions cannot be graded safely", "on Debian: `apt install bubblewrap`"
    states: dict[bool | None, State] = {True: "works", False: "broken", None: "missing"}
    return [
        Checked(
            f"sandbox: {wall}",
            states[held],
            says,
            "" if held else "grade on a machine where this wall holds",
        )
        for wall, held, says in prove()
    ]
