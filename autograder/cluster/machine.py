"""What several worker processes of one machine have to share: its cores, and who runs alone. Held by file locks.

A lock goes with the process that holds it, however that ends. Where the locks cannot be had, a process goes by itself:
marks depend on none of this, for a run that others may have slowed keeps its doubt and is not kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.engine.turns import Turns


def lock_folder() -> Path | None:
    """The folder of this user's locks; None where another user could have a hand in it."""
    folder = Path(tempfile.gettempdir()) / f"gradus-workers-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if mine else None


class MachineTurns(Turns):
    """Turns of all sandboxes in all worker processes that this user has on this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._gate, self._room = folder / "gate", folder / "room"

    @contextmanager
    def together(self) -> Iterator[None]:
        with contextlib.ExitStack() as held:
            with _locked(self._gate, fcntl.LOCK_SH):  # whoever waits to be alone holds it
                held.enter_context(_locked(self._room, fcntl.LOCK_SH))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        with _locked(self._gate, fcntl.LOCK_EX), _locked(self._room, fcntl.LOCK_EX):
            yield


class Cores:
    """Cores of this machine that no other worker process has taken, for as long as this is not given back."""

    def __init__(self, folder: Path | None, wanted: int) -> None:
        self._held = contextlib.ExitStack()
        self.numbers: list[int | None] = []
        for core in sorted(os.sched_getaffinity(0)) if folder is not None else []:
            if len(self.numbers) == wanted:
                break
            with contextlib.suppress(BlockingIOError):
                assert folder is not None
                self._held.enter_context(_locked(folder / f"core-{core}", fcntl.LOCK_EX | fcntl.LOCK_NB))
                self.numbers.append(core)
        self.numbers += [None] * (wanted - len(self.numbers))  # more sandboxes than cores: the system's choice

    def give_back(self) -> None:
        self._held.close()


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Hold a lock; each call opens the file for itself, so that it holds between the threads of a process, too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
