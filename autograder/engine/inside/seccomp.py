"""The system calls that a submission is refused: a deny-list, as a BPF program.

Denied are calls that leave memory limits behind (memfd, System V and POSIX message queues), that reach into another
process, that would make or change namespaces and mounts, and large corners of the kernel that a notebook has no use for
(bpf, io_uring, keyrings, perf, userfaultfd). A refused call fails with EPERM; `clone3` fails with ENOSYS, because its
flags lie in memory where a filter cannot see them, and the C library then uses `clone`. `sched_setaffinity` succeeds
and does nothing: a submission stays on the processors that it was given, so that others keep theirs.
"""

from __future__ import annotations

import platform
import struct

EPERM, ENOSYS = 1, 38

# name: (x86_64, aarch64); None where an architecture lacks the call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184), "mq_getsetattr": (245, 185),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "unshare": (272, 97), "setns": (308, 268),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "statmount": (457, 457), "listmount": (458, 458),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "io_submit": (209, 2),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "syslog": (103, 116), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18), "vhangup": (153, 58), "personality": (135, 92), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "nfsservctl": (180, 42), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None),
}  # fmt: skip

_CLONE3 = (435, 435)
_SET_AFFINITY = (203, 122)
_CLONE = (56, 220)
_SOCKET = (41, 198)
_SOCKETPAIR = (53, 199)
_NAMESPACES = 0x7E020000  # every CLONE_NEW flag that fits into clone's argument
_FAMILIES = (1, 2, 10)  # Unix, IPv4, IPv6: the network namespace has no way out; vsock would go round it, netlink adds

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, low words


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def program(machine: str | None = None) -> bytes:
    """The filter for `machine` (default: this one).

    Raises:
        LookupError: the numbers of this architecture's system calls are not known.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise LookupError(f"no list of system calls for {machine}")
    column, audit = _ARCHITECTURES[machine]
    refuse = _step(_RETURN, _ERRNO | EPERM)
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, audit, 1, 0),
        _step(_RETURN, _KILL_PROCESS),  # 32-bit calls have other numbers
        _step(_LOAD, _NUMBER),
        _step(_JUMP_AT_LEAST, 0x40000000, 0, 1),  # and so has x32
        refuse,
        _step(_JUMP_EQUAL, _CLONE3[column], 0, 1),
        _step(_RETURN, _ERRNO | ENOSYS),
        _step(_JUMP_EQUAL, _SET_AFFINITY[column], 0, 1),
        _step(_RETURN, _ERRNO),  # an error of 0 is success
        _step(_JUMP_EQUAL, _CLONE[column], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_BITS, _NAMESPACES, 0, 1),
        refuse,
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, _SOCKET[column], 1, 0),
        _step(_JUMP_EQUAL, _SOCKETPAIR[column], 0, len(_FAMILIES) + 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        *(_step(_JUMP_EQUAL, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    for numbers in _DENIED.values():
        if numbers[column] is not None:
            steps += [_step(_JUMP_EQUAL, numbers[column] or 0, 0, 1), refuse]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])
