"""Results on disk, by content: written whole before the gradebook hears of them, so that a run can die at any moment.

results/<problem set>/run.json               the seed of the last run, finished or not
results/<problem set>/reference/<key>        what the solution answered
results/<problem set>/misconceptions/<key>   what each known misconception answered
results/<problem set>/graded/<key>           one graded submission
results/<problem set>/runs/<key>             what its cells showed and its questions answered, packed
results/<problem set>/source.json            the source notebook that the last finished run graded with

A run that has ended well removes what it did not use: results of files since replaced, of other seeds and versions.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.files.writing import UNFINISHED, write_whole

_PACKED = ".z"  # a run's frames and outputs, a tenth of their size
_QUICK = 1  # of zlib's levels
_SOON = 60.0  # seconds: what is younger may be being written now, by nbgrader
MAX_SEED = 2**53 - 1  # what JSON readers in other languages can hold


class Results:
    """The results of one problem set in one course.

    Args:
        fresh: keep what is written from now on, but do not believe what was there before.
        trial: keep what is written in memory, until `write_out`.
    """

    def __init__(self, course: Course, problem_set: str, fresh: bool = False, trial: bool = False) -> None:
        self.folder = course.results / problem_set
        self._tried: dict[Path, bytes] | None = {} if trial else None
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
        for path in (*self.folder.glob("*/*.json"), *self.folder.glob(f"*/*{_PACKED}")):
            with contextlib.suppress(OSError):
                if path.stem not in kept and path.stat().st_mtime < self._opened:
                    path.unlink()

    def find(self, kind: str, key: str) -> dict[str, Any] | None:
        """What is kept under `key`; None when nothing is, or it is no longer readable."""
        path = self._path(kind, key)
        if self._tried is not None and path in self._tried:
            return _understood(zlib.decompress(self._tried[path]))
        return None if self._fresh and path not in self._written else _read(path)

    def keep(self, kind: str, key: str, result: dict[str, Any]) -> None:
        """Write a result. When this returns, it is on the disk; a run, which can be done again, may come later.

        Raises:
            GradusError: it could not be written.
        """
        path = self._path(kind, key)
        text = json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self._tried is not None:
            self._tried[path] = zlib.compress(text, _QUICK)
            return
        self._write(path, zlib.compress(text, _QUICK) if path.suffix == _PACKED else text)

    def write_out(self) -> None:
        """Write what a trial has kept.

        Raises:
            GradusError: it could not be written.
        """
        tried, self._tried = self._tried or {}, None
        for path, packed in tried.items():
            self._write(path, packed if path.suffix == _PACKED else zlib.decompress(packed))

    def _write(self, path: Path, content: bytes) -> None:
        write_whole(path, content, mode=0o600, durable=path.suffix != _PACKED)
        self._written.add(path)

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / kind / f"{key}{_PACKED if kind == 'runs' else '.json'}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = path.read_bytes()
        return _understood(zlib.decompress(content) if path.suffix == _PACKED else content)
    except (OSError, zlib.error):
        return None


def _understood(text: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
