"""Downloads of learning platforms, as these really name things, end in `submitted/`, with a word on every file."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.collecting import sources
from autograder.collecting.collect import Collected, Fate, collect
from autograder.collecting.command import as_dict
from autograder.collecting.platforms import platform_of
from autograder.collecting.roster import Roster, plain
from autograder.collecting.sources import Found, Refused, files_in
from autograder.course import Course
from gradus.errors import GradusError

Entries = dict[str, bytes]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path / "course")


def zipped(path: Path, entries: Entries) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def placed(course: Course) -> dict[str, bytes]:
    """What lies in `submitted/`."""
    files = (path for path in course.submitted.rglob("*") if path.is_file())
    return {path.relative_to(course.submitted).as_posix(): path.read_bytes() for path in files}


def states(report: Collected) -> dict[str, str]:
    return {fate.file: fate.state for fate in report.fates}


# As the platforms name things.

CANVAS = {
    "doejane_12345_678901_ps4.ipynb": b"jane",
    "loveladaking_LATE_12346_678902_ps4-2.ipynb": b"ada",
    "ngu\N{LATIN SMALL LETTER Y}n_12347_678903_Copy of ps4.ipynb": b"nguyen",
    "ngu\N{LATIN SMALL LETTER Y}n_12347_678904_data.csv": b"1,2",
    "__MACOSX/._doejane_12345_678901_ps4.ipynb": b"junk",
    ".DS_Store": b"junk",
}
MOODLE_FOLDERS = {
    "Zoë Ångström_1234567_assignsubmission_file/ps4.ipynb": b"zoe",
    "王 小明_1234568_assignsubmission_file/my work/ps4 (1).ipynb": b"wang",
    "Jane van der Berg_1234569_assignsubmission_onlinetext/onlinetext.html": b"<p>sorry</p>",
}
MOODLE_FLAT = {
    "Zoë Ångström_1234567_assignsubmission_file_ps4.ipynb": b"zoe",
    "O'Neil_Jr Sean_12_assignsubmission_file_ps4.ipynb": b"sean",
}
GRADESCOPE = {
    "assignment_99_export/submission_metadata.yml": """
submission_501:
  :submitters:
  - :name: Jane Doe
    :sid: '4711'
    :email: jane@uni.edu
  - :name: Ada King
    :sid: '4712'
    :email: ada@uni.edu
  :created_at: 2026-10-02 13:59:59.123456000 Z
  :score: 0.0
  :history: []
submission_502:
  :submitters:
  - :name: Zoë Ångström
    :sid:
    :email: zoe@uni.edu
  :created_at: 2026-10-03 01:00:00.000000 Z
