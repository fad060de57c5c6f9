"""What the filter of system calls says to each, read as the kernel reads it."""

from __future__ import annotations

import struct

import pytest

from autograder.engine.inside.seccomp import program

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = {  # by name: the numbers on x86_64 and aarch64
    "read": (0, 63), "clone": (56, 220), "clone3": (435, 435), "socket": (41, 198), "socketpair": (53, 199),
    "sched_setaffinity": (203, 122), "ptrace": (101, 117), "bpf": (321, 280), "connect": (42, 203),
}  # fmt: skip
ALLOWED, REFUSED, NOT_THERE, DONE, KILLED = 0x7FFF0000, 0x00050001, 0x00050026, 0x00050000, 0x80000000


def says(machine: str, call: str | int, first: int = 0, audit: int | None = None) -> int:
    """What the filter returns for a call with this first argument."""
    number = CALLS[call][list(AUDIT).index(machine)] if isinstance(call, str) else call
    data = {0: number, 4: AUDIT[machine] if audit is None else audit, 16: first}
    steps, at, value = list(struct.iter_unpack("=HBBI", program(machine))), 0, 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                value = data[operand]
            case 0x06:
                return int(operand)
            case 0x15:
                at += if_true if value == operand else if_false
            case 0x35:
                at += if_true if value >= operand else if_false
            case 0x45:
                at += if_true if value & operand else if_false
            case _:
                raise AssertionError(code)


@pytest.mark.parametrize("machine", AUDIT)
def test_each_call_is_answered(machine: str) -> None:
    assert [says(machine, call) for call in ("read", "connect", "clone")] == [ALLOWED] * 3
    assert [says(machine, call) for call in ("ptrace", "bpf")] == [REFUSED] * 2
    assert says(machine, "clone3") == NOT_THERE
    assert says(machine, "sched_setaffinity") == DONE
    assert says(machine, "clone", 0x10000000) == REFUSED  # a user namespace
    assert says(machine, 0x40000000) == REFUSED  # x32
    assert says(machine, "read", audit=0x40000003) == KILLED  # 32-bit


@pytest.mark.parametrize("call", ["socket", "socketpair"])
@pytest.mark.parametrize("machine", AUDIT)
def test_sockets_are_of_three_families_alone_and_pairs_of_them_too(machine: str, call: str) -> None:
    allowed = [family for family in range(64) if says(machine, call, family) == ALLOWED]
    assert allowed == [1, 2, 10]
    assert {says(machine, call, family) for family in range(64)} == {ALLOWED, REFUSED}
