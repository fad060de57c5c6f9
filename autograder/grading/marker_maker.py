"""What a marker is made from, as a plain value: importing it imports nothing that a marker needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.assignment.jobs import Assignment
from autograder.course import Course
from autograder.grading.hints import Finder
from autograder.options import Options

# What a marker's process has to import; the first puts off what nbgrader is slow to import.
FOR_MARKERS = ("autograder.gradebook", "autograder.grading.marker")


@dataclass(frozen=True)
class MakeMarker:
    """Makes a marker where it is to work."""

    course: Course
    assignment: Assignment
    options: Options
    seed: int
    finder: Finder

    def __call__(self, ask: Callable[[str], Any]) -> object:
        return importlib.import_module("autograder.grading.marker").Marker(self, ask)
