"""Which offset from UTC a time zone stands for, as mail programs, `date`, Windows and browsers write it.

The tz database decides. What an abbreviation means is looked up in all of its zones: one that means several times, as
CST does in Chicago, Shanghai and Havana, means none of them, unless the course has a zone of its own that has it.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo

WIDEST = timedelta(hours=14)  # no place is farther from UTC

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?\s*([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_NONE = ("Z", "UTC", "GMT", "UT", "ZULU", "COORDINATED UNIVERSAL TIME", "GREENWICH MEAN TIME")
# What everybody means, although the tz database has the letters a second time, in the Philippines and in Cuba.
_USUAL = {"PST": -8, "CDT": -5}
_GERMAN = {"MEZ": "CET", "MESZ": "CEST", "MITTELEUROPÄISCHE ZEIT": "CET", "MITTELEUROPÄISCHE SOMMERZEIT": "CEST"}
# The words before "Standard Time", "Daylight Time" or "Summer Time", as Windows, browsers and people say them.
_REGIONS = {
    "EASTERN": "America/New_York",
    "CENTRAL": "America/Chicago",
    "MOUNTAIN": "America/Denver",
    "PACIFIC": "America/Los_Angeles",
    "US MOUNTAIN": "America/Phoenix",
    "ALASKAN": "America/Anchorage",
    "ALASKA": "America/Anchorage",
    "HAWAIIAN": "Pacific/Honolulu",
    "ATLANTIC": "America/Halifax",
    "NEWFOUNDLAND": "America/St_Johns",
    "NORTH AMERICAN EASTERN": "America/New_York",
    "E. SOUTH AMERICA": "America/Sao_Paulo",
    "BRASILIA": "America/Sao_Paulo",
    "ARGENTINA": "America/Argentina/Buenos_Aires",
    "SA PACIFIC": "America/Bogota",
    "GMT": "Europe/London",
    "BRITISH": "Europe/London",
    "WESTERN EUROPEAN": "Europe/Lisbon",
    "CENTRAL EUROPEAN": "Europe/Berlin",
    "CENTRAL EUROPE": "Europe/Budapest",
    "W. EUROPE": "Europe/Berlin",
    "ROMANCE": "Europe/Paris",
    "EASTERN EUROPEAN": "Europe/Helsinki",
    "E. EUROPE": "Europe/Chisinau",
    "FLE": "Europe/Kyiv",
    "GTB": "Europe/Bucharest",
    "MOSCOW": "Europe/Moscow",
    "RUSSIAN": "Europe/Moscow",
    "TURKEY": "Europe/Istanbul",
    "ISRAEL": "Asia/Jerusalem",
    "EGYPT": "Africa/Cairo",
    "SOUTH AFRICA": "Africa/Johannesburg",
    "W. CENTRAL AFRICA": "Africa/Lagos",
    "E. AFRICA": "Africa/Nairobi",
    "ARAB": "Asia/Riyadh",
    "ARABIAN": "Asia/Dubai",
    "IRAN": "Asia/Tehran",
    "PAKISTAN": "Asia/Karachi",
    "INDIA": "Asia/Kolkata",
    "SE ASIA": "Asia/Bangkok",
    "CHINA": "Asia/Shanghai",
    "TAIPEI": "Asia/Taipei",
    "SINGAPORE": "Asia/Singapore",
    "TOKYO": "Asia/Tokyo",
    "JAPAN": "Asia/Tokyo",
    "KOREA": "Asia/Seoul",
    "KOREAN": "Asia/Seoul",
    "AUS EASTERN": "Australia/Sydney",
    "AUSTRALIAN EASTERN": "Australia/Sydney",
    "E. AUSTRALIA": "Australia/Brisbane",
    "AUS CENTRAL": "Australia/Darwin",
    "W. AUSTRALIA": "Australia/Perth",
    "NEW ZEALAND": "Pacific/Auckland",
}
_IN_WORDS = re.compile(r"(?P<region>.+?) (?:(?P<season>STANDARD|DAYLIGHT|SUMMER) )?TIME")


class ZoneError(ValueError):
    """A zone that is not known, or means several times; the message says which, and can follow "its zone"."""


def offset_of(written: str, local: datetime, course_zone: str = "") -> timedelta:
    """How far a zone is from UTC: `local` minus the offset is UTC.

    Args:
        written: "+0200", "UTC-5", "CEST", "Europe/Berlin", "Eastern Daylight Time", …
        local: the time that it is written with, without a zone.
        course_zone: a name in the tz database, whose own abbreviations are known to mean it; "" for none.

    Raises:
        ZoneError: it may mean several offsets, or none that is known.
    """
    zone = " ".join(written.upper().split())
    zone = _GERMAN.get(zone, zone)
    if zone in _NONE:
        return timedelta()
    if number := _OFFSET.fullmatch(zone):
        sign, hours, minutes = number.groups(default="0")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset > WIDEST:
            raise ZoneError(f"{written!r} is farther from UTC than any place")
        return -offset if sign == "-" else offset
    if "/" in zone and (place := _place(written)) is not None:
        return _offset(local.replace(tzinfo=place))
    if words := _IN_WORDS.fullmatch(zone):
        return _in_words(words["region"], words["season"], written, local)
    return _abbreviated(zone, written, local, course_zone)


def _in_words(region: str, season: str | None, written: str, local: datetime) -> timedelta:
    place = _place(_REGIONS.get(region, ""))
    if place is None:
        raise ZoneError(f"{written!r} is not known")
    by_season = _seasons(place, local.year)
    if season is None:  # "Pacific Time", which is what the clock there says
        return _offset(local.replace(tzinfo=place))
    if season == "STANDARD":
        return min(by_season)
    return max(by_season)


def _abbreviated(zone: str, written: str, local: datetime, course_zone: str) -> timedelta:
    if own := _place(course_zone):
        for moment in _through(local.year, own):
            if (moment.tzname() or "").upper() == zone:
                return _offset(moment)
    meant = _abbreviations(local.year).get(zone, frozenset())
    if zone in _USUAL and timedelta(hours=_USUAL[zone]) in meant:
        return timedelta(hours=_USUAL[zone])
    if not meant:
        raise ZoneError(f"{written!r} is not known")
    if len(meant) > 1:
        several = " or ".join(_as_text(offset) for offset in sorted(meant))
        raise ZoneError(f"{written!r} may be {several}")
    (only,) = meant
    return only


@functools.cache
def _abbreviations(year: int) -> dict[str, frozenset[timedelta]]:
    """All abbreviations that are used in a year anywhere, with the offsets for which they are used."""
    found: dict[str, set[timedelta]] = {}
    for name in zoneinfo.available_timezones():
        if (place := _place(name)) is not None:
            for moment in _through(year, place):
                found.setdefault((moment.tzname() or "").upper(), set()).add(_offset(moment))
    return {name: frozenset(offsets) for name, offsets in found.items() if name.isalpha()}


def _through(year: int, place: tzinfo) -> list[datetime]:
    return [datetime(year, month, 1, 12, tzinfo=place) for month in range(1, 13)]


def _seasons(place: tzinfo, year: int) -> set[timedelta]:
    return {_offset(moment) for moment in _through(year, place)}


def _place(name: str) -> tzinfo | None:
    """The zone of this name in the tz database, which writes it with capital letters that nobody remembers."""
    if name.upper() in ("UTC", "ETC/UTC"):
        return UTC
    try:
        return zoneinfo.ZoneInfo(_names().get(name.upper(), name)) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


@functools.cache
def _names() -> dict[str, str]:
    return {name.upper(): name for name in zoneinfo.available_timezones()}


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _as_text(offset: timedelta) -> str:
    return str(timezone(offset))  # "UTC+08:00"
