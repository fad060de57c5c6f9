"""Written answers are marked in a page: alike ones together, nobody named, nothing live, and no mark written over."""

from __future__ import annotations

import html
import http.client
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tiny_problem_set as tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from written_class import QUESTION, give, given_to, served, written_class

from autograder.bounded.pieces import Pieces
from autograder.course import Course
from autograder.gradebook.by_hand import Given, RefusedError
from autograder.gradebook.gradebook import Class, opened
from autograder.marking_page.alike import families, normalised
from autograder.marking_page.answers import Answers, asked_by_hand
from autograder.marking_page.drawing import LONGEST, Drawer
from autograder.marking_page.server import MarkingServer
from gradus.errors import GradusError

LONG = "Because the sum of two halves of a number is the number itself, whatever the number was."
TEXTS = {
    "zoe.adler": LONG,
    "yan.brandt": f"  {LONG.upper()}\n",
    "xia.celik": LONG.replace("itself", "again"),
    "wim.drees": "No idea. wim.drees",
    "vera.ernst": "",
}
WAITS = Given(None, "", True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    written_class(folder, TEXTS)
    return folder


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Course:
    shutil.copytree(template, tmp_path / "own")
    return Course(*(tmp_path / "own" / name for name in ("course", "solutions", "exercises")))


def page_of(course: Course, again: bool = False) -> Answers:
    return Answers(course, tiny.NAME, asked_by_hand(course, tiny.NAME), again)


def key_of(answers: Answers, student: str) -> str:
    return next(key for key, answer in answers.by_key.items() if answer.entry.student == student)


# Which are alike


@given(st.dictionaries(st.integers(), st.text("ab \n", max_size=12), max_size=12))
def test_groups_are_the_equal_ones_and_no_answer_is_lost_or_twice(texts: dict[int, str]) -> None:
    found = families(texts)
    groups = [group for family in found for group in family]
    assert sorted(key for group in groups for key in group) == sorted(texts)
    said = [{normalised(texts[key]) for key in group} for group in groups]
    assert all(len(one) == 1 for one in said)
    assert len(set.union(set(), *said)) == len(groups)
    sizes = [sum(map(len, family)) for family in found]
    assert sizes == sorted(sizes, reverse=True)


@settings(max_examples=30)
@given(st.permutations(range(5)))
def test_a_word_more_is_near_and_other_words_are_not(order: list[int]) -> None:
    texts = [LONG, f"{LONG} Yes.", LONG.replace("number", "Number "), "The gradient is zero there.", "I do not know."]
    found = families({number: texts[number] for number in order})
    together = {number: place for place, family in enumerate(found) for group in family for number in group}
    assert together[0] == together[1] == together[2]
    assert len({together[0], together[3], together[4]}) == 3


# What the page gets


def test_alike_answers_come_together_and_empty_ones_last(course: Course) -> None:
    answers = list(page_of(course).by_key.values())
    assert [answer.entry.student for answer in answers[3:]] == ["wim.drees", "vera.ernst"]
    same = {answer.entry.student: answer for answer in answers}
    zoe, yan, xia = (same[name] for name in ("zoe.adler", "yan.brandt", "xia.celik"))
    assert zoe.group == yan.group != xia.group
    assert zoe.family == xia.family != same["wim.drees"].family
    assert [answer.waits for answer in answers] == [True] * 4 + [False]  # the grader gives 0 for nothing


def test_nothing_that_the_browser_gets_says_whose_an_answer_is(course: Course) -> None:
    drawer = Drawer()
    with served(course, lambda cells: drawer.draw(Pieces(), cells)) as server:
        listing = server.listing()
        sent = json.dumps(listing) + "".join(server.text(answer["key"]) or "" for answer in listing["answers"])
    assert "No idea. [name]" in sent
    for student in TEXTS:
        assert student not in sent
    with Gradebook(course.gradebook_url) as gradebook:
        for student in TEXTS:
            grade = gradebook.find_grade(QUESTION, tiny.NAME, tiny.NAME, student)
            assert grade.id not in sent
            assert grade.notebook.id not in sent


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1)) ![x](https://elsewhere.example/a.png)",
        "&lt;script&gt;alert(1)&lt;/script&gt; &#60;iframe src=//a&#62;",
        "```html\n<script>alert(1)</script>\n```",
        "$\\href{javascript:alert(1)}{x}$ <svg onload=alert(1)>",
        "a\0b \u202e right to left \ud800",
        "שלום " * 50,
        "[" * 3000 + "*" * 3000,
        "word " * LONGEST,
    ],
    ids=range(10),
)
@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_no_answer_acts_or_fails(hostile: str, kind: str) -> None:
    from autograder.marking_page.drawing import _needed

    drawn = Drawer().draw(Pieces(), [_needed({"cell_type": kind, "source": hostile, "metadata": {}, "outputs": []})])
    assert len(drawn) < 8 * LONGEST
    assert "\0" not in drawn
    assert json.dumps(drawn).encode()
    for tag in ("<script", "<iframe", "<svg", "<img", "onerror=alert(1)>", 'href="javascript'):
        assert tag not in drawn
    if kind == "code" and len(hostile) < 100 and "\0" not in hostile:
        assert html.escape(hostile) in drawn


