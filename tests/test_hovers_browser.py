"""A link shows what it leads to, for pointer and keyboard alike; it can be reached, closed, and needs no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from reader import DESK, PHONE, Reader, reader_with

SOFTMAX = "book/03-linear-classification/01-softmax-regression.html"
TENSORS = "book/01-preliminaries/02-tensors.html"
GLOSSARY = "book/appendix/glossary.html"
INDEX = "book/appendix/index-of-terms.html"


@pytest.fixture(scope="module")
def reader(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, DESK, "light")


def link(reader: Reader, address: str) -> Locator:
    return reader.page.locator(f".bd-article a.reference[href*='{address}']").first


def card(reader: Reader) -> Locator:
    return reader.page.get_by_role("tooltip")


def rest(reader: Reader, *, on: str) -> Locator:
    """The card that appears when the pointer rests on a link."""
    reader.page.mouse.move(0, 0)
    expect(card(reader)).to_be_hidden()
    # Cells are laid out when they come near the screen: where the link stands is known when those around it are.
    link(reader, on).evaluate("(it) => it.scrollIntoView({ block: 'center' })")
    reader.page.wait_for_timeout(300)
    link(reader, on).hover()
    expect(card(reader)).to_be_visible()
    return card(reader)


def test_a_term_a_work_a_figure_and_a_page_show_what_they_are(reader: Reader) -> None:
    reader.open(SOFTMAX)
    expect(rest(reader, on="#term-logit")).to_contain_text("logit: a score before softmax")
    expect(rest(reader, on="references.html#")).to_contain_text(re.compile(r"(?:19|20)\d\d"))
    expect(rest(reader, on="01-why-depth.html")).to_contain_text("Why depth")
    reader.open(TENSORS)
    shown = rest(reader, on="#fig-")
    expect(shown.locator("svg")).to_be_visible()
    assert shown.locator("[id]").count() == 0
    assert reader.troubles == []


def test_the_keyboard_shows_it_too_and_escape_closes_it(reader: Reader) -> None:
    reader.open(SOFTMAX)
    term = link(reader, "#term-logit")
    term.evaluate("(it) => it.scrollIntoView({ block: 'center' })")
    term.focus()
    reader.page.keyboard.press("Shift+Tab")
    reader.page.keyboard.press("Tab")
    expect(card(reader)).to_be_visible()
    expect(term).to_have_attribute("aria-describedby", "hover-card")
    reader.page.keyboard.press("Escape")
    expect(card(reader)).to_be_hidden()
    expect(term).to_be_focused()
    assert term.get_attribute("aria-describedby") is None
    reader.page.keyboard.press("Shift+Tab")
    reader.page.keyboard.press("Tab")
    expect(card(reader)).to_be_visible()
    reader.page.evaluate("document.activeElement.blur()")
    expect(card(reader)).to_be_hidden()


def test_it_stays_while_the_pointer_is_on_it(reader: Reader) -> None:
    reader.open(SOFTMAX)
    shown = rest(reader, on="#term-logit")
    shown.hover()
    reader.page.wait_for_timeout(600)
    expect(shown).to_be_visible()
    reader.page.mouse.move(0, 0)
    expect(shown).to_be_hidden()


def test_the_card_lies_within_the_screen(reader: Reader) -> None:
    reader.open(SOFTMAX)
    for term in reader.page.locator(".bd-article a.term").all()[:8]:
        reader.page.mouse.move(0, 0)
        expect(card(reader)).to_be_hidden()
        term.hover()
        expect(card(reader)).to_be_visible()
        box = card(reader).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= DESK["width"]
        assert box["y"] + box["height"] <= DESK["height"]


def test_a_finger_follows_the_link_and_sees_no_card(browser: Browser, site_address: str) -> None:
    for reader in reader_with(browser, site_address, PHONE, "light", has_touch=True, is_mobile=True):
        reader.open(SOFTMAX)
        link(reader, "#term-logit").tap()
        reader.page.wait_for_url("**/glossary.html#term-logit")
        expect(card(reader)).to_be_hidden()
        assert reader.troubles == []


def test_a_book_opened_from_a_file_shows_it_as_well(browser: Browser, site: Path) -> None:
    for reader in reader_with(browser, site.as_uri() + "/", DESK, "dark"):
        reader.open(SOFTMAX)
        expect(rest(reader, on="#term-logit")).to_contain_text("logit: a score before softmax")
        assert reader.troubles == []


def test_page_without_formulas_shows_those_of_another_as_characters(reader: Reader) -> None:
    reader.open(INDEX)
    shown = rest(reader, on="glossary.html#term-accuracy")
    expect(shown).to_contain_text("accuracy: the share of right answers")
    assert "\\(" not in shown.inner_text()


def test_the_glossary_and_the_index_lead_to_the_place(reader: Reader) -> None:
    for page in (GLOSSARY, INDEX):
        reader.open(page)
        link(reader, "02-tensors.html#term-accuracy").click()
        reader.page.wait_for_url("**/02-tensors.html#term-accuracy")
        place = reader.page.locator("#term-accuracy")
        expect(place).to_have_text("accuracy")
        expect(place).to_be_in_viewport()


def test_the_script_is_small() -> None:
    root = Path(__file__).resolve().parent.parent
    assert (root / "book" / "_static" / "hovers.js").stat().st_size < 6_144
