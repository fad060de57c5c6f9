"""With what the last finished run graded, and what has changed since then, question by question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.assignment.asked import hidden_source
from autograder.assignment.jobs import Assignment
from autograder.assignment.regions import HIDDEN, SOLUTION, without
from autograder.course import Course
from autograder.files.writing import write_whole
from autograder.grading.content import key_in, of_the_run
from autograder.options import Options
from autograder.records.plan import Change
from gradus.notebook.cells import has_points, kind_of, label_of, points_of
from gradus.notebook.form import Notebook, source_of

FILE = "source.json"
_STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class GradedWith:
    """All that the marks of a run depended on, and the source notebook of the problem set as it was then."""

    settings: dict[str, Any]
    source: Notebook

    def key_of(self, submission: bytes) -> str:
        """The hash under which that run kept the result of a submission."""
        return key_in(self.settings, submission)


def remember(course: Course, assignment: Assignment, options: Options, seed: int) -> None:
    """Keep what a finished run graded with; nothing is written where that is known."""
    source = {"cells": assignment.source["cells"]}
    text = json.dumps({"settings": of_the_run(assignment, options, seed), "source": source}, sort_keys=True).encode()
    path = course.results / assignment.name / FILE
    if not path.is_file() or path.read_bytes() != text:
        write_whole(path, text, mode=0o600)


def remembered(course: Course, problem_set: str) -> GradedWith | None:
    """What the last finished run graded with; None where an older version, or no run, has finished."""
    try:
        found = json.loads((course.results / problem_set / FILE).read_bytes())
        with_what = GradedWith(found["settings"], found["source"])
        _questions(with_what.source)
        return with_what if isinstance(with_what.settings, dict) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def changes(before: GradedWith, assignment: Assignment, options: Options, seed: int) -> list[Change]:
    """What has become different, in sentences; those that are about one question first."""
    now = of_the_run(assignment, options, seed)
    found = [*_by_question(before.source, assignment.source), *_shared(before.source, assignment.source)]
    old = before.settings
    for name, version in _as_json(now["versions"]).items():
        if (was := old.get("versions", {}).get(name)) != version:
            found.append(Change("", f"{name} is {version}, where it was {was}: everything is run again"))
    if old.get("options") != _as_json(now["options"]):
        found.append(Change("", "limits or other options in gradus.toml have changed"))
    if old.get("data") != now["data"]:
        found.append(Change("", "the course's data have changed: everything is run again"))
    if old.get("seed") != seed:
        found.append(Change("", f"the seed is {seed}, where it was {old.get('seed')}"))
    if not found and old.get("assignment") != _as_json(now["assignment"]):
        found.append(Change("", "files beside the source have changed (variants, hints, trained weights)"))
    return found


def points_in(source: Notebook) -> dict[str, float]:
    """The points of each graded cell of a source notebook."""
    return {label_of(cell): points_of(cell) for cell in source["cells"] if has_points(cell)}


def _as_json(value: object) -> Any:
    return json.loads(json.dumps(value))


@dataclass(frozen=True)
class _Question:
    """The parts of a question that may change, each as text."""

    hidden: str
    visible: str
    solution: str
    handed_out: str
    points: float


def _questions(source: Notebook) -> dict[str, _Question]:
    found, solution, handed_out = {}, [], []
    for cell in source["cells"]:
        kind, text = kind_of(cell), source_of(cell)
        if kind == "answer":
            solution.append(text)
            handed_out.append(without(text, SOLUTION, _STUB))
        elif not has_points(cell) and kind == "text":
            handed_out.append(text)
        if has_points(cell):
            coded = kind == "test"
            found[label_of(cell)] = _Question(
                hidden_source(cell) if coded else "",
                without(text, HIDDEN, "") if coded else "",
                "\n".join([*solution, *([] if coded else [text])]),
                "\n".join(handed_out),
                points_of(cell),
            )
            solution, handed_out = [], []
    return found


def _by_question(before: Notebook, now: Notebook) -> Iterator[Change]:
    old, new = _questions(before), _questions(now)
    for name in [*new, *(set(old) - set(new))]:
        if name not in old or name not in new:
            yield Change(name, "it is new" if name in new else "it has gone")
            continue
        was, is_now = old[name], new[name]
        if was.hidden != is_now.hidden:
            yield Change(name, "its hidden test has changed")
        if was.points != is_now.points:
            yield Change(name, f"its points went from {was.points:g} to {is_now.points:g}")
        if was.visible != is_now.visible:
            yield Change(name, "its visible check has changed: notebooks are run again as a whole")
        if was.solution != is_now.solution:
            yield Change(name, "its solution has changed")
        if was.handed_out != is_now.handed_out:
            yield Change(name, "its prompt or stub has changed: students who have the older release answered that one")


def _shared(before: Notebook, now: Notebook) -> Iterator[Change]:
    def given(source: Notebook) -> list[str]:
        return [source_of(cell) for cell in source["cells"] if kind_of(cell) == "code"]

    if given(before) != given(now):
        yield Change(
            "", "cells that all questions share (imports, tools) have changed: notebooks are run again as a whole"
        )
