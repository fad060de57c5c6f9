"""What the marks of a submission depend on, as one hash: equal content is never run twice, other content always."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.assignment.jobs import Assignment
from autograder.options import Options
from gradus.datasets.catalog import DATA_SETS
from gradus.version import __version__

_LIBRARIES = ("torch", "numpy", "pandas", "d2l", "ipython", "nbgrader", "nh3")


@functools.cache
def versions() -> dict[str, str]:
    """The grader and the libraries that decide a mark, and a hash of the grader's own code."""
    found = {"gradus": __version__, "grader": _code_digest()[:16], "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def content_key(submission: bytes, assignment: Assignment, options: Options, seed: int) -> str:
    """The hash under which the result of a submission is kept.

    Args:
        submission: the file's bytes, or of what keeps it from being read.
    """
    return key_in(of_the_run(assignment, options, seed), submission)


def key_in(settings: Mapping[str, object], submission: bytes) -> str:
    """The same, from what `of_the_run` gives."""
    settings = {"submission": hashlib.sha256(submission).hexdigest(), **settings}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def reference_key(assignment: Assignment, options: Options, seed: int) -> str:
    """The hash under which the answers of the solution are kept."""
    settings = {"submission": "the solution", **of_the_run(assignment, options, seed)}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def of_the_run(assignment: Assignment, options: Options, seed: int) -> dict[str, object]:
    """All that marks depend on but the submission, as JSON has it."""
    return {
        "assignment": [assignment.name, assignment.digest],
        **versions_and_data(),
        "options": dataclasses.asdict(options),
        "seed": seed,
    }


def versions_and_data() -> dict[str, object]:
    """The part of it that belongs to no problem set."""
    return {"versions": versions(), "data": _data_digest()}


def facts() -> dict[str, str]:
    """The same, name by name, for another machine to compare."""
    return {**versions(), "the catalogue of data": _data_digest()[:16]}


@functools.cache
def _data_digest() -> str:
    """The catalogue is the data: `gradus data` lets no file into the cache that differs from its checksum."""
    sums = [file.sha256 for data_set in DATA_SETS for file in data_set.files]
    return hashlib.sha256(json.dumps(sums).encode()).hexdigest()


@functools.cache
def _code_digest() -> str:
    """Of every module of this package: a mended grader grades again."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder)
        if relative.parts[0] not in ("course", "sample_class"):
            digest.update(str(relative).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
