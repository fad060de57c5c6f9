"""A reader without a network sees everything: no error, mathematics set, figures on either ground, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from reader import DESK, PHONE, Reader, reader_with

TENSORS = "book/01-preliminaries/02-tensors.html"
SOFTMAX = "book/03-linear-classification/04-softmax-regression-from-scratch.html"
PERCEPTRONS = "book/04-multilayer-perceptrons/03-multilayer-perceptrons.html"  # the next title has a long word
PAGES = ["book/index.html", "book/01-preliminaries/01-how-to-use-this-course.html", TENSORS, SOFTMAX]
PAGES += ["exercises/ps1/ps1.html", "exercises/ps4/ps4.html", "book/references.html"]

# Elements of the text that stick out of the screen and that no box above them scrolls or cuts.
STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolled = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      const kind = getComputedStyle(box).overflowX;
      if (['auto', 'scroll'].includes(kind) && box.getBoundingClientRect().right <= width + 1) return true;
    }
    return false;
  };
  const visible = (element) =>
    element.getClientRects().length && !element.parentElement.closest('svg');
  return [...document.querySelectorAll('.bd-article *')]
    .filter((element) => visible(element) && element.getBoundingClientRect().right > width + 1 && !scrolled(element))
    .map((element) => element.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def opened(request: pytest.FixtureRequest, desk: Reader) -> Reader:
    """A page on a desk, opened once for all that is looked at in it."""
    desk.open(request.param)
    desk.page.wait_for_load_state("networkidle")
    return desk


def of_pages(*paths: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("opened", paths, indirect=True)


@of_pages(*PAGES, "search.html?q=softmax", "book/appendix/index-of-terms.html")
def test_a_page_opens_without_errors_and_without_a_network(opened: Reader) -> None:
    assert opened.troubles == []


@of_pages(TENSORS, SOFTMAX, "exercises/ps4/ps4.html")
def test_its_mathematics_is_set(opened: Reader) -> None:
    formulas = opened.page.locator(".math").count()
    assert formulas > 0
    assert opened.page.locator(".math > math").count() == formulas
    opened.page.evaluate("document.fonts.ready")
    loaded = opened.page.evaluate("[...document.fonts].filter((f) => f.status == 'loaded').map((f) => f.family)")
    assert any(family.strip('"') == "Gradus Math" for family in loaded)


@of_pages(*PAGES)
def test_on_a_screen_as_narrow_as_a_phone_s_nothing_sticks_out_of_the_page(opened: Reader) -> None:
    opened.page.set_viewport_size(PHONE)
    expect_nothing_sticks_out(opened)
    opened.page.set_viewport_size(DESK)


def expect_nothing_sticks_out(reader: Reader) -> None:
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert reader.page.evaluate(STICKING_OUT) == []


def test_the_front_page_leads_on_to_the_book(desk: Reader) -> None:
    desk.page.goto(desk.address + "index.html")
    desk.page.wait_for_url(desk.address + "book/index.html")
    assert desk.troubles == []


def test_the_network_is_really_cut(desk: Reader) -> None:
    desk.open("book/index.html")
    desk.page.evaluate("fetch('https://example.org/').catch(() => null)")
    assert "asked for https://example.org/" in desk.troubles
    desk.troubles.clear()


def test_a_formula_is_a_tab_stop_only_where_it_scrolls(desk: Reader, phone: Reader) -> None:
    for reader in (desk, phone):
        reader.open(SOFTMAX)
    stops = "[...document.querySelectorAll('div.math, span.math')].filter((m) => m.tabIndex == 0)"
    assert desk.page.evaluate(f"{stops}.length") == 0
    assert phone.page.evaluate(f"{stops}.length") > 0
    assert phone.page.evaluate(f"{stops}.every((m) => m.scrollWidth > m.clientWidth)")


def test_on_a_phone_nothing_sticks_out_of_the_page(phone: Reader) -> None:
    phone.stay(SOFTMAX)
    expect_nothing_sticks_out(phone)


@pytest.mark.parametrize("width", [320, PHONE["width"]])
def test_the_arrows_to_the_neighbouring_chapters_stay_on_the_screen(phone: Reader, width: int) -> None:
    phone.stay(PERCEPTRONS)
    phone.page.set_viewport_size({**PHONE, "width": width})
    edges = "[...document.querySelectorAll('.prev-next-area svg')].map((arrow) => arrow.getBoundingClientRect().right)"
    arrows = phone.page.evaluate(edges)
    phone.page.set_viewport_size(PHONE)
    assert len(arrows) == 2
    assert max(arrows) <= width


@pytest.mark.parametrize("path", [TENSORS, SOFTMAX])
def test_in_the_dark_a_figure_has_the_colour_of_the_text_and_the_ground_of_the_page(night: Reader, path: str) -> None:
    night.open(path)
    colour = "getComputedStyle(document.querySelector('.bd-article p:not(.run-links)')).color"
    figures = "[...document.querySelectorAll('.cell_output .text_html > svg')]"
    assert night.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert night.page.evaluate(f"{figures}.length") > 0
    assert night.page.evaluate(f"{figures}.every((svg) => getComputedStyle(svg).color == {colour})")
    ground = "['rgba(0, 0, 0, 0)', getComputedStyle(document.body).backgroundColor]"
    on_it = f"{ground}.includes(getComputedStyle(svg.parentElement).backgroundColor)"
    assert night.page.evaluate(f"{figures}.every((svg) => {on_it})")


def test_the_search_finds_a_chapter(desk: Reader) -> None:
    desk.open("search.html?q=cross-entropy")
    desk.page.locator("#search-results a[href*='glossary.html#term-cross-entropy']").first.wait_for(timeout=10_000)
    assert desk.troubles == []


@pytest.fixture(scope="module")
def finger(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, PHONE, "light", has_touch=True, is_mobile=True)


# What is pressed on a telephone and is lower than a finger, and how low it is.
TOO_LOW = """() => {
  const inText = ':is(button:not(.copybtn), summary, .quiz-choice label, .kept-solved)';
  const pressed = `.bd-header-article .btn, .bd-article ${inText}`;
  return [...document.querySelectorAll(pressed)]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43)
    .map((each) => `${each.getBoundingClientRect().height}: ${each.outerHTML.slice(0, 120)}`);
}"""


@pytest.mark.parametrize("path", [PAGES[1], "exercises/ps6/ps6.html"])
def test_what_a_finger_presses_is_as_large_as_a_finger(finger: Reader, path: str) -> None:
    finger.open(path)
    finger.page.wait_for_load_state("networkidle")
    assert finger.page.evaluate(TOO_LOW) == []


def test_the_rows_of_a_table_that_goes_on_let_its_shadow_through(finger: Reader) -> None:
    finger.open("exercises/ps6/ps6.html")
    tables = "[...document.querySelectorAll('.pst-scrollable-table-container')]"
    boxes = f"{tables}.filter((box) => box.scrollWidth > box.clientWidth)"
    assert finger.page.evaluate(f"{boxes}.length") == 1
    rows = f"[...{boxes}[0].querySelectorAll('tr')]"
    colours = finger.page.evaluate(f"{rows}.map((row) => getComputedStyle(row).backgroundColor)")
    assert len(colours) > 10
    assert all(colour.startswith("rgba(") for colour in colours)
