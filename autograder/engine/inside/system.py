"""The Linux calls that Python 3.11 does not have, through ctypes. Loaded once, before anything forks."""

from __future__ import annotations

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)
_python = ctypes.PyDLL(None, use_errno=True)  # the same, without letting go of the interpreter's lock

_NUMBERS = {  # capset, clone, pivot_root, seccomp
    "x86_64": {"capset": 126, "clone": 56, "pivot_root": 155, "seccomp": 317},
    "aarch64": {"capset": 91, "clone": 220, "pivot_root": 41, "seccomp": 277},
}
_listdir = os.listdir
_NUMBER = _NUMBERS.get(platform.machine(), {})

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2

PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
ALL_SECUREBITS_LOCKED = 0b11101111  # uid 0 means nothing, capabilities are not kept, and none of this can be changed

_CAPABILITY_VERSION_3 = 0x20080522


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(name: str, *arguments: object) -> int:
    if name not in _NUMBER:
        raise OSError(38, f"{name}: not known for {platform.machine()}")
    return _check(_libc.syscall(ctypes.c_long(_NUMBER[name]), *arguments), name)


def fork_into_namespaces(flags: int) -> int:
    """`fork`, whose child is born into new namespaces (and is process 1 of a new PID namespace).

    `os.fork` knows no flags; fork, unshare, fork would copy the page tables of a process with torch in it twice. The
    caller must have one thread, and the child must do little: see `fork_alone`.
    """
    return _clone(flags)


def fork_alone() -> int:
    """`fork` without what libraries have registered to be done at a fork, where this process has one thread.

    That is for the locks and pools of threads that the child does not have. It touches 300 pages, each of which is then
    copied for the child: a third of what a fork costs. With other threads, or where that cannot be known, `os.fork`.
    """
    return _clone(0) if count_threads() == 1 and "clone" in _NUMBER else os.fork()


def count_threads() -> int | None:
    """How many threads this process has; None where that cannot be known (without /proc, or not on Linux)."""
    try:
        return len(_listdir("/proc/self/task"))
    except OSError:
        return None


def _clone(flags: int) -> int:
    sigchld = 17
    pid = _python.syscall(ctypes.c_long(_NUMBER["clone"]), ctypes.c_ulong(flags | sigchld), None, None, None, None)
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


def unshare(flags: int) -> None:
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    as_bytes = (None if text is None else os.fsencode(text) for text in (source, target, kind))
    data = None if options is None else options.encode()
    _check(_libc.mount(*as_bytes, ctypes.c_ulong(flags), data), f"mount {target}")


def unmount(target: str, flags: int) -> None:
    _check(_libc.umount2(os.fsencode(target), ctypes.c_int(flags)), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    _syscall("pivot_root", os.fsencode(new), os.fsencode(old))


def prctl(option: int, argument: int = 0, third: int = 0) -> None:
    arguments = (ctypes.c_ulong(argument), ctypes.c_ulong(third), ctypes.c_ulong(0), ctypes.c_ulong(0))
    _check(_libc.prctl(ctypes.c_int(option), *arguments), f"prctl {option}")


def drop_capabilities() -> None:
    """Give up every capability, and with the bounding set and `no_new_privs` every way to get one back.

    Raises:
        OSError: the kernel would not; nothing of the student's may run then.
    """
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            if capability < 30:
                raise
            break  # beyond the last one that this kernel has
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    prctl(PR_SET_SECUREBITS, ALL_SECUREBITS_LOCKED)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _syscall("capset", header, nothing)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor that is not in `kept`, nor one of the standard three."""
    lowest = 3
    for descriptor in sorted(kept):
        if descriptor >= lowest:
            os.closerange(lowest, descriptor)
            lowest = descriptor + 1
    os.closerange(lowest, 4096)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install_filter(program: bytes) -> None:
    """Install a seccomp filter, for this process and all that it starts. `no_new_privs` must be set."""
    set_mode_filter, allow_speculation = 1, 4  # without the second, kernels before 5.16 slow the process down
    structure = _Program(len(program) // 8, program)
    _syscall("seccomp", ctypes.c_uint(set_mode_filter), ctypes.c_uint(allow_speculation), ctypes.byref(structure))
