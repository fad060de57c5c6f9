"""Where everything of a course lies: its problem sets, and the course folder with submissions and marks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.files.one_run import one_run
from gradus.errors import GradusError

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT_VARIABLE = "GRADUS_COURSE"
_EXPANDED = re.compile(r"\$(\w+|\{[^}]*\})")


def url_of_file(path: Path) -> str:
    """What SQLAlchemy opens for a file of SQLite's, whatever characters its name has."""
    from sqlalchemy.engine import URL

    return URL.create("sqlite", database=str(path)).render_as_string()


@dataclass(frozen=True)
class Course:
    """The paths of one course, all absolute.

    `root` is the course folder: `submitted/<student>/<problem set>/<problem set>.ipynb` comes in; `autograded/`,
    `feedback/` and `gradebook.db` are nbgrader's. `solutions` and `exercises` hold the problem sets.
    """

    root: Path
    solutions: Path = REPOSITORY / "solutions"
    exercises: Path = REPOSITORY / "exercises"

    def __post_init__(self) -> None:
        for name in ("root", "solutions", "exercises"):
            object.__setattr__(self, name, Path(getattr(self, name)).resolve())

    @classmethod
    def from_environment(cls) -> Course:
        """The course folder that GRADUS_COURSE names, or `autograder/course` in this repository."""
        return cls(Path(os.environ.get(ENVIRONMENT_VARIABLE) or REPOSITORY / "autograder" / "course"))

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def gradebook(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def gradebook_url(self) -> str:
        """Where SQLAlchemy finds the gradebook, unless the course's nbgrader_config.py names another database."""
        return url_of_file(self.gradebook)

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def log(self) -> Path:
        return self.root / "gradus.log"

    def source_notebook(self, problem_set: str) -> Path:
        return self.solutions / problem_set / f"{problem_set}.ipynb"

    def released_notebook(self, problem_set: str) -> Path:
        return self.exercises / problem_set / f"{problem_set}.ipynb"

    def submitted_notebook(self, student: str, problem_set: str) -> Path:
        return self.submitted / student / problem_set / f"{problem_set}.ipynb"

    def autograded_notebook(self, student: str, problem_set: str) -> Path:
        return self.root / "autograded" / student / problem_set / f"{problem_set}.ipynb"

    def feedback_page(self, student: str, problem_set: str) -> Path:
        return self.root / "feedback" / student / problem_set / f"{problem_set}.html"

    def problem_sets(self) -> list[str]:
        """The names of all problem sets that have a source notebook."""
        return sorted(path.parent.name for path in self.solutions.glob("*/*.ipynb") if path.stem == path.parent.name)

    def require(self, problem_set: str) -> None:
        """Raise a GradusError that names the others unless there is a source for `problem_set`."""
        if problem_set not in self.problem_sets():
            there = ", ".join(self.problem_sets()) or "none"
            raise GradusError(f"there is no problem set {problem_set!r} in {self.solutions} (there: {there}).")

    def require_usable_name(self) -> None:
        """Raise a GradusError when nbgrader, started in the course folder, would take its name for another one."""
        name = str(self.root)
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = name.encode("utf-8", "replace").decode()
            raise GradusError(f"{shown}: the name of the course folder is not UTF-8; rename it.") from None
        if found := _EXPANDED.search(name):
            raise GradusError(
                f"{self.root}: nbgrader takes {found[0]} in the name of a course folder for a variable; rename it."
            )

    @contextmanager
    def grading(self) -> Iterator[list[str]]:
        """Hold the course for one grading run; gives sentences on how, mostly none.

        Raises:
            GradusError: another run holds it, or the folder cannot be used. Nothing has been written then.
        """
        self.require_usable_name()
        with one_run(self.root) as said:
            yield said
