"""What an instructor can set for grading: the file `gradus.toml` in the course folder.

    [grading]                # for every problem set
    question_seconds = 20    # any field of `Limits`
    show_hidden = false      # true puts the hidden tests into feedback

    [grading.ps4]            # for one of them
    question_seconds = 60

Every entrance (`gradus grade`, nbgrader's command, formgrader) reads this file, so all give the same marks.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from dataclasses import dataclass, field
from typing import Any

from autograder.course import Course
from autograder.records.execution import Limits
from gradus.errors import GradusError

FILE = "gradus.toml"
UNSAFE_VARIABLE = "GRADUS_UNSAFE_NO_SANDBOX"
_MOST = 2**62  # what the kernel takes as a limit
_LIMITS = {limit.name for limit in dataclasses.fields(Limits)}


@dataclass(frozen=True)
class Options:
    """How submissions of one problem set are graded.

    `show_hidden` puts hidden tests into what students get back. `sandbox` False runs their code with all the rights of
    this account.
    """

    limits: Limits = field(default_factory=Limits)
    show_hidden: bool = False
    sandbox: bool = True


def options_of(course: Course, problem_set: str) -> Options:
    """The options of a problem set: the defaults, gradus.toml, then the environment.

    GRADUS_CELL_SECONDS is the longest that one cell may run; GRADUS_UNSAFE_NO_SANDBOX=1 runs without a sandbox.

    Raises:
        GradusError: the file, or a variable, cannot be understood; the message names the entry.
    """
    chosen = _from_file(course, problem_set)
    if (seconds := os.environ.get("GRADUS_CELL_SECONDS")) is not None:
        if not seconds.isdigit() or int(seconds) < 1:
            raise GradusError(f"GRADUS_CELL_SECONDS is {seconds!r}; give a whole number of seconds, at least 1.")
        chosen["cell_seconds"] = float(seconds)
    show_hidden = chosen.pop("show_hidden", False)
    return Options(
        limits=dataclasses.replace(Limits(), **chosen),
        show_hidden=show_hidden,
        sandbox=os.environ.get(UNSAFE_VARIABLE) != "1",
    )


def _from_file(course: Course, problem_set: str) -> dict[str, Any]:
    path = course.root / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise GradusError(f"{path} cannot be read ({error}); mend it.") from None
    table = content.get("grading", {})
    if not isinstance(table, dict):
        raise GradusError(f"{path}: grading is a table; write [grading].")
    general = {name: value for name, value in table.items() if not isinstance(value, dict)}
    own = table.get(problem_set, {})
    if not isinstance(own, dict):
        raise GradusError(f"{path}: grading.{problem_set} is a table; write [grading.{problem_set}].")
    return {name: _checked(f"{path}: {name}", name, value) for name, value in {**general, **own}.items()}


def _checked(place: str, name: str, value: Any) -> Any:
    if name == "show_hidden":
        if type(value) is not bool:
            raise GradusError(f"{place} is {value!r}; write true or false.")
        return value
    if name not in _LIMITS:
        raise GradusError(f"{place} is not known; known are show_hidden, {', '.join(sorted(_LIMITS))}.")
    if type(value) not in (int, float) or not 0 < value <= _MOST:
        raise GradusError(f"{place} is {_short(value)}; give a number above 0.")
    if int(value) < 1 and not name.endswith("_seconds"):
        raise GradusError(f"{place} is {value!r}; give a whole number, at least 1.")
    return float(value) if name.endswith("_seconds") and name != "cpu_seconds" else int(value)


def _short(value: Any) -> str:
    """How a message writes a value; Python refuses to write an integer of many digits."""
    if type(value) is int and value.bit_length() > 64:
        return "a number of many digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
