"""A time as people and programs write it, read as the one moment that it means, or refused with the reason.

ISO 8601 with and without a zone, mail headers, the output of `date`, what browsers and Windows print, Unix time.
Nothing is guessed: 02/10/2026 is in October to one half of the world and in February to the other, so it is refused,
whereas 02.10.2026 is written only where the day stands first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dateutil import parser

from autograder.submissions.zones import WIDEST, ZoneError, offset_of

EXAMPLE = "2026-10-02 14:00:00 UTC"
_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LONGEST = 200  # characters; no time is written with more
_WEST, _DAY = timedelta(hours=12), timedelta(days=1)  # the zone where a day ends last; a time of day left out

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_HALF = r"(?:\s*[AaPp]\.?[Mm]\.?(?![A-Za-z]))?"
_WITH_OFFSET = re.compile(rf"({_CLOCK}{_HALF})\s*((?:UTC|GMT|UT)?\s*[+-]\d{{1,2}}(?::?\d{{2}})?)(?![\d:])(.*)", re.I)
_WITH_NAME = re.compile(rf"(.*?{_CLOCK}{_HALF})\s*(?![AP]\.?M\b)([^\W\d][\w./ +-]*?)(\s*,?\s*\d{{4}})?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?:,?\s+(\S.*))?")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T,\s]\s*(\S.*))?")
_EITHER_FIRST = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?:,?\s+(\S.*))?")
_NUMBER = re.compile(r"@?(\d+)(?:[.,](\d+))?")
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", re.IGNORECASE)
_MONTH = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)
_FILLING = re.compile(r"\d(?:st|nd|rd|th)\b|\b(?:at|of|on)\b|\d\s*[ap]\.?m\b\.?", re.IGNORECASE)
_PACKED_WITH_ZONE = re.compile(r"(\d{8}T\d{4,6}(?:[.,]\d+)?|\d{4}-?W\d{2}-?\d[T ].*?\d)\s*(Z|[+-]\d{2}:?\d{2})?")
_UNIX = {9: 1, 10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}  # digits: parts of a second
_PACKED = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


class WrittenTimeError(ValueError):
    """It cannot be read, or means several moments; the message says why, and can follow "it"."""


@dataclass(frozen=True)
class WrittenTime:
    """A moment, UTC without a zone, as nbgrader keeps it; and the first and last one that may have been meant.

    They differ where no zone was written, which counts as UTC, or no time of day, which counts as midnight.
    """

    when: datetime
    first: datetime
    last: datetime


def read_bytes(content: bytes) -> str:
    """The text of a small file in whatever encoding an editor, or PowerShell's `>`, has given it.

    Raises:
        WrittenTimeError: it is no text.
    """
    try:
        text = content.decode(_encoding(content))
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if character.isspace() else character for character in text)
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")  # Windows' marks
    if any(unicodedata.category(character).startswith("C") or character == "\ufffd" for character in text):
        raise WrittenTimeError("is no text")
    return " ".join(text.split())


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):  # without a mark every other byte is 0, nearly always
        if 2 * content[first::2].count(0) > len(content[first::2]):
            return encoding
    return "utf-8"


def read_time(text: str, course_zone: str = "") -> WrittenTime:
    """The moment that `text` means.

    Args:
        course_zone: as for `offset_of`.

    Raises:
        WrittenTimeError: see there.
    """
    if len(text) > _LONGEST:
        raise WrittenTimeError("is too long for a time")
    text = text.strip("\"' ")
    text = re.sub(r"\s*(?:Uhr|h)$", "", text)
    if number := _NUMBER.fullmatch(text):
        return _from_number(number[1], number[2] or "")
    text, zone = _without_zone(text)
    local, has_clock = _local(text)
    try:
        if zone:
            first = moment = last = local - offset_of(zone, local, course_zone)
        else:
            moment, first, last = local, local - WIDEST, local + _WEST
        return WrittenTime(moment, first, last if has_clock else last + _DAY)
    except ZoneError as error:
        raise WrittenTimeError(f"has a zone that cannot be used: {error}") from None
    except OverflowError:
        raise WrittenTimeError("is in no year that a calendar has") from None


def _from_number(digits: str, fraction: str) -> WrittenTime:
    """Unix time in seconds, or in parts of them; or a date without anything between its parts."""
    if (form := _PACKED.get(len(digits))) and not fraction and digits[:2] in ("19", "20"):
        try:
            moment = datetime.strptime(digits, form)
        except ValueError:
            raise WrittenTimeError("is no date") from None
        return WrittenTime(moment, moment - WIDEST, moment + _WEST + (_DAY if len(digits) == 8 else timedelta()))
    parts = _UNIX.get(len(digits))
    if parts is None:
        raise WrittenTimeError("is a number, but no Unix time")
    seconds, rest = divmod(int(digits), parts)
    micro = rest * 1_000_000 // parts if parts > 1 else int(fraction[:6].ljust(6, "0"))
    moment = (datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micro)).replace(tzinfo=None)
    return WrittenTime(moment, moment, moment)


def _without_zone(text: str) -> tuple[str, str]:
    """The text without its zone, and the zone; "" for none."""
    if packed := _PACKED_WITH_ZONE.fullmatch(text):
        return packed[1], packed[2] or ""
    bare = _IN_BRACKETS.sub("", text)
    if found := _WITH_OFFSET.search(bare):
        rest = found[3].strip()
        if rest and not re.fullmatch(r",?\s*\d{4}", rest):
            raise WrittenTimeError(f"goes on with {rest!r} behind its zone")
        return f"{bare[: found.start()]}{found[1]} {rest}".strip(), found[2].strip()
    if (found := _WITH_NAME.fullmatch(bare)) and not _MONTH.search(found[2]):
        return found[1] + (found[3] or ""), found[2].strip()
    return bare, text[len(bare) :].strip(" ()[]")


def _local(text: str) -> tuple[datetime, bool]:
    """What the calendar and the clock on the wall said, and whether a clock was looked at."""
    if found := _DAY_FIRST.fullmatch(text):
        return _moment(_year(found[3]), int(found[2]), int(found[1]), found[4])
    if found := _YEAR_FIRST.fullmatch(text):
        return _moment(int(found[1]), int(found[3]), int(found[4]), found[5])
    if found := _EITHER_FIRST.fullmatch(text):
        one, two = int(found[1]), int(found[3])
        if len(found[4]) == 2 or (one != two and max(one, two) <= 12):
            raise WrittenTimeError("may have the day first, or the month, or the year")
        day, month = (one, two) if one > 12 else (two, one)
        return _moment(int(found[4]), month, day, found[5])
    if _MONTH.search(text):
        return _with_month_in_words(text)
    try:
        return datetime.fromisoformat(text), "T" in text or " " in text
    except ValueError:
        raise WrittenTimeError("is no time that is known") from None


def _moment(year: int, month: int, day: int, clock: str | None) -> tuple[datetime, bool]:
    try:
        date = datetime(year, month, day)
    except ValueError:
        raise WrittenTimeError("is no date of the calendar") from None
    if clock is None:
        return date, False
    match = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2})(?:[.,](\d+))?)?\s*([AaPp])?(?:\.?[Mm]\.?)?", clock)
    if match is None or (match[2] is None and match[5] is None):
        raise WrittenTimeError(f"has {clock!r} where the time of day is expected")
    hour = int(match[1])
    if match[5]:
        if not 1 <= hour <= 12:
            raise WrittenTimeError(f"has {clock!r} where the time of day is expected")
        hour = hour % 12 + (12 if match[5] in "Pp" else 0)
    try:
        return date.replace(
            hour=hour,
            minute=int(match[2] or 0),
            second=int(match[3] or 0),
            microsecond=int((match[4] or "")[:6].ljust(6, "0")),
        ), True
    except ValueError:
        raise WrittenTimeError("has a time of day that no clock shows") from None


def _with_month_in_words(text: str) -> tuple[datetime, bool]:
    """`dateutil` reads it, twice: what it fills in from two times with nothing in common was not written."""
    if words := re.findall(r"[^\W\d_]+", _FILLING.sub(" ", _WEEKDAY.sub("", _MONTH.sub("", text)))):
        raise WrittenTimeError(f"says {words[0]!r}, which belongs to no time that is known")
    numbers = re.findall(r"(?<![\d:.])\d{1,4}(?![\d:])", re.sub(_CLOCK, "", text))
    if not any(len(number) == 4 for number in numbers):
        raise WrittenTimeError("has no year of four digits")
    text = re.sub(r"(\d:\d{2}:\d{2}),(?=\d)", r"\1.", text)
    try:
        one, two = (parser.parse(text, default=default, ignoretz=True) for default in _NOTHING_IN_COMMON)
    except (ValueError, OverflowError, TypeError):
        raise WrittenTimeError("is no time that is known") from None
    if one.date() != two.date():
        raise WrittenTimeError("has no day, no month or no year")
    if (weekday := _WEEKDAY.search(text)) and weekday[1].lower() != one.strftime("%a").lower():
        raise WrittenTimeError(f"says {weekday[1]}, but that day is a {one:%A}")
    has_clock = (one.hour, one.minute) == (two.hour, two.minute)
    return (one.replace(second=one.second if ":" in text else 0) if has_clock else _midnight(one)), has_clock


_NOTHING_IN_COMMON = (datetime(2001, 1, 1, 0, 0), datetime(2002, 2, 2, 13, 59))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)
