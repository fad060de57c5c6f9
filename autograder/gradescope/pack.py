"""`gradus gradescope`: the zip that an assignment of Gradescope's is set up from."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment.jobs import load_assignment
from autograder.course import REPOSITORY, Course
from autograder.files.writing import write_result

SETTINGS = "gradescope.json"  # in the zip: problem_set, and whether there is a sandbox
SCRIPTS = ("setup.sh", "run_autograder")
COURSE_SETTINGS = "gradus.toml"
_USUAL_COURSE = REPOSITORY / "autograder" / "course"
_HERE = Path(__file__).resolve().parent
_OF_PROJECT = (
    "LICENSE", "README.md", "pyproject.toml", "requirements.txt", "tools/bootstrap.py", "tools/system_packages.sh",
)  # fmt: skip
_DATE = (2026, 1, 1, 0, 0, 0)  # the same files give the same zip


def pack(course: Course, problem_set: str, target: Path, sandbox: bool = True) -> int:
    """Write the zip for one problem set, and return its size in bytes.

    In it are both packages, the problem set with its solution, and the course's gradus.toml: no other problem set, no
    submission, no gradebook, and not the course's nbgrader_config.py, which may hold a password.

    Raises:
        GradusError: the problem set does not exist, its release is missing or stale, or the zip cannot be written.
    """
    course.require(problem_set)
    load_assignment(course, problem_set)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(course, problem_set, sandbox)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3  # as on Unix, wherever it is made
            entry.external_attr = (0o755 if name in SCRIPTS else 0o644) << 16
            archive.writestr(entry, content)
    write_result(target, buffer.getvalue())
    return len(buffer.getbuffer())


def _files(course: Course, problem_set: str, sandbox: bool) -> Iterator[tuple[str, bytes]]:
    for name in _OF_PROJECT:
        yield name, (REPOSITORY / name).read_bytes()
    for name in SCRIPTS:
        yield name, (_HERE / name).read_bytes()
    for path in sorted(_of_packages(course)):
        yield path.relative_to(REPOSITORY).as_posix(), path.read_bytes()
    for kind, folder in (("solutions", course.solutions), ("exercises", course.exercises)):
        for path in sorted((folder / problem_set).rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not _is_made(inside):
                yield f"{kind}/{inside.as_posix()}", path.read_bytes()
    settings = course.root / COURSE_SETTINGS
    if settings.is_file():
        yield f"autograder/course/{COURSE_SETTINGS}", settings.read_bytes()
    yield SETTINGS, json.dumps({"problem_set": problem_set, "sandbox": sandbox}).encode()


def _of_packages(course: Course) -> Iterator[Path]:
    """The files of `gradus` and `autograder` that an installation of them has."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    for package, patterns in project["tool"]["setuptools"]["package-data"].items():
        for pattern in ("**/*.py", *patterns):
            for path in (REPOSITORY / package).glob(pattern):
                in_course = path.is_relative_to(REPOSITORY / "autograder" / "course") or path.is_relative_to(
                    course.root
                )
                if path.is_file() and not in_course and not _is_made(path.relative_to(REPOSITORY)):
                    yield path


def _is_made(path: Path) -> bool:
    """Whether a program has left the file there, as editors and Python do."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)