# What is written


def test_a_mark_is_stored_as_formgrader_stores_it_and_nothing_else_changes(course: Course) -> None:
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade(QUESTION, tiny.NAME, tiny.NAME, "zoe.adler").extra_credit = 0.25
        gradebook.db.commit()
    before = _rows(course)
    answers = page_of(course)
    new = Given(2.5, "Well said.", False)
    assert answers.give({key_of(answers, "zoe.adler"): (WAITS, new)}) == {key_of(answers, "zoe.adler"): new}
    assert given_to(course, "zoe.adler") == (2.5, False, "Well said.")
    changed = _rows(course) - before
    assert {(table, row[1:] and table) for table, row in changed} == {("grade", "grade"), ("comment", "comment")}
    assert len(changed) == 2
    with Gradebook(course.gradebook_url) as gradebook:
        assert gradebook.find_grade(QUESTION, tiny.NAME, tiny.NAME, "zoe.adler").score == 2.75
    with opened(course) as gradebook:
        assert Class(gradebook, tiny.NAME).by_hand("zoe.adler")[QUESTION] == 2.5


def _rows(course: Course) -> set[tuple[str, Any]]:
    with closing(sqlite3.connect(course.gradebook)) as database:
        return {(table, row) for table in ("grade", "comment") for row in database.execute(f"SELECT * FROM {table}")}


def test_undoing_puts_back_what_was_there(course: Course) -> None:
    before = _rows(course)
    answers = page_of(course)
    keys = [key_of(answers, student) for student in ("zoe.adler", "yan.brandt")]
    new = Given(1.0, "Yes.", False)
    answers.give(dict.fromkeys(keys, (WAITS, new)))
    answers.give(dict.fromkeys(keys, (new, WAITS)))
    assert _rows(course) == before


def test_a_mark_that_came_meanwhile_is_told_and_stays(course: Course) -> None:
    answers = page_of(course)
    zoe, yan = (key_of(answers, student) for student in ("zoe.adler", "yan.brandt"))
    give(course, "zoe.adler", 3.0)
    new = Given(1.0, "", False)
    stands = answers.give({zoe: (WAITS, new), yan: (WAITS, new)})
    assert stands == {zoe: Given(3.0, "", False), yan: new}
    assert given_to(course, "zoe.adler")[0] == 3.0
    assert given_to(course, "yan.brandt")[0] == 1.0  # one lost is not all lost
    assert answers.give({zoe: (stands[zoe], new)}) == {zoe: new}  # asked, and wanted


@pytest.mark.parametrize("points", [-0.5, 3.5, float("nan"), float("inf")])
def test_points_that_the_question_does_not_have_are_refused(course: Course, points: float) -> None:
    answers = page_of(course)
    with pytest.raises(RefusedError):
        answers.give({key_of(answers, "zoe.adler"): (WAITS, Given(points, "", False))})
    assert given_to(course, "zoe.adler") == (None, True, None)


def test_what_is_marked_is_shown_again_only_with_all(course: Course) -> None:
    give(course, "wim.drees", 1.0)
    assert "wim.drees" not in {answer.entry.student for answer in page_of(course).by_key.values()}
    assert {answer.entry.student for answer in page_of(course, again=True).by_key.values()} == set(TEXTS)


