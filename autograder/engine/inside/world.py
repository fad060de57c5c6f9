"""The inner wall: what a submission's init builds around itself before any student code runs.

The outer wall has laid out `/world`: a read-only root with the system, Python, gradus and the data. Each submission
gets it as its root, with one small tmpfs for everything that can be written.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path
from typing import Any

from autograder.engine.inside import system

NAMESPACES = (
    system.CLONE_NEWUSER | system.CLONE_NEWPID | system.CLONE_NEWNS
    | system.CLONE_NEWIPC | system.CLONE_NEWNET | system.CLONE_NEWUTS
)  # fmt: skip

WORLD = "/world"
SCRATCH = "/scratch"  # in the world; /tmp and /dev/shm are links into it
HOME = f"{SCRATCH}/home"
STUDENT = 1000  # the uid and gid inside

_NO_MORE = ("user", "mnt", "pid", "ipc", "net", "uts", "cgroup", "time")


def become_student(outer_uid: int, outer_gid: int) -> None:
    """Map the one user of the new namespace, and forbid namespaces inside it.

    Args:
        outer_uid, outer_gid: as they were before the namespace was made.

    Raises:
        OSError: this system does not allow it.
    """
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{STUDENT} {outer_uid} 1")
    _write("/proc/self/gid_map", f"{STUDENT} {outer_gid} 1")
    for kind in _NO_MORE:
        limit = f"/proc/sys/user/max_{kind}_namespaces"
        if kind == "user" or os.access(limit, os.F_OK):
            _write(limit, "0")


def go_first() -> None:
    """When memory runs out, the kernel ends a process of the submission rather than the warm one.

    A submission may undo this; should the warm one go, it is started again.
    """
    with contextlib.suppress(OSError):
        _write("/proc/self/oom_score_adj", "500")


def enter(limits: dict[str, Any]) -> None:
    """Make `/world` the root, with the submission's own tmpfs and its own /proc, and let go of everything else.

    Raises:
        OSError: a mount was refused.
    """
    unprivileged = system.MS_NOSUID | system.MS_NODEV
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    system.mount(WORLD, WORLD, None, system.MS_BIND | system.MS_REC)
    size = f"size={limits['tmpfs_bytes']},nr_inodes={limits['inodes']},mode=0755"
    system.mount("scratch", WORLD + SCRATCH, "tmpfs", unprivileged, size)
    try:
        system.mount("proc", f"{WORLD}/proc", "proc", unprivileged | system.MS_NOEXEC)
    except OSError:  # /proc is partly hidden on this system (a container): then it is not to be had at all
        system.mount("none", f"{WORLD}/proc", "tmpfs", unprivileged | system.MS_RDONLY, "size=4k,mode=0555")
    os.chdir(WORLD)
    system.pivot_root(".", ".")
    system.unmount(".", system.MNT_DETACH)
    os.chdir("/")
    make_home(SCRATCH)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)  # without pathlib, whose pages each submission would have to copy
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def make_home(scratch: str) -> None:
    """The folders in which a submission can write, and the first of them as the working directory."""
    for name in ("home", "tmp", "shm"):
        os.mkdir(f"{scratch}/{name}", 0o700)  # noqa: PTH102
    os.chdir(f"{scratch}/home")


def limit_resources(limits: dict[str, Any], others: int) -> None:
    """Limits of each process of the submission.

    Args:
        others: processes of ours that count as the submission's.
    """
    used = _address_space()
    limit = resource.setrlimit
    limit(resource.RLIMIT_CORE, (0, 0))
    limit(resource.RLIMIT_FSIZE, _both(limits["file_bytes"]))
    limit(resource.RLIMIT_NOFILE, _both(limits["files"]))
    limit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 5))
    limit(resource.RLIMIT_MEMLOCK, (0, 0))
    if used:
        limit(resource.RLIMIT_AS, _both(used + limits["memory_bytes"]))
    limit(resource.RLIMIT_NPROC, _both(limits["processes"] + others))


def _both(value: int) -> tuple[int, int]:
    return (value, value)


def _address_space() -> int:
    """Bytes of address space that this process has; 0 where that cannot be read."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    return pages * resource.getpagesize()
