"""The instructor's part of the `gradus` command: `release` and `grade`. Heavy imports wait until a command runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the instructor's commands to the `gradus` application."""
    app.command()(release)
    app.command()(grade)


def release(
    problem_sets: Annotated[list[str] | None, typer.Argument(metavar="[PS]...", help="Default: all.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a notebook is stale.")] = False,
) -> None:
    """Make the student notebooks in exercises/ from solutions/, once the lint has nothing to say."""
    from autograder.course import Course
    from autograder.release import make_releases, orphans

    course = Course.from_environment()
    releases = make_releases(course, problem_sets or [])
    stale = [item for item in releases if not item.is_fresh]
    if check:
        for item in stale:
            print(f"{item.path} is stale; run `gradus release {item.problem_set}`.", file=sys.stderr)
        for path in orphans(course):
            print(f"{path} has no solution that makes it; delete it.", file=sys.stderr)
        if stale or orphans(course):
            raise typer.Exit(1)
    for item in stale:
        item.write()
    for item in releases:
        print(f"{item.path}: {'written' if item in stale else 'fresh'}")


def grade(
    problem_set: Annotated[str, typer.Argument(metavar="PS", help="The problem set, for example ps4.")],
    course: Annotated[
        Path | None, typer.Option(help="The course folder. Default: GRADUS_COURSE, or autograder/course.")
    ] = None,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON; - is stdout.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run submissions again that have not changed.")] = False,
) -> None:
    """Grade submitted/<student>/PS/PS.ipynb: marks into the gradebook, feedback pages, a table of the class.

    Exit 0 when every submission has a result, stated problems included; 1 when the grader itself failed on one;
    2 when nothing could be graded.

    The JSON has assignment, max_score, questions: [{name, points, by_hand}], and submissions: [{student, state
    ("graded" or "problem"), score, marks: {question: points, or null until marked by hand}, problems: [sentence],
    feedback: path}].
    """
    from rich.console import Console

    from autograder.course import Course
    from autograder.grade import grade as grade_class
    from autograder.report import show

    here = Course(course) if course else Course.from_environment()
    if as_json and as_json != "-":
        Path(as_json).parent.mkdir(parents=True, exist_ok=True)
    with _progress_bar(Console(stderr=True)) as progress:
        report = grade_class(here, problem_set, fresh=fresh, progress=progress)

    show(report, Console(stderr=as_json == "-"))
    text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
    if as_json == "-":
        print(text)
    elif as_json:
        Path(as_json).write_text(text + "\n", encoding="utf-8")
    for failure in report.failures:
        print(f"gradus: {failure}; see {here.log}.", file=sys.stderr)
    if report.failures:
        raise typer.Exit(1)


@contextmanager
def _progress_bar(console: Console) -> Iterator[Any]:
    """A bar with an estimate on a terminal, nothing elsewhere; gives the function that moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("preparing", total=None)
        yield lambda student, done, total: bar.update(task, description=student, completed=done, total=total)
