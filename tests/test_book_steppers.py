"""Every figure to move in the built book answers to mouse and keyboard off line, and is a still picture elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from reader import DESK, PHONE, Reader, reader_with
from stepping import drive_by_keyboard, drive_by_mouse, in_view, try_mouse_and_keyboard, walk

from gradus.notebook.form import read, source_of

BOOK = Path(__file__).resolve().parent.parent / "book"
CALL = re.compile(r"^stepper\(", flags=re.MULTILINE)


def figures_of(path: Path) -> list[str]:
    """The cells of a chapter that end in a stepper."""
    code = [source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    return [source for source in code if CALL.search(source)]


CHAPTERS = sorted(BOOK.glob("[0-9]*/*.ipynb"))
FIGURES = {path.relative_to(BOOK).with_suffix(".html"): figures_of(path) for path in CHAPTERS}
PAGES = [str("book" / page) for page, figures in FIGURES.items() if figures]


@pytest.fixture(scope="module", params=PAGES)
def shown(request: pytest.FixtureRequest, browser: Browser, site_address: str) -> Iterator[tuple[Reader, str]]:
    """A chapter with steppers in a browser; once it is there, there is no network, not even the site."""
    for reader in reader_with(browser, site_address, DESK, "light"):
        reader.open(request.param)
        reader.page.wait_for_load_state("networkidle")
        reader.page.evaluate("Promise.allSettled([...document.fonts].map((font) => font.load()))")  # they come late
        reader.page.context.set_offline(True)
        yield reader, request.param


def steppers(reader: Reader, page: str) -> list[Locator]:
    """The steppers of a page, as many as its chapter draws."""
    found = reader.page.locator(".gradus-stepper").all()
    assert len(found) == len(FIGURES[Path(page).relative_to("book")])
    return found


@pytest.mark.parametrize("label", ["number of units", "learning rate", "temperature", "step"])
def test_the_book_has_a_figure_in_which_one_moves(label: str) -> None:
    assert any(f'label="{label}"' in figure for figures in FIGURES.values() for figure in figures)


def test_it_answers_to_mouse_and_keyboard_without_a_network(shown: tuple[Reader, str]) -> None:
    reader, page = shown
    for box in steppers(reader, page):
        walk(box)
        try_mouse_and_keyboard(reader.page, box)
    if page == PAGES[0]:  # the same script answers everywhere
        drive_by_mouse(reader.page, box)
        drive_by_keyboard(reader.page, box)
    assert reader.troubles == []


def test_on_a_phone_its_controls_fit(shown: tuple[Reader, str]) -> None:
    reader, page = shown
    reader.page.set_viewport_size(PHONE)
    for box in steppers(reader, page):
        for element in (box.get_by_role("slider"), *box.get_by_role("button").all(), box.get_by_role("status")):
            place = element.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= PHONE["width"]
        before = in_view(box)
        box.get_by_role("button", name="Next" if box.get_by_role("slider").input_value() == "0" else "Back").click()
        assert in_view(box) != before
    reader.page.set_viewport_size(DESK)


def test_on_paper_it_is_the_chosen_picture_and_all_the_words(shown: tuple[Reader, str]) -> None:
    reader, page = shown
    reader.page.emulate_media(media="print")
    for box in steppers(reader, page):
        expect_still(box)
    reader.page.emulate_media(media="screen")


@pytest.mark.parametrize("page", PAGES)
def test_without_scripts_it_is_a_picture_and_all_the_words(scriptless: Reader, page: str) -> None:
    scriptless.open(page)
    for box in steppers(scriptless, page):
        expect_still(box)


def expect_still(box: Locator) -> None:
    """A picture of one frame, no controls, and every step in words, the one in the picture marked."""
    expect(box.get_by_role("img")).to_be_visible()
    expect(box.locator(".controls")).to_be_hidden()
    expect(box.locator(".now")).to_be_hidden()
    assert "False" in in_view(box)
    for step in box.locator(".steps li").all():
        expect(step).to_be_visible()
    expect(box.locator(".steps [aria-current]")).to_have_count(1)
