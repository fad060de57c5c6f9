"""When something was handed in is read as it was meant, or said to be unreadable; whatever `timestamp.txt` holds."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autograder.submissions.timestamps import TIMESTAMP, timestamp_in
from autograder.submissions.written_times import WrittenTimeError, read_time

HALF_PAST_ONE = datetime(2026, 10, 2, 1, 30)
NOW = datetime(2026, 11, 1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("text", [
    "2026-10-02 01:30:00 UTC", "2026-10-02T01:30:00Z", "2026-10-02T01:30:00.000Z", "2026-10-02 03:30:00 +0200",
    "2026-10-02T03:30:00+0200", "2026-10-02 03:30:00 +02:00", "2026-10-02 03:30:00+02", "2026-10-01T20:30:00-05:00",
    "2026-10-02 03:30:00 GMT+2", "2026-10-02 03:30:00 UTC+02:00", "20261002T033000+0200", "20261002T013000Z",
    "2026-10-02 03:30:00 Europe/Berlin", "2026-10-02T03:30:00+02:00[Europe/Berlin]", "2026-W40-5T01:30:00Z",
    "2026-10-02 07:00 Asia/Kolkata", "2026/10/02 03:30 CEST", "2 Oct 2026 3:30 AM Europe/Berlin",
    "Fri, 02 Oct 2026 03:30:00 +0200", "Fri, 2 Oct 2026 01:30:00 GMT", "Fri, 02 Oct 2026 03:30:00 +0200 (CEST)",
    "Thu Oct  1 21:30:00 EDT 2026", "Thu Oct  1 09:30:00 PM EDT 2026", "Thu, 01 Oct 2026 20:30:00 EST",
    "Fri Oct  2 03:30:00 CEST 2026", "Fri 02 Oct 2026 03:30:00 AM CEST", "Fri  2 Oct 02:30:00 BST 2026",
    "Fri Oct  2 08:30:00 +07 2026", "Fri Oct 02 2026 03:30:00 GMT+0200 (Central European Summer Time)",
    "2026-10-01 21:30:00 Eastern Daylight Time", "2026-10-01 18:30:00 Pacific Daylight Time",
    "2026-10-02 03:30:00 W. Europe Daylight Time", "2026-10-02 02:30:00 GMT Daylight Time",
    "2026-10-02 03:30:00 Mitteleuropäische Sommerzeit", "02.10.2026 03:30 MESZ", "02. 10. 2026 01:30:00 UTC",
    "1790904600", "@1790904600", "1790904600000", "1790904600.0",
])  # fmt: skip
def test_one_moment_written_in_many_ways(text: str) -> None:
    found = read_time(text)
    assert found.when == found.first == found.last == HALF_PAST_ONE


@pytest.mark.parametrize(("text", "when"), [
    ("2026-10-02 14:00", "2026-10-02 14:00"), ("02.10.2026 14:00", "2026-10-02 14:00"),
    ("02.10.2026, 14.00 Uhr", "2026-10-02 14:00"), ("2.10.26 14:00", "2026-10-02 14:00"),
    ("2026-10-02T14:00:00,5", "2026-10-02 14:00:00.500000"), ("20261002140000", "2026-10-02 14:00"),
    ("13/10/2026 14:00", "2026-10-13 14:00"), ("10/13/2026, 2:00:00 PM", "2026-10-13 14:00"),
    ("10/10/2026 12:15 AM", "2026-10-10 00:15"), ("Oct 2, 2026 at 2:00pm", "2026-10-02 14:00"),
    ("Friday, 2 October 2026, 2:00 PM", "2026-10-02 14:00"), ("Fri Oct  2 14:00:00 2026", "2026-10-02 14:00"),
])  # fmt: skip
def test_a_time_without_a_zone_is_utc_as_nbgrader_has_it_and_may_be_another(text: str, when: str) -> None:
    found = read_time(text)
    assert found.when == utc(when)
    assert (found.when - found.first, found.last - found.when) == (timedelta(hours=14), timedelta(hours=12))


@pytest.mark.parametrize("text", ["2026-10-02", "02.10.2026", "2 October 2026", "20261002"])
def test_a_date_alone_is_its_midnight_and_may_be_any_time_of_that_day(text: str) -> None:
    found = read_time(text)
    assert found.when == utc("2026-10-02 00:00")
    assert found.last - found.when == timedelta(hours=36)


@pytest.mark.parametrize(("text", "why"), [
    ("02/10/2026 14:00", "day first, or the month"), ("10-02-2026 14:00", "day first, or the month"),
    ("26/10/02 14:00", "or the year"), ("2026-10-02 14:00 CST", "'CST' may be UTC-06:00 or UTC-05:00 or UTC+08:00"),
    ("2026-10-02 14:00 IST", "'IST' may be"), ("2026-10-02 14:00 Foo Time", "'Foo Time' is not known"),
    ("2026-10-02 14:00 XYZ", "'XYZ' is not known"), ("2026-10-02 14:00 +25:00", "farther from UTC than any place"),
    ("Mon Oct  2 14:00:00 UTC 2026", "that day is a Friday"), ("31.02.2026 14:00", "no date"),
    ("2026-10-02 25:00", "no clock shows"), ("2026-10-02 14:00 UTC, or so", "time of day"),
    ("2026-10-02 14:00 UTC or so", "not known"), ("14:00", "no time"),
    ("Oct 2 14:00 UTC", "no year"), ("2 Oct 26 14:00", "no year"), ("morgen früh", "no time that is known"),
    ("yesterday at 14:00", "no time"), ("12345", "no Unix time"), ("46297.56", "no Unix time"), ("1.8e9", "no time"),
    ("0001-01-01 00:00", "no year"), ("9999-12-31 23:59:59", "no year"), ("20261340", "no date"),
    ("x" * 300, "too long"),
    ("2026-10-02 14:00 UTC 2026-10-03 14:00 UTC", "time of day"), ("Fr 2. Okt 14:00 CEST 2026", "no time"),
    ("October 2026 14:00 UTC", "no day"),
])  # fmt: skip
def test_what_cannot_be_read_or_means_two_times_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(WrittenTimeError, match=why.replace("+", r"\+")):
        read_time(text)


def test_the_courses_own_zone_decides_what_its_abbreviations_mean() -> None:
    assert read_time("2026-10-02 09:30 CST", "Asia/Shanghai").when == HALF_PAST_ONE
    assert read_time("2026-12-02 09:30 CST", "America/Chicago").when == utc("2026-12-02 15:30")
    assert read_time("2026-10-02 03:30 CEST", "America/Chicago").when == HALF_PAST_ONE


def written(folder: Path, content: bytes) -> Path:
    (folder / TIMESTAMP).write_bytes(content)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("around", ["{}", "{}\r\n", "\n  {}\n\n", "\u200e{}", '"{}"', "{}\0"])
def test_every_encoding_and_what_editors_put_around_it_is_read(tmp_path: Path, encoding: str, around: str) -> None:
    text = around.format("2026-10-02 03:30:00 +0200").encode(encoding, "ignore")
    stamp = timestamp_in(written(tmp_path, text))
    if "\0" in around:
        assert stamp.when is None
        assert "is no text" in stamp.doubt
    else:
        assert (stamp.when, stamp.doubt, stamp.content) == (HALF_PAST_ONE, "", text)


@pytest.mark.parametrize("kind", ["nothing", "empty", "words", "bytes", "folder", "dangling", "link", "fifo", "huge"])
def test_whatever_lies_there_is_said_and_holds_nobody_up(tmp_path: Path, kind: str) -> None:
    path = tmp_path / TIMESTAMP
    odd_timestamp(path, kind)
    stamp = timestamp_in(tmp_path)
    assert (stamp.when, stamp.content) == (None, b"")
    if kind == "nothing":
        assert stamp.doubts(None) == []
    else:
        (said,) = stamp.doubts(None)
        assert said.startswith(TIMESTAMP)
        assert "no time was read; write" in said


def odd_timestamp(path: Path, kind: str) -> None:
    """Put something at `path` that is no time."""
    match kind:
        case "empty":
            path.touch()
        case "words":
            path.write_text("morgen frueh")
        case "bytes":
            path.write_bytes(bytes(range(256)))
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to("nowhere")
        case "link":
            path.symlink_to("/etc/hostname")
        case "fifo":
            os.mkfifo(path)
        case "huge":
            path.write_bytes(b"2026-10-02 14:00 UTC" * 500_000)


def test_no_content_at_all_makes_it_raise(tmp_path: Path) -> None:
    draw = random.Random(7)
    pieces = [
        "2026",
        "10",
        "02",
        "-",
        "/",
        ".",
        ":",
        " ",
        "T",
        "Z",
        "+",
        "14",
        "30",
        "Oct",
        "Fri",
        "CEST",
        "(",
        ")",
        "PM",
    ]
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randrange(1, 14)))
        stamp = timestamp_in(written(tmp_path, text.encode()))
        assert (stamp.when is None) == bool(stamp.doubt)
    for _ in range(300):
        timestamp_in(written(tmp_path, draw.randbytes(draw.randrange(60)))).doubts(NOW, NOW)


@pytest.mark.parametrize(("text", "due", "said"), [
    ("2026-10-02 14:00 UTC", "2026-10-01 00:00", ""), ("2026-10-02 14:00 UTC", None, ""),
    ("2026-11-01 20:00 UTC", None, ""),
    ("2036-10-02 14:00 UTC", None, "still to come (2036-10-02 14:00 UTC)"),
    ("1970-01-01 00:00 UTC", None, "long before this was handed out"),
    ("2026-02-02 14:00 UTC", "2026-10-01 00:00", "long before"),
    ("2026-10-02 14:00", None, ""), ("2026-10-02 14:00", "2026-10-20 00:00", ""),
    ("2026-10-02 14:00", "2026-10-02 12:00", "read as 2026-10-02 14:00 UTC, and elsewhere it would be in time"),
    ("2026-10-02 14:00", "2026-10-02 15:00", "elsewhere it would be late"),
    ("02.10.2026", "2026-10-02 18:00", "elsewhere it would be late"),
])  # fmt: skip
def test_an_unlikely_time_and_one_that_its_zone_decides_is_said(
    tmp_path: Path, text: str, due: str | None, said: str
) -> None:
    doubts = timestamp_in(written(tmp_path, text.encode())).doubts(utc(due) if due else None, NOW)
    assert len(doubts) == bool(said)
    assert said in "".join(doubts)
