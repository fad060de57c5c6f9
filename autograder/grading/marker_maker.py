"""What a marker is made from, as a plain value: importing it imports nothing that a marker needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

from nbformat import NotebookNode

from autograder.assignment.jobs import Assignment
from autograder.course import Course
from autograder.grading.hints import Finder
from autograder.options import Options

# What a marker's process has to import; the first puts off what nbgrader is slow to import.
FOR_MARKERS = ("autograder.gradebook", "autograder.grading.marker")

# Notebooks go to markers and come back. By itself, pickle would put in each entry of each node by `__setitem__`, which
# looks whether it has to be made a node: a tenth of the time that this process spends on a submission.
ForkingPickler.register(NotebookNode, lambda node: (NotebookNode, (dict(node),)))


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
