"""Where everything of a course lies: its problem sets, and the course folder with submissions and marks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT_VARIABLE = "GRADUS_COURSE"


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
    def gradebook_url(self) -> str:
        return f"sqlite:///{self.root / 'gradebook.db'}"

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

    @contextmanager
    def grading(self) -> Iterator[None]:
        """Hold the course for one grading run.

        Raises:
            GradusError: another run holds it. The system lets go when that process ends, however it ends.
        """
        with (self.root / ".grading").open("w") as handle:
            if fcntl is not None:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise GradusError(f"{self.root}: another run is grading this course; wait until it ends.") from None
            yield