""".encode(),
    "assignment_99_export/submission_501/ps4.ipynb": b"both",
    "assignment_99_export/submission_502/solution.ipynb": b"zoe",
    "assignment_99_export/submission_503/ps4.ipynb": b"nobody",
}
BLACKBOARD = {
    "Problem set 4_jdoe_attempt_2026-10-01-10-00-00_ps4.ipynb": b"first",
    "Problem set 4_jdoe_attempt_2026-10-02-14-00-00_ps4.ipynb": b"second",
    "Problem set 4_jdoe_attempt_2026-10-02-14-00-00.txt": b"Name: Jane Doe",
}
EXCHANGE = {
    "inbound/jane+ps4+2026-10-01 10:00:00 UTC+YWJj/ps4.ipynb": b"first",
    "inbound/jane+ps4+2026-10-02 10:00:00.5 UTC+ZGVm/ps4.ipynb": b"second",
    "inbound/a+b+ps4+2026-10-02 11:00:00 UTC/ps4.ipynb": b"plus",
}
PLAIN = {"jane/ps4.ipynb": b"jane", "ada/ps4/ps4.ipynb": b"ada", "ps4_kurt.ipynb": b"kurt", "notes.txt": b"whose?"}


@pytest.mark.parametrize(
    ("entries", "platform", "expected"),
    [
        (
            CANVAS,
            "Canvas",
            {
                "doejane/ps4/ps4.ipynb": b"jane",
                "loveladaking/ps4/ps4.ipynb": b"ada",
                "nguyn/ps4/ps4.ipynb": b"nguyen",
                "nguyn/ps4/data.csv": b"1,2",
            },
        ),
        (MOODLE_FOLDERS, "Moodle", {"Zoë Ångström/ps4/ps4.ipynb": b"zoe", "王 小明/ps4/ps4.ipynb": b"wang"}),
        (MOODLE_FLAT, "Moodle", {"Zoë Ångström/ps4/ps4.ipynb": b"zoe", "O'Neil_Jr Sean/ps4/ps4.ipynb": b"sean"}),
        (
            GRADESCOPE,
            "Gradescope",
            {
                "4711/ps4/ps4.ipynb": b"both",
                "4711/ps4/timestamp.txt": b"2026-10-02 13:59:59 UTC\n",
                "4712/ps4/ps4.ipynb": b"both",
                "4712/ps4/timestamp.txt": b"2026-10-02 13:59:59 UTC\n",
                "zoe/ps4/ps4.ipynb": b"zoe",
                "zoe/ps4/timestamp.txt": b"2026-10-03 01:00:00 UTC\n",
            },
        ),
        (BLACKBOARD, "Blackboard", {"jdoe/ps4/ps4.ipynb": b"second"}),
        (
            EXCHANGE,
            "nbgrader",
            {
                "jane/ps4/ps4.ipynb": b"second",
                "jane/ps4/timestamp.txt": b"2026-10-02 10:00:00 UTC\n",
                "a+b/ps4/ps4.ipynb": b"plus",
                "a+b/ps4/timestamp.txt": b"2026-10-02 11:00:00 UTC\n",
            },
        ),
        (PLAIN, "", {"jane/ps4/ps4.ipynb": b"jane", "ada/ps4/ps4.ipynb": b"ada", "kurt/ps4/ps4.ipynb": b"kurt"}),
    ],
    ids=["Canvas", "Moodle in folders", "Moodle flat", "Gradescope", "Blackboard", "nbgrader", "plain"],
)
@pytest.mark.parametrize("kind", ["zip", "folder", "zip in a zip"])
def test_what_a_platform_gives_is_placed(
    course: Course, tmp_path: Path, entries: Entries, platform: str, expected: Entries, kind: str
) -> None:
    source = tmp_path / "download.zip"
    if kind == "zip":
        zipped(source, entries)
    elif kind == "zip in a zip":
        inner = zipped(tmp_path / "inner.zip", entries)
        if platform == "":
            pytest.skip("a folder of the zip's name is a student's then")
        zipped(source, {"all.zip": inner.read_bytes()})
    else:
        source = tmp_path / "download"
        for name, content in entries.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
    report = collect(course, "ps4", [source])
    assert report.platforms == [platform]
    assert placed(course) == expected
    told = {name.rsplit("/", 1)[-1] for name in states(report)}
    named = {name.rsplit("/", 1)[-1] for name in entries} - {".DS_Store", "submission_metadata.yml"}
    assert told == {name for name in named if not name.startswith("._")}, "a word on every file"


def test_a_zip_that_a_student_handed_in_is_looked_into(course: Course, tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"hw/ps4.ipynb": b"jane", "__MACOSX/hw/._ps4.ipynb": b"junk"})
    source = zipped(tmp_path / "all.zip", {"doejane_12345_678901_my work.zip": inner.read_bytes()})
    collect(course, "ps4", [source])
    assert placed(course) == {"doejane/ps4/ps4.ipynb": b"jane"}


def test_names_that_a_program_wrote_as_utf_8_without_saying_so_are_read(course: Course, tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", {"Zoë_1_assignsubmission_file_a.ipynb": b"x"})
    data = bytearray(source.read_bytes())
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + place + 1] &= 0xF7  # the flag that says UTF-8
    source.write_bytes(data)
    collect(course, "ps4", [source])
    assert list(placed(course)) == ["Zoë/ps4/ps4.ipynb"]


# Hostile archives.


def with_entry(name: str = "jane/ps4.ipynb", mode: int = 0, flags: int = 0) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ada/ps4.ipynb", b"ada")
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, b"hostile")
        if flags:
            data = bytearray(path.read_bytes())
            data[data.rindex(b"PK\1\2") + 8] |= flags
            path.write_bytes(data)
        return path

    return make


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/ps4.ipynb", b"ada")
        archive.writestr("jane/ps4.ipynb", bytes(sources.MOST_BYTES_A_FILE + 1))
    return path


def lying_bomb(path: Path) -> Path:
    bomb(path)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\1\2") + 24  # what the directory says of the size
    data[place : place + 4] = (9).to_bytes(4, "little")
    path.write_bytes(data)
    return path


def twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ada/ps4.ipynb", b"ada")
        archive.writestr("jane/ps4.ipynb", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("jane/ps4.ipynb", b"two")
    return path


def nested(path: Path) -> Path:
    content = b"deep"
    for _ in range(sources.DEEPEST + 3):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("jane.zip", content)
        content = file.getvalue()
    return zipped(path, {"ada/ps4.ipynb": b"ada", "jane.zip": content})


def damaged(path: Path) -> Path:
    return zipped(path, {"ada/ps4.ipynb": b"ada", "jane.zip": b"PK\3\4 and no more"})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (with_entry("../jane/ps4.ipynb"), "leads out"),
        (with_entry("jane/../../ps4.ipynb"), "leads out"),
        (with_entry("/etc/ps4.ipynb"), "leads out"),
        (with_entry("C:\\jane\\ps4.ipynb"), "leads out"),
        (with_entry("..\\jane\\ps4.ipynb"), "leads out"),
        (with_entry(mode=stat.S_IFLNK | 0o777), "is a link"),
        (with_entry(mode=stat.S_IFIFO), "not a plain file"),
        (with_entry(flags=1), "password"),
        (bomb, "more than 64 MB"),
        (lying_bomb, "cannot be unpacked|more than 64 MB"),
        (twice, "2 times"),
        (nested, "a zip in 3 others"),
        (damaged, "no zip that can be read"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_a_hostile_archive_holds_is_refused_with_a_reason_and_its_neighbours_are_not(
    course: Course, tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    before = set(tmp_path.rglob("*"))
    source = make(tmp_path / "all.zip")
    report = collect(course, "ps4", [source])
    assert placed(course) == {"ada/ps4/ps4.ipynb": b"ada"}
    assert report.left
    for fate in report.left:
        assert any(part in fate.why for part in reason.split("|")), fate
    outside = {path for path in tmp_path.rglob("*") if course.root not in path.parents}
    assert outside - before == {course.root, source}


def test_what_is_no_zip_is_refused(course: Course, tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(b"not a zip")
    assert [fate.state for fate in collect(course, "ps4", [tmp_path / "all.zip"]).fates] == ["left"]


def test_links_and_pipes_in_a_folder_are_refused_and_nothing_waits(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "download"
    (folder / "jane").mkdir(parents=True)
    (folder / "jane" / "ps4.ipynb").symlink_to("/etc/passwd")
    (folder / "ada").symlink_to("/etc")
    os.mkfifo(folder / "kurt.ipynb")
    report = collect(course, "ps4", [folder])
    assert placed(course) == {}
    assert {fate.why for fate in report.left} == {"is a link, which is not followed", "is not a plain file"}


def test_no_name_writes_through_a_link_in_the_course_folder(course: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    course.submitted.mkdir(parents=True)
    (course.submitted / "jane").symlink_to(elsewhere)
    report = collect(course, "ps4", [zipped(tmp_path / "all.zip", {"jane/ps4.ipynb": b"x"})])
    assert list(elsewhere.iterdir()) == []
    assert "is no folder" in report.fates[0].why


@pytest.mark.parametrize("most", ["MOST_FILES", "MOST_BYTES"])
def test_a_download_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    monkeypatch.setattr(sources, most, 3)
    folder = tmp_path / "download"
    for number in range(6):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "ps4.ipynb").write_bytes(b"x")
    copies = tmp_path / "copies"
    copies.mkdir()
    found = list(files_in(folder, copies))
    assert [type(one) for one in found] == [Found] * 3 + [Refused] * 3


# Again, and late.


def test_collected_again_nothing_changes_and_what_differs_is_kept(course: Course, tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", {"jane/ps4.ipynb": b"one", "ada/ps4.ipynb": b"ada"})
    assert set(states(collect(course, "ps4", [source])).values()) == {"new"}
    assert set(states(collect(course, "ps4", [source])).values()) == {"as before"}
    zipped(source, {"jane/ps4.ipynb": b"two", "ada/ps4.ipynb": b"ada"})
    report = collect(course, "ps4", [source])
    assert states(report) == {"jane/ps4.ipynb": "replaced", "ada/ps4.ipynb": "as before"}
    assert placed(course) == {"jane/ps4/ps4.ipynb": b"two", "ada/ps4/ps4.ipynb": b"ada"}
    assert (course.root / "earlier" / "jane" / "ps4" / "1" / "ps4.ipynb").read_bytes() == b"one"
    assert "earlier/jane/ps4/1" in report.fates[-1].why


def test_a_time_that_somebody_wrote_stays_where_the_download_has_none(course: Course, tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", {"jane/ps4.ipynb": b"one"})
    collect(course, "ps4", [source])
    stamp = course.submitted / "jane" / "ps4" / "timestamp.txt"
    stamp.write_text("2026-10-02 14:00:00 UTC")
    assert states(collect(course, "ps4", [source])) == {"jane/ps4.ipynb": "as before"}
    assert stamp.exists()


def test_to_pretend_writes_nothing(course: Course, tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", CANVAS)
    report = collect(course, "ps4", [source], pretend=True)
    assert len(report.students) == 3
    assert not course.submitted.exists()


def test_whom_canvas_calls_late_without_a_time_is_said(course: Course, tmp_path: Path) -> None:
    report = collect(course, "ps4", [zipped(tmp_path / "all.zip", CANVAS)])
    assert report.late == ["loveladaking"]


def test_of_two_downloads_the_one_named_last_counts(course: Course, tmp_path: Path) -> None:
    first = zipped(tmp_path / "1.zip", {"jane/ps4.ipynb": b"first", "ada/ps4.ipynb": b"ada"})
    second = zipped(tmp_path / "2.zip", {"jane/ps4.ipynb": b"second"})
    report = collect(course, "ps4", [first, second])
    assert placed(course) == {"jane/ps4/ps4.ipynb": b"second", "ada/ps4/ps4.ipynb": b"ada"}
    assert [fate.state for fate in report.fates if fate.student == "jane"] == ["not the newest", "new"]


def test_two_notebooks_of_one_student_are_both_there(course: Course, tmp_path: Path) -> None:
    notebooks = {"a_1_10_ps4.ipynb": b"x", "a_1_11_ps4-1.ipynb": b"y", "a_1_12_PS4.ipynb": b"z"}
    source = zipped(tmp_path / "all.zip", notebooks)
    collect(course, "ps4", [source])
    assert sorted(placed(course)) == ["a/ps4/PS4.ipynb", "a/ps4/ps4 (2).ipynb", "a/ps4/ps4-1.ipynb"]


# The roster.

NBGRADER_ROSTER = """id,first_name,last_name,email,lms_user_id
jd1,Jane,Doe,jane@uni.edu,12345
ak2,Ada,Love-King,ada@uni.edu,
zo3,Zoë,Ångström,zoe@uni.edu,
xm4,小明,王,xm@uni.edu,
ab5,Alex,Brown,ab5@uni.edu,
ab6,Alex,Brown,ab6@uni.edu,
"""
CANVAS_ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section,ps4 (9)
    Points Possible,,,,,16
"Doe, Jane",12345,u1,jd1,A,
"Love-King, Ada",12346,u2,ak2,A,
"""


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    (tmp_path / "roster.csv").write_text(NBGRADER_ROSTER, encoding="utf-8-sig")
    return Roster.read(tmp_path / "roster.csv")


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("doejane_12345_1_ps4.ipynb", "jd1"),
        ("somebody_12345_1_ps4.ipynb", "jd1"),
        ("lovekingada_99_1_ps4.ipynb", "ak2"),
        ("angstromzoe_98_1_ps4.ipynb", "zo3"),
        ("Zoë Ångström_1_assignsubmission_file_ps4.ipynb", "zo3"),
        ("王 小明_1_assignsubmission_file_ps4.ipynb", "xm4"),
        ("ab5@uni.edu/ps4.ipynb", "ab5"),
        ("AK2/ps4.ipynb", "ak2"),
    ],
)
def test_a_student_is_found_by_number_id_mail_or_name(
    course: Course, tmp_path: Path, roster: Roster, name: str, student: str
) -> None:
    collect(course, "ps4", [zipped(tmp_path / "all.zip", {name: b"x"})], roster)
    assert list(placed(course)) == [f"{student}/ps4/ps4.ipynb"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("brownalex_7_1_ps4.ipynb", "several in the roster: ab5, ab6"), ("foe_7_1_ps4.ipynb", "not in the")],
)
def test_whom_the_roster_cannot_tell_is_left_and_said(
    course: Course, tmp_path: Path, roster: Roster, name: str, why: str
) -> None:
    report = collect(course, "ps4", [zipped(tmp_path / "all.zip", {name: b"x"})], roster)
    assert placed(course) == {}
    assert [(fate.state, why in fate.why) for fate in report.fates] == [("left", True)]
    assert report.missing == ["jd1", "ak2", "zo3", "xm4", "ab5", "ab6"]


