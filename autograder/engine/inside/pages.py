"""Where the memory of the warm process lies, so that its forks pay for fewer pages.

A fork copies page tables, the pages that it writes to, and the entries of the code that it runs. Huge pages make the
first and the last cheaper; objects side by side the second. Nothing here changes what any address holds, and where the
kernel refuses, forks are only slower.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
from collections.abc import Iterator

_libc = ctypes.CDLL(None, use_errno=True)

_READ, _WRITE, _RUN, _OWN = mmap.PROT_READ, mmap.PROT_WRITE, mmap.PROT_EXEC, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_HUGE_PAGES, _COLLAPSE = 14, 25  # MADV_HUGEPAGE, MADV_COLLAPSE
_TO_A_FIXED_PLACE = 3  # MREMAP_MAYMOVE | MREMAP_FIXED
_FAILED = 2 ** (8 * ctypes.sizeof(ctypes.c_void_p)) - 1
_PAGE, _HUGE = mmap.PAGESIZE, 2 << 20
_MAPPED = 1 << 63  # of an entry of /proc/PID/pagemap
_USED = 0.25  # of a huge page of code: less is not worth the memory
# Python's allocator of small objects: sizes in steps of 16 bytes, each with pools of 16 KiB, which begin with a header.
_SMALLEST, _LARGEST, _POOL, _POOL_HEADER = 16, 512, 1 << 14, 48
_taken: list[object] = []


def gather_pages() -> int:
    """Put this process's heap into huge pages: a fork then copies a tenth of the page tables.

    Returns:
        How many regions were gathered; 0 on a kernel before 6.1.
    """
    return sum(
        _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE) == 0
        for start, end, name in _regions("rw-p")
        if name in ("", "[heap]") and end - start >= _HUGE
    )


def gather_code() -> int:
    """Put the machine code that was run until now into huge pages of this process's own.

    A fork begins without entries for the code of libraries, and meets each sixteen pages of it with a fault: a tenth
    of all its faults. Huge pages that are nobody's file it inherits, two megabytes at a time. Torch has 350 MB of code,
    of which notebooks run a third: only what has been used moves.

    Returns:
        How many huge pages there are; 0 where this is not allowed (SELinux may forbid it), off Linux, and on other
        processors, some of which have to be told that code has changed.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return 0
    _libc.mmap.restype = _libc.mremap.restype = ctypes.c_void_p  # here: not every system has both
    moved = 0
    for start, end, name in _regions("r-xp"):
        if name.startswith("/"):
            for first, last in _used(-(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE):
                moved += (last - first) // _HUGE if _move(first, last - first) else 0
    return moved


def _regions(permissions: str) -> Iterator[tuple[int, int, str]]:
    """Where each region of this process begins and ends, and the name of its file; nothing without /proc."""
    try:
        with open("/proc/self/maps") as maps:  # noqa: PTH123  (pathlib is not loaded in every process of ours)
            lines = maps.readlines()
    except OSError:
        return
    for line in lines:
        span, allowed, _, _, _, *name = line.split(maxsplit=5)
        if allowed == permissions:
            start, end = (int(text, 16) for text in span.split("-"))
            yield start, end, name[0].strip() if name else ""


def _used(start: int, end: int) -> list[tuple[int, int]]:
    """The ranges between two huge-page borders of which enough has been touched."""
    pages = _HUGE // _PAGE
    try:
        with open("/proc/self/pagemap", "rb") as pagemap:  # noqa: PTH123
            pagemap.seek(8 * (start // _PAGE))
            content = pagemap.read(8 * max(0, end - start) // _PAGE)
    except OSError:
        return []
    found: list[tuple[int, int]] = []
    for place in range(0, len(content) // 8 // pages * pages, pages):
        entries = struct.unpack_from(f"={pages}Q", content, 8 * place)
        if sum(entry >= _MAPPED for entry in entries) < _USED * pages:
            continue
        first = start + place * _PAGE
        if found and found[-1][1] == first:
            found[-1] = found[-1][0], first + _HUGE
        else:
            found.append((first, first + _HUGE))
    return found


def _move(start: int, size: int) -> bool:
    """Put a copy of code in its own place, in huge pages. The kernel changes one for the other in one step."""
    room = _libc.mmap(None, ctypes.c_size_t(size + _HUGE), _READ | _WRITE, _OWN, -1, ctypes.c_long(0))
    if room in (None, _FAILED):
        return False
    copy = -(-room // _HUGE) * _HUGE
    at, length = ctypes.c_void_p(copy), ctypes.c_size_t(size)
    moved = False
    if _libc.madvise(at, length, _HUGE_PAGES) == 0:
        ctypes.memmove(copy, start, size)
        if _libc.mprotect(at, length, _READ | _RUN) == 0:
            moved = _libc.mremap(at, length, length, _TO_A_FIXED_PLACE, ctypes.c_void_p(start)) == start
    around = [(room, copy - room), (copy + size, room + _HUGE - copy)]
    for begin, bytes_left in around if moved else [(room, size + _HUGE)]:
        if bytes_left:
            _libc.munmap(ctypes.c_void_p(begin), ctypes.c_size_t(bytes_left))
    return moved


def fill_pools() -> None:
    """Take what is free in the pools of Python's small objects, for good.

    Imports leave holes all over the heap. A fork that puts its objects there has a page copied for each hole; one that
    finds none puts them side by side on pages of its own.
    """
    for size in range(_SMALLEST, _LARGEST + 1, _SMALLEST):
        in_pool: dict[int, int] = {}
        whole = (_POOL - _POOL_HEADER) // size
        while max(in_pool.values(), default=0) < 0.9 * whole:  # a new pool, all of it ours but for what counts here
            _taken.append(_small_object(size))
            pool = id(_taken[-1]) // _POOL
            in_pool[pool] = in_pool.get(pool, 0) + 1


def _small_object(size: int) -> object:
    if size == 16:
        return object()
    return float(len(_taken)) if size == 32 else bytes(size - sys.getsizeof(b""))
