"""A cgroup around a sandbox, where this process may make one: the kernel's own bound on memory and processes.

The memory of a submission is watched ten times a second, and each of its processes has limits of its own. A cgroup
holds between two looks, too. Making one takes a writable folder of the cgroup tree: root, mostly. Without it, the other
bounds stand alone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.records.execution import Limits

_TREE = Path("/sys/fs/cgroup")
_MEMORY_OF_OURS = 1 << 30  # bytes: the warm process, and what the watch lets pass until its next look
_PROCESSES_OF_OURS = 300  # the warm process, inits, held children
_REMOVAL_SECONDS = 2.0
_PREFIX = "gradus-"
_SURELY_ENTERED = 60.0  # seconds
_BOUNDS = {"memory.max": "max", "memory.high": "max", "cpu.max": "max", "cpuset.cpus": ""}  # when they bound nothing
_made: set[str] = set()


@dataclass(frozen=True)
class Cgroup:
    """Folders that were made for one sandbox: one in version 2 of cgroups, one for each controller in version 1."""

    folders: tuple[Path, ...]

    @property
    def doors(self) -> list[str]:
        """The files into which a process writes 0 to enter."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def bound(self, limits: Limits, at_once: int = 1) -> None:
        """Set the bounds for submissions with `limits`: above all that the watch allows, below what hurts."""
        memory = 2 * at_once * limits.memory_bytes + _MEMORY_OF_OURS
        for name, value in (
            ("memory.max", memory),
            ("memory.swap.max", 0),
            ("memory.limit_in_bytes", memory),
            ("pids.max", at_once * (limits.processes + _PROCESSES_OF_OURS)),
        ):
            for folder in self.folders:
                if (folder / name).exists():
                    with contextlib.suppress(OSError):  # less than what is held at the moment: the watch will see it
                        (folder / name).write_text(str(value))

    def remove(self) -> None:
        """Take the folders away, once the last process in them has gone."""
        until = time.monotonic() + _REMOVAL_SECONDS
        for folder in self.folders:
            while not _removed(folder) and time.monotonic() < until:
                time.sleep(0.01)


def make_cgroup() -> Cgroup | None:
    """A new cgroup where every bound on this process holds, too; None where none can be made.

    Takes away what dead graders left.
    """
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    _made.add(name)
    made = []
    for parent in _parents():
        _sweep(parent)
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        if not os.access(folder / "cgroup.procs", os.W_OK):
            _removed(folder)
            continue
        made.append(folder)
    return Cgroup(tuple(made)) if made else None


def _parents() -> list[Path]:
    """Where in the tree a cgroup for memory and processes may be made."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("memory", "pids"):  # version 1
            found.append(_TREE / controllers / path.lstrip("/"))
        elif not controllers and (nearest := _delegating(path)) is not None:
            found.append(nearest)
    return [folder for folder in found if os.access(folder, os.W_OK)]


def _delegating(path: str) -> Path | None:
    """The nearest folder at or above `path` in version 2 that hands memory and pids down and may be written to.

    A folder with a bound of its own is not left: the sandbox would escape what an administrator has set.
    """
    here = _TREE / path.lstrip("/")
    for folder in (here, *here.parents):
        try:
            handed_down = (folder / "cgroup.subtree_control").read_text().split()
        except OSError:
            return None
        if {"memory", "pids"} <= set(handed_down) and os.access(folder, os.W_OK):
            return folder
        if any(_is_bound(folder / name, free) for name, free in _BOUNDS.items()):
            return None
    return None


def _is_bound(file: Path, free: str) -> bool:
    try:
        return (file.read_text().split() or [""])[0] != free
    except OSError:
        return False


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        gone = not Path(f"/proc/{pid}").exists() or (pid == str(os.getpid()) and folder.name not in _made)
        with contextlib.suppress(OSError):
            if gone and folder.stat().st_mtime < time.time() - _SURELY_ENTERED:  # it may be of another PID namespace
                _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
