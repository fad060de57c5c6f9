"""Files that are there whole or not at all, whenever the machine, the disk or the user puts an end to the writing."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path

from gradus.errors import GradusError

_SOME_ROOM = 65_536  # bytes: what is free on a disk that is not full
UNFINISHED = ".unfinished-"  # how names of files begin that are being written


def require_writable(path: Path) -> None:
    """Raise a GradusError when `write_result` could not put a small file there now. Its folder is made."""
    try:
        if path.is_dir():
            raise GradusError(f"{path} is a folder; name a file in it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not os.access(path, os.W_OK):
            raise GradusError(f"{path} may not be written; mend its permissions, or name another file.")
        if _is_replaced(path):
            require_room(path.resolve().parent)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise GradusError(f"{path} cannot be written ({why}); name another file, or mend the permissions.") from None


def require_room(folder: Path) -> None:
    """Raise a GradusError when no small file could be made in a folder now."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_SOME_ROOM))
            file.flush()
    except OSError as error:
        raise GradusError(
            f"{folder}: nothing can be written there ({error.strerror}); make room or mend the permissions."
        ) from None


def write_result(path: Path, content: bytes) -> None:
    """Put `content` where a person has asked for it: into a file as `write_whole` does, through links and with the
    rights that it has or that new files get; a device or a pipe is written to as it is.

    Raises:
        GradusError: it could not be written; a file that was there is as it was.
    """
    if _is_replaced(path):
        write_whole(path.resolve(), content, _mode_of(path))
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise GradusError(f"{path} could not be written ({error.strerror}).") from error


def _is_replaced(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _mode_of(path: Path) -> int:
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def write_whole(path: Path, content: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Put `content` into `path`; what was there before stays until all of it is there.

    Args:
        durable: wait until the disk has it. Without, it can be lost when the machine itself goes down, and only then.

    Raises:
        GradusError: it could not be written: a full disk, a folder without permission.
    """
    unfinished = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        with open(descriptor, "wb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fchmod(descriptor, mode)
            if durable:
                os.fsync(descriptor)
        os.replace(unfinished, path)  # noqa: PTH105
    except OSError as error:
        raise GradusError(
            f"{path} could not be written ({error.strerror}); make room or mend the permissions, and start again: "
            "what was done is kept."
        ) from error
    finally:
        if unfinished is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished)  # noqa: PTH108


def remove_all_but(kept: Collection[str], folder: Path) -> None:
    """Only the notebook counts: modules that shadow a library, and links to other files, must not lie beside it."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name not in kept or entry.is_symlink():
            entry.unlink()