def test_a_question_that_nobody_marks_by_hand_is_named_with_those_that_are(course: Course) -> None:
    with pytest.raises(GradusError, match=f"there: {QUESTION}"):
        asked_by_hand(course, tiny.NAME, ["test_double"])


# Who may ask


@pytest.fixture
def server(course: Course) -> Any:
    with served(course, lambda cells: "drawn") as serving:
        yield serving


def ask(server: MarkingServer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    own = {"Host": server.host}
    if method == "POST":
        own |= {"Origin": f"http://{server.host}", "Content-Type": "application/json"}
    sent = {name.replace("_", "-"): value for name, value in (own | headers).items()}
    with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)) as connection:
        content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, content, sent)
        reply = connection.getresponse()
        assert "default-src 'none'" in (reply.getheader("Content-Security-Policy") or "")
        return reply.status, reply.read()


def change(server: MarkingServer, student: str, points: Any, comment: Any = "") -> dict[str, Any]:
    key = key_of(server._answers, student)
    expected = {"points": None, "comment": "", "waits": True}
    return {key: {"expected": expected, "given": {"points": points, "comment": comment, "waits": False}}}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/answers", {}),
        ("/wrong/answers", {}),
        ("/%2e/answers", {}),
        ("/{secret}/answers", {"Host": "rebound.example"}),
        ("/{secret}/answers", {"Host": "localhost:1"}),
        ("/{secret}/answers", {"Sec_Fetch_Site": "cross-site"}),
        ("/{secret}/answers", {"Sec_Fetch_Site": "same-site"}),
    ],
)
def test_who_does_not_know_the_address_or_comes_from_elsewhere_gets_nothing(
    server: MarkingServer, path: str, headers: dict[str, str]
) -> None:
    status, said = ask(server, "GET", path.format(secret=server.secret), **headers)
    assert (status, said) == (403, b"Forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "rebound.example"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
    ids=str,
)
def test_no_other_page_can_give_marks(server: MarkingServer, course: Course, headers: dict[str, str]) -> None:
    assert ask(server, "POST", f"/{server.secret}/give", change(server, "zoe.adler", 1), **headers)[0] == 403
    assert given_to(course, "zoe.adler")[0] is None


@pytest.mark.parametrize("path", ["../command.py", "%2e%2e/command.py", "/etc/passwd", "answer/x", "mark.html", "give"])
def test_only_what_the_page_needs_is_served(server: MarkingServer, path: str) -> None:
    assert ask(server, "GET", f"/{server.secret}/{path}")[0] == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"a": 1}', b"[" * 100_000, b'{"a": {"expected": {}}}'])
def test_what_no_page_sends_is_refused(server: MarkingServer, body: bytes) -> None:
    assert ask(server, "POST", f"/{server.secret}/give", body)[0] == 400


@pytest.mark.parametrize(
    "mark", [("2", ""), (True, ""), (10**400, ""), (1, None), (1, "\0"), (4, ""), (1, "x" * 30_000)]
)
def test_what_is_no_mark_is_refused_and_not_tried_again(server: MarkingServer, course: Course, mark: Any) -> None:
    assert ask(server, "POST", f"/{server.secret}/give", change(server, "zoe.adler", *mark))[0] in (400, 422)
    assert given_to(course, "zoe.adler") == (None, True, None)


def test_a_gradebook_that_cannot_be_written_now_is_said_and_tried_again(server: MarkingServer, course: Course) -> None:
    content = course.gradebook.read_bytes()
    course.gradebook.write_bytes(b"no database" * 1000)
    status, said = ask(server, "POST", f"/{server.secret}/give", change(server, "zoe.adler", 1))
    assert status == 503
    assert "gradebook.db" in json.loads(said)["error"]
    course.gradebook.write_bytes(content)
    assert ask(server, "POST", f"/{server.secret}/give", change(server, "zoe.adler", 1))[0] == 200
    assert given_to(course, "zoe.adler") == (1.0, False, None)


def test_the_summary_says_what_waits_and_what_comes_next(course: Course) -> None:
    answers = page_of(course)
    answers.give({key_of(answers, "zoe.adler"): (WAITS, Given(1.0, "", False))})
    said = answers.summary()
    assert said[0] == f"{QUESTION}: 1 marked here, 3 to be marked."
    assert f"gradus grade {tiny.NAME}" in said[-1]