def test_two_whom_canvas_calls_the_same_are_two_without_a_roster(course: Course, tmp_path: Path) -> None:
    source = zipped(tmp_path / "all.zip", {"brownalex_7_1_ps4.ipynb": b"x", "brownalex_8_2_ps4.ipynb": b"y"})
    collect(course, "ps4", [source])
    assert placed(course) == {"brownalex-7/ps4/ps4.ipynb": b"x", "brownalex-8/ps4/ps4.ipynb": b"y"}


def test_canvas_s_own_list_is_a_roster(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(CANVAS_ROSTER)
    roster = Roster.read(tmp_path / "roster.csv")
    assert [student.id for student in roster.students] == ["jd1", "ak2"]
    collect(course, "ps4", [zipped(tmp_path / "all.zip", CANVAS)], roster)
    assert set(placed(course)) == {"jd1/ps4/ps4.ipynb", "ak2/ps4/ps4.ipynb"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "first line"),
        ("a,b\n1,2\n", "no column is called `id`"),
        ("id\n", "names nobody"),
        ("id\nx\nx\n", "line 3: 'x' is there twice"),
        ("id\n../x\n", "line 2: '../x' cannot be a student's id"),
    ],
)
def test_what_is_no_roster_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(GradusError, match=sentence.replace("(", r"\(")):
        Roster.read(tmp_path / "roster.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_roster_is_read_however_a_spreadsheet_wrote_it(tmp_path: Path, encoding: str, separator: str) -> None:
    (tmp_path / "roster.csv").write_bytes(f"ID number{separator}Surname\r\nä1{separator}Müller\r\n".encode(encoding))
    assert [(s.id, s.last_name) for s in Roster.read(tmp_path / "roster.csv").students] == [("ä1", "Müller")]


def test_names_are_compared_without_accents_spaces_and_case() -> None:
    assert plain("Ångström, Zoë") == plain("angstrom zoe") == "angstromzoe"
    assert plain("王 小明") == "王小明"


def test_the_report_is_json(course: Course, tmp_path: Path) -> None:
    report = collect(course, "ps4", [zipped(tmp_path / "all.zip", PLAIN)])
    told = json.loads(json.dumps(as_dict(report)))
    assert told["students"] == ["ada", "jane", "kurt"]
    assert {"file": "notes.txt", "state": "left"}.items() <= told["files"][0].items()


def test_no_file_is_told_in_characters_that_steer_a_terminal(course: Course, tmp_path: Path) -> None:
    report = collect(course, "ps4", [zipped(tmp_path / "all.zip", {"ja\x1b[2Jne/ps4.ipynb": b"x"})])
    assert report.fates == [Fate("ja\\x1b[2Jne/ps4.ipynb", "left", "", report.fates[0].why)]
    assert "\x1b" not in report.fates[0].why


def test_a_download_of_nothing_known_has_no_platform(tmp_path: Path) -> None:
    assert platform_of([Found(("x.ipynb",), tmp_path)]) == ""
