"""When a submission was handed in: nbgrader's `timestamp.txt` beside it, whatever that file holds.

A time that cannot be read, or may mean two, is said to the instructor; it is never taken for another one. Times are
UTC without a zone, as nbgrader keeps them, and as nbgrader reads one that is written without a zone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.submissions.written_times import EXAMPLE, WrittenTime, WrittenTimeError, read_bytes, read_time

TIMESTAMP = "timestamp.txt"
_MOST_BYTES = 1_000
_FIRST_TERM = datetime(2026, 1, 1)  # nothing of this one was handed out earlier
_AHEAD = timedelta(days=1)  # clocks may differ by so much
_TERM = timedelta(days=183)


@dataclass(frozen=True)
class Timestamp:
    """What a `timestamp.txt` says.

    `time` is None where there is no such file, or no time in it; then `doubt` says why, in the words of a sentence for
    the instructor, or is "". `content` is the file's, and empty when no time was read.
    """

    time: WrittenTime | None = None
    content: bytes = b""
    doubt: str = ""
    text: str = ""

    @property
    def when(self) -> datetime | None:
        return self.time.when if self.time else None

    def doubts(self, due: datetime | None, now: datetime | None = None) -> list[str]:
        """Sentences on what an instructor should look at: no time, an unlikely one, or one that two readings divide.

        Args:
            due: until when this student could hand in, if that is known (UTC).
            now: for tests.
        """
        if self.time is None:
            return [self.doubt] if self.doubt else []
        now = now or datetime.now(UTC).replace(tzinfo=None)
        said, when = f"{TIMESTAMP} says {self.text!r}", self.time.when
        if when > now + _AHEAD:
            return [f"{said}, which is still to come ({_utc(when)}): it was taken as it is; is that clock right?"]
        if when < _FIRST_TERM or (due is not None and when < due - _TERM):
            return [f"{said}, which is long before this was handed out ({_utc(when)}): is that clock right?"]
        if due is not None and self.time.first <= due < self.time.last:
            return [
                f"{said}, without a zone or a time of day: it was read as {_utc(when)}, and elsewhere it would be "
                f"{'in time' if when > due else 'late'}; write it like {EXAMPLE!r}, or with +02:00 at its end."
            ]
        return []


def timestamp_in(folder: Path | str, course_zone: str = "") -> Timestamp:
    """What the `timestamp.txt` in a submission's folder says. Never raises, never waits, follows no link.

    Args:
        course_zone: as for `offset_of`.
    """
    try:
        content = small_plain_file(Path(folder) / TIMESTAMP)
    except (FileNotFoundError, NotADirectoryError):
        return Timestamp()
    except (OSError, ValueError) as error:
        why = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        return Timestamp(doubt=f"{TIMESTAMP} {why}: no time was read; write a time like {EXAMPLE!r} into a plain file.")
    text = ""
    try:
        text = read_bytes(content)
        if not text:
            raise WrittenTimeError("is empty")
        return Timestamp(read_time(text, course_zone), content, text=text)
    except WrittenTimeError as why:
        said = f"{TIMESTAMP} says {_short(text)}, which {why}" if text else f"{TIMESTAMP} {why}"
        return Timestamp(doubt=f"{said}: no time was read; write it like {EXAMPLE!r}.")


def small_plain_file(path: Path) -> bytes:
    """The content of a small plain file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none; the message says what it is.
    """
    if path.is_symlink():
        raise ValueError("is a link, not a file")
    if path.is_dir():
        raise ValueError("is a folder, not a file")
    # Without O_NONBLOCK, opening a pipe would wait for ever.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a plain file")
        if status.st_size > _MOST_BYTES:
            raise ValueError(f"has {status.st_size} bytes, too many for a time")
        return file.read(_MOST_BYTES)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
