"""Files that are there whole or not at all, whenever the machine, the disk or the user puts an end to the writing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from gradus.errors import GradusError

UNFINISHED = ".unfinished-"  # how names of files begin that are being written


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
