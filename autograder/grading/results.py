"""Results on disk, by content: written whole before the gradebook hears of them, so that a run can die at any moment.

results/<problem set>/run.json               the seed of the last run, finished or not
results/<problem set>/reference/<key>        what the solution answered
results/<problem set>/misconceptions/<key>   what each known misconception answered
results/<problem set>/graded/<key>           one graded submission

A run that has ended well removes what it did not use: results of files since replaced, of other seeds and versions.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.files.writing import UNFINISHED, write_whole

_SOON = 60.0  # seconds: what is younger may be being written now, by nbgrader
MAX_SEED = 2**53 - 1  # what JSON readers in other languages can hold


class Results:
    """The results of one problem set in one course.

    Args:
        fresh: keep what is written from now on, but do not believe what was there before.
    """

    def __init__(self, course: Course, problem_set: str, fresh: bool = False) -> None:
        self.folder = course.results / problem_set
        self._fresh = fresh
        self._written: set[Path] = set()
        self._opened = time.time()

    def seed(self, chosen: int | None = None) -> int:
        """The seed to grade with: the chosen one, or a new one if none was used before or the run is a fresh one.

        It is remembered: a run that died goes on with its own seed, and every entrance to the grader uses the same.
        """
        path = self.folder / "run.json"
        before = _read(path)
        known = before.get("seed") if before else None
        if chosen is None and not self._fresh and type(known) is int and 0 <= known <= MAX_SEED:
            return known
        seed = secrets.randbelow(MAX_SEED + 1) if chosen is None else chosen
        if seed != known:
            write_whole(path, json.dumps({"seed": seed}).encode(), mode=0o600)
        return seed

    def sweep(self) -> None:
        """Remove what a run left half-written when it was killed."""
        for path in self.folder.rglob(f"{UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _SOON:
                    path.unlink()

    def prune(self, kept: Collection[str]) -> None:
        """Remove every result from before this was opened, but those under the keys `kept`."""
        for path in self.folder.glob("*/*.json"):
            with contextlib.suppress(OSError):
                if path.stem not in kept and path.stat().st_mtime < self._opened:
                    path.unlink()

    def find(self, kind: str, key: str) -> dict[str, Any] | None:
        """What is kept under `key`; None when nothing is, or it is no longer readable."""
        path = self._path(kind, key)
        return None if self._fresh and path not in self._written else _read(path)

    def keep(self, kind: str, key: str, result: dict[str, Any]) -> None:
        """Write a result. When this returns, it is on the disk.

        Raises:
            GradusError: it could not be written.
        """
        path = self._path(kind, key)
        write_whole(path, json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass"), mode=0o600)
        self._written.add(path)

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / kind / f"{key}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
