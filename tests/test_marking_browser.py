"""A person marks a class by keys alone, in light and dark, on a desk and a phone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from reader import DESK, PHONE, Reader, reader_with
from test_reach import VIOLATIONS
from written_class import give, given_to, served, written_class

from autograder.course import Course
from autograder.marking_page.drawing import Drawing

LONG = "Because the sum of two halves of a number is the number itself, whatever the number was."
TEXTS = {
    **{f"equal{number}": LONG for number in range(4)},
    "near": LONG.replace("itself", "again"),
    "other": "**No** idea.\n\n<script>document.title = 'taken'</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "another": "The gradient is zero: $\\alpha$ [see](https://elsewhere.example/page)",
    "nothing": "",
}
ZOOMED = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}  # what 200 % leave of a desk
SIZES = {"desk": (DESK, "light"), "night": (DESK, "dark"), "phone": (PHONE, "light"), "zoomed": (ZOOMED, "dark")}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return written_class(tmp_path, TEXTS)


@pytest.fixture(params=SIZES)
def reader(request: pytest.FixtureRequest, browser: Browser, course: Course) -> Iterator[Reader]:
    yield from _reader(browser, course, *SIZES[request.param])


@pytest.fixture
def desk_reader(browser: Browser, course: Course) -> Iterator[Reader]:
    yield from _reader(browser, course, DESK, "light")


def _reader(browser: Browser, course: Course, size: dict[str, int], scheme: str) -> Iterator[Reader]:
    drawing = Drawing()
    with served(course, drawing) as server:
        for one in reader_with(browser, server.address, size, scheme):
            one.open("")
            expect(one.page.locator("#alike")).to_contain_text("3 more that are equal")
            yield one
    drawing.close()


def test_a_class_is_marked_by_keys(desk_reader: Reader, course: Course) -> None:
    page = desk_reader.page
    keys = page.keyboard
    keys.press("Shift+Enter")
    expect(page.locator("#others article")).to_have_count(3)
    for key in ("2", ".", "c"):
        keys.press(key)
    keys.type("Well said.")
    keys.press("Enter")
    keys.press("Shift+Enter")
    expect(page.locator("#place")).to_have_text("5 of 8 done")  # the empty one has its 0
    keys.press("1")
    keys.press("r")
    keys.press("1")
    keys.press("Enter")
    expect(page.locator("#place")).to_have_text("6 of 8 done")
    keys.press("3")
    keys.press("Enter")
    expect(page.locator("#place")).to_have_text("7 of 8 done")
    keys.press("u")
    expect(page.locator("#place")).to_have_text("6 of 8 done")
    keys.press("Enter")
    expect(page.locator("#said")).to_contain_text("Type the points first")
    for key in ("0", "Enter"):
        keys.press(key)
    expect(page.locator("#place")).to_have_text("7 of 8 done")
    for key in ("2", "Enter"):
        keys.press(key)
    expect(page.locator("#place")).to_have_text("8 of 8 done")
    expect(page.locator("#unsaved")).to_be_hidden()
    assert [given_to(course, f"equal{number}") for number in range(4)] == [(2.5, False, "Well said.")] * 4
    assert given_to(course, "near") == (1.0, False, "Well said.")
    assert sorted(given_to(course, student)[0] or 0.0 for student in ("other", "another")) == [0.0, 2.0]
    assert given_to(course, "nothing")[0] is None
    assert desk_reader.troubles == []


def test_somebody_elses_mark_is_shown_and_stays_until_it_is_asked(desk_reader: Reader, course: Course) -> None:
    page = desk_reader.page
    for number in range(4):
        give(course, f"equal{number}", 3.0)
    for key in ("1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#trouble")).to_contain_text("Somebody else has marked an answer")
    page.locator("#show-conflict").click()
    expect(page.locator("#conflict-says")).to_contain_text("3 points")
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator("#unsaved")).to_be_hidden()
    expect(page.locator("#conflict")).to_be_hidden()
    assert sorted(given_to(course, f"equal{number}")[0] or 0.0 for number in range(4)) == [1.0, 3.0, 3.0, 3.0]


def test_a_mark_is_kept_while_the_gradebook_cannot_be_written(desk_reader: Reader, course: Course) -> None:
    page = desk_reader.page
    content = course.gradebook.read_bytes()
    course.gradebook.write_bytes(b"no database" * 1000)
    for key in ("2", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#trouble")).to_contain_text("It is kept here, and tried again")
    expect(page.locator("#unsaved")).to_have_text("1 not saved yet")
    course.gradebook.write_bytes(content)
    expect(page.locator("#unsaved")).to_be_hidden()
    assert sorted(given_to(course, f"equal{number}")[0] or 0.0 for number in range(4)) == [0.0, 0.0, 0.0, 2.0]


def test_axe_finds_no_barrier_and_nothing_is_cut(reader: Reader) -> None:
    page = reader.page
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    for _ in TEXTS:
        assert page.evaluate(VIOLATIONS) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.keyboard.press("n")
    page.keyboard.press("?")
    assert page.evaluate(VIOLATIONS) == []
    assert page.title() == "tiny: why"
    assert reader.troubles == []
