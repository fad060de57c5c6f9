"""From solutions to exercises: make the student notebooks, and say which committed ones are stale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.lint import said_wrongly
from autograder.authoring.points_lint import variants_findings
from autograder.authoring.training import stale
from autograder.course import Course
from gradus.errors import GradusError
from gradus.notebook.form import read


@dataclass(frozen=True)
class Release:
    """One student notebook as it should be, beside the file as it is."""

    problem_set: str
    path: Path
    text: str

    @property
    def is_fresh(self) -> bool:
        return self.path.is_file() and self.path.read_bytes() == self.text.encode()

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self.text.encode())


def make_releases(course: Course, names: list[str]) -> list[Release]:
    """The student notebooks of the problem sets called `names`, or of all. Nothing is written.

    Raises:
        GradusError: no such problem set, or the lint has findings: a line for each, of all problem sets.
    """
    from autograder.gradebook.generate import StageError, generate

    findings, releases = [], []
    for name in names or course.problem_sets():
        course.require(name)
        try:
            releases.append(Release(name, course.released_notebook(name), generate(course, name)))
        except StageError as error:
            findings.append(str(error))
    if findings:
        raise GradusError("not released.\n" + "\n".join(findings))
    if not releases:
        raise GradusError(f"{course.solutions} holds no problem set; write one as ps1/ps1.ipynb there.")
    return releases


def contradictions(course: Course, names: list[str]) -> list[str]:
    """Findings on what problem sets, called `names` or all, say that does not hold, such as other points than count."""
    found = []
    for name in names or course.problem_sets():
        path = course.source_notebook(name)
        found += said_wrongly(read(path), path.name)
    return found


def advice(course: Course, names: list[str]) -> list[str]:
    """Findings with which problem sets, called `names` or all, are released: what their variants lack.

    Raises:
        GradusError: a file of variants is broken.
    """
    found = []
    for name in names or course.problem_sets():
        path = course.source_notebook(name)
        found += [f"{path.name}, {where}: {what}" for where, what in variants_findings(read(path), path.parent)]
        found += stale(course, name)
    return found


def orphans(course: Course) -> list[Path]:
    """Student notebooks that no solution makes any more."""
    return sorted(p for p in course.exercises.glob("*/*.ipynb") if p.stem not in course.problem_sets())
