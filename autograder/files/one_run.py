"""One grading run of a course at a time, on any file system.

The system's own lock, which it lets go of however a process ends, is used where there is one. A network file system
may have none: there a file says which process of which machine holds the course.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradus.errors import GradusError

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

LOCK = ".grading"
OWNER = ".grading-by"
_HELD = (errno.EAGAIN, errno.EACCES)


@contextmanager
def one_run(folder: Path) -> Iterator[list[str]]:
    """Hold a course folder, and give what is to be said about how it is held: sentences, mostly none.

    Raises:
        GradusError: another run holds it, or nothing can be written into the folder.
    """
    try:
        handle = (folder / LOCK).open("w")
    except OSError as error:
        raise GradusError(
            f"{folder / LOCK} could not be written ({error.strerror}); mend the permissions, or grade a copy of the "
            "folder."
        ) from None
    with handle:
        why = None
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _HELD:
                    raise GradusError(f"{folder}: another run is grading this course; wait until it ends.") from None
                why = error.strerror or str(error)
        if why is None:
            yield []
            return
        with _by_name(folder):
            yield [
                f"the file system of {folder} has no locks ({why}), so the file {OWNER} in it says that a run is going "
                "on; start no run on another machine meanwhile."
            ]


@contextmanager
def _by_name(folder: Path) -> Iterator[None]:
    """Hold the folder by a file that names this process; one that names a process which has ended does not count."""
    path, owner = folder / OWNER, _this_process()
    for _ in range(2):
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(owner, file)
            break
        except FileExistsError:
            if not _has_ended(_owner(path), owner):
                raise GradusError(
                    f"{folder}: another run is grading this course ({_called(_owner(path))}); wait until it ends, or "
                    f"delete {path} if it has."
                ) from None
            path.unlink(missing_ok=True)
        except OSError as error:
            raise GradusError(f"{path} could not be written ({error.strerror}); mend that and start again.") from None
    else:
        raise GradusError(f"{folder}: another run has just begun to grade this course; wait until it ends.")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _this_process() -> dict[str, Any]:
    return {"machine": socket.gethostname(), "process": os.getpid(), "started": _started(os.getpid())}


def _started(process: int) -> str:
    """When a process began, which tells it from a later one of the same number; "" where that is not to be had."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _owner(path: Path) -> dict[str, Any]:
    try:
        owner = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _has_ended(other: dict[str, Any], this: dict[str, Any]) -> bool:
    """Whether it is known to have ended: only processes of this machine can be looked up."""
    number = other.get("process")
    if other.get("machine") != this["machine"] or type(number) is not int or number < 1:
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return bool(other.get("started")) and other["started"] != _started(number)


def _called(owner: dict[str, Any]) -> str:
    return f"process {owner.get('process', '?')} on {owner.get('machine', 'a machine that is not named')}"
