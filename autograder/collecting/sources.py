"""The files in a download: a folder, a zip, a zip in a zip. Each is copied under a number, so no name writes anywhere.

A zip is made by strangers: what its directory says of sizes, names and kinds is not believed. A name that leads out of
the download, a link, a device, an entry with a password, two entries of one name, and more bytes than any class hands
in are refused with a reason; all else is found.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.submissions.students import is_junk
from gradus.errors import GradusError

MOST_FILES = 50_000
MOST_BYTES_A_FILE = 64_000_000  # as much as the grader reads of a submission
MOST_BYTES = 4_000_000_000
DEEPEST = 3  # zips within zips
_UTF8, _LOCKED = 0x800, 0x1  # flags of an entry
_DRIVE = re.compile(r"[A-Za-z]:")
_ZIP = re.compile(r".*\.zip", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Found:
    """A file of a download: the folders and the name under which it lies there, and where its copy is."""

    parts: tuple[str, ...]
    copy: Path

    @property
    def content(self) -> bytes:
        return self.copy.read_bytes()


@dataclass(frozen=True)
class Refused:
    """A file, or a whole archive, that is not taken, and why; the reason can follow its name."""

    parts: tuple[str, ...]
    reason: str


@dataclass
class _Room:
    """Where copies go, and what may still be read of one download."""

    folder: Path
    files: int
    bytes: int


def files_in(source: Path, copies: Path) -> Iterator[Found | Refused]:
    """Every file of a folder, a zip or a single file, but for what systems and editors leave (`__MACOSX`, `._x`).

    Args:
        copies: an empty folder, for as long as the files are needed.

    Raises:
        GradusError: there is nothing at `source`, or it may not be read.
    """
    room = _Room(copies, MOST_FILES, MOST_BYTES)
    try:
        if source.is_dir():
            yield from _in_folder(source, room)
        elif _ZIP.fullmatch(source.name):
            with source.open("rb") as file:
                yield from _in_zip(file, (), 1, room)
        else:
            yield _read(source, (source.name,), room)
    except OSError as error:
        raise GradusError(f"{source} cannot be read ({error.strerror or error}).") from None


def _in_folder(folder: Path, room: _Room) -> Iterator[Found | Refused]:
    for where, folders, names in os.walk(folder):
        here = Path(where).relative_to(folder).parts
        folders[:] = sorted(name for name in folders if not is_junk(name))
        for name in list(folders):
            if Path(where, name).is_symlink():
                folders.remove(name)
                yield Refused((*here, name), "is a link, which is not followed")
        for name in sorted(names):
            if is_junk(name):
                continue
            found = _read(Path(where, name), (*here, name), room)
            if isinstance(found, Found) and _ZIP.fullmatch(name):
                yield from _unpacked(found, 2, room)
            else:
                yield found


def _read(path: Path, parts: tuple[str, ...], room: _Room) -> Found | Refused:
    """A plain file's content; nothing is waited for, and no link followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        why = "is a link, which is not followed" if path.is_symlink() else f"cannot be read ({error.strerror})"
        return Refused(parts, why)
    with open(descriptor, "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Refused(parts, "is not a plain file")
        return _taken(parts, file.read(MOST_BYTES_A_FILE + 1), room)


def _taken(parts: tuple[str, ...], content: bytes, room: _Room) -> Found | Refused:
    room.files -= 1
    room.bytes -= len(content)
    if room.files < 0:
        return Refused(parts, f"is one of more than {MOST_FILES} files")
    if len(content) > MOST_BYTES_A_FILE:
        return Refused(parts, f"has more than {MOST_BYTES_A_FILE // 1_000_000} MB")
    if room.bytes < 0:
        return Refused(parts, f"is in a download of more than {MOST_BYTES // 1_000_000_000} GB")
    copy = room.folder / str(room.files)
    copy.write_bytes(content)
    return Found(parts, copy)


def _unpacked(archive: Found, depth: int, room: _Room) -> Iterator[Found | Refused]:
    """A zip in a download: what is in it lies in a folder of its name."""
    if depth > DEEPEST:
        yield Refused(archive.parts, f"is a zip in {DEEPEST} others")
        return
    folder = (*archive.parts[:-1], archive.parts[-1][: -len(".zip")])
    yield from _in_zip(io.BytesIO(archive.content), folder, depth, room, archive.parts)


def _in_zip(
    file: io.IOBase, folder: tuple[str, ...], depth: int, room: _Room, own: tuple[str, ...] = ()
) -> Iterator[Found | Refused]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                yield Refused(own, f"holds more than {MOST_FILES} files")
                return
            names = {id(entry): _name(entry) for entry in entries}
            times = Counter(name.casefold() for name in names.values())
            for entry in entries:
                name = names[id(entry)]
                yield from _entry(archive, entry, name, times[name.casefold()], folder, depth, room)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        yield Refused(own, f"is no zip that can be read ({error})")


def _entry(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    name: str,
    times: int,
    folder: tuple[str, ...],
    depth: int,
    room: _Room,
) -> Iterator[Found | Refused]:
    inside = tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))
    parts = (*folder, *inside)
    if any(is_junk(part) for part in inside if part != ".."):
        return
    reason = _refusal(entry, name, inside, times)
    if reason:
        yield Refused(parts, reason)
        return
    try:
        with archive.open(entry) as file:
            found = _taken(parts, file.read(min(MOST_BYTES_A_FILE, max(room.bytes, 0)) + 1), room)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        yield Refused(parts, f"cannot be unpacked ({error})")
        return
    if isinstance(found, Found) and _ZIP.fullmatch(parts[-1]):
        yield from _unpacked(found, depth + 1, room)
    else:
        yield found


def _refusal(entry: zipfile.ZipInfo, name: str, inside: tuple[str, ...], times: int) -> str:
    """Why an entry is not taken, or ""."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if ".." in inside or name.startswith(("/", "\\")) or (inside and _DRIVE.match(inside[0])) or not inside:
        return "has a name that leads out of the archive"
    if kind == stat.S_IFLNK:
        return "is a link, which is not followed"
    if kind not in (0, stat.S_IFREG):
        return "is not a plain file"
    if entry.flag_bits & _LOCKED:
        return "is locked with a password"
    if times > 1:
        return f"is there {times} times under one name, and which one counts cannot be told"
    if entry.file_size > MOST_BYTES_A_FILE:
        return f"has more than {MOST_BYTES_A_FILE // 1_000_000} MB"
    return ""


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Many programs write UTF-8 and do not say so; then Python has read it as code page 437."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename
