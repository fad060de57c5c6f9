"""The file `gradebook.db`, by SQLite alone: whether a run can write its marks to it, and a copy of it.

nbgrader is not needed for the answer, and takes a second to import, while the sandboxes start.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from autograder.files.writing import UNFINISHED, require_room
from gradus.errors import GradusError

_MAGIC = b"SQLite format 3\0"
TABLES = {"assignment", "grade", "notebook", "student", "submitted_assignment"}  # nbgrader's, since its first version
_ALL_TABLES = TABLES | {
    "alembic_version", "base_cell", "comment", "course", "grade_cells", "solution_cells", "source_cell",
    "submitted_notebook", "task_cells",
}  # fmt: skip
_PATIENCE = 5.0  # seconds: formgrader holds the file for a moment whenever a mark is given
_CHECKED_WHOLE = 64_000_000  # bytes: looking through a larger file takes too long

RESTORE = "put back a copy of it, or move it away (marks given by hand are in it) and grade again"


def require_sound_gradebook(path: Path) -> None:
    """Raise a GradusError that says what is wrong with a gradebook and how to mend it; there may be none yet.

    Nothing is changed, whatever the file is.
    """
    require_room(path.parent)
    if not os.path.lexists(path):
        return
    try:
        if not path.is_file():
            raise GradusError(f"{path} is not a plain file, so it cannot be the gradebook; move it away.")
        with path.open("rb") as file:
            begin = file.read(100)
        if begin and not begin.startswith(_MAGIC):
            raise GradusError(f"{path} is not a gradebook: {_looks_like(begin)}.")
        with contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as database:
            _require_ours(path, database)
            _require_writable(database)
    except sqlite3.Error as error:
        raise GradusError(what_is_wrong(path, error)) from None
    except OSError as error:
        raise GradusError(f"{path} cannot be read ({error.strerror}); mend its permissions.") from None


def is_only_begun(path: Path) -> bool:
    """Whether a program that was making a gradebook ended meanwhile: tables of nbgrader's, not all, and no row yet."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return _is_only_begun(database)
    except sqlite3.Error:
        return False


def _is_only_begun(database: sqlite3.Connection) -> bool:
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables <= _ALL_TABLES or any(
        database.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables
    ):
        return False
    return tables < _ALL_TABLES or "alembic_version" in tables  # a finished one says its version


def copy_of(gradebook: Path, why: str) -> Path:
    """Write a copy beside a gradebook, whole or not at all, and give its path.

    Raises:
        GradusError: there is no room, or no permission.
    """
    path = name_of_copy(gradebook.parent, why)
    unfinished = None
    try:
        descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=gradebook.parent)
        os.close(descriptor)
        with (
            contextlib.closing(sqlite3.connect(gradebook)) as before,
            contextlib.closing(sqlite3.connect(unfinished)) as after,
        ):
            before.backup(after)
        Path(unfinished).replace(path)
    except (OSError, sqlite3.Error) as error:
        raise not_copied(path, why, error) from None
    finally:
        if unfinished is not None:
            Path(unfinished).unlink(missing_ok=True)
    return path


def name_of_copy(folder: Path, why: str) -> Path:
    """Where a copy that is made now belongs, beside those of before."""
    name = f"gradebook-before-{why}-{datetime.now(UTC):%Y-%m-%d-%H%M%S}"
    number = 0
    while (path := folder / f"{name}{f'-{number}' if number else ''}.db").exists():
        number += 1
    return path


def not_copied(path: Path, why: str, error: Exception) -> GradusError:
    """Why a gradebook was not brought up to date: `path`, its copy, could not be written."""
    return GradusError(
        f"{path} could not be written ({error}): questions of {why} changed, and the gradebook is copied before it "
        "is brought up to date; make room or mend the permissions, and start again."
    )


def what_is_wrong(path: Path, error: BaseException) -> str:
    """A sentence on why SQLite refused, and the cure. `error` may be SQLAlchemy's, which has SQLite's in it."""
    why = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "locked" in why or "busy" in why:
        cure = "another program has locked it: close what has it open (formgrader, a database browser, another run)"
    elif "readonly" in why or "read-only" in why:
        cure = "it, or its folder, may only be read: mend the permissions"
    elif "full" in why:
        cure = "the disk is full: make room"
    elif "malformed" in why or "not a database" in why:
        cure = f"it is damaged: {RESTORE}"
    elif "no such column" in why or "no such table" in why or "has no column" in why:
        cure = "an older nbgrader made it: copy it, and run `nbgrader db upgrade` in its folder"
    else:
        cure = "mend that"
    return f"{path} could not be written ({why}): {cure}, and start again; results are kept."


def _looks_like(begin: bytes) -> str:
    if begin.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, whose file was not fetched; run `git lfs pull`"
    return f"it begins with {begin[:16]!r}; {RESTORE}"


def _require_ours(path: Path, database: sqlite3.Connection) -> None:
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables or _is_only_begun(database):
        return
    if path.stat().st_size <= _CHECKED_WHOLE:
        (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise GradusError(f"{path} is damaged ({state.splitlines()[0]}); {RESTORE}.")
    if not tables >= TABLES:
        named = ", ".join(sorted(tables)[:3])
        raise GradusError(f"{path} is another program's database (its tables: {named}, …); move it away.")
    (version,) = (
        database.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        if "alembic_version" in tables
        else ("",)
    )
    known, newest = known_versions()
    if known and version != newest:
        if version and version not in known:
            raise GradusError(f"{path} was made by a newer nbgrader (its version {version}); install that one here.")
        raise GradusError(
            f"{path} was made by an older nbgrader; copy it, then run `nbgrader db upgrade` in {path.parent}."
        )


def known_versions() -> tuple[set[str], str]:
    """The versions of a gradebook that the installed nbgrader knows, and the newest, from its migrations' text.

    alembic would tell as well, but takes longer to import than all of this.
    """
    spec = find_spec("nbgrader")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    follows: dict[str, str] = {}
    for path in (path for folder in folders for path in Path(folder, "alembic", "versions").glob("*.py")):
        said = dict(re.findall(r"^(revision|down_revision)\s*=\s*['\"](\w+)['\"]", path.read_text(), re.MULTILINE))
        follows[said.get("revision", "")] = said.get("down_revision", "")
    newest = set(follows) - set(follows.values())
    return set(follows), newest.pop() if len(newest) == 1 else ""


def _require_writable(database: sqlite3.Connection) -> None:
    """Write what is there already, and take it back: that finds a lock, a read-only file and a closed folder."""
    database.execute("BEGIN IMMEDIATE")
    try:
        (number,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {int(number)}")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")
