"""A stepper answers to mouse and keyboard without a network, and is readable in the dark, on a phone and on paper."""

from __future__ import annotations

import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
import worked_steppers
from contrast import contrast
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from reader import DESK, PHONE, Reader
from stepping import expect_frame, last_of

from gradus import Frame, figure, stepper

SOFTMAX = "book/03-linear-classification/04-softmax-regression-from-scratch.html"
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Steppers</title><style>:root {{ color-scheme: light dark }}</style><body>{}</body></html>"""


@pytest.fixture(scope="module")
def html() -> str:
    with plt.style.context("gradus.house"):
        return PAGE.format("".join(draw()._repr_html_() for draw in worked_steppers.WORKED.values()))


def page_with(browser: Browser, html: str, size: dict[str, int], **more: object) -> Iterator[Page]:
    """A page of the worked steppers in a browser that is off line; it fails with any error on the page."""
    context = browser.new_context(viewport=size, **more)  # type: ignore[arg-type]
    context.set_offline(True)
    page, troubles = context.new_page(), []
    page.on("request", lambda request: troubles.append(request.url))
    page.on("console", lambda said: troubles.append(said.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.set_content(html)
    yield page
    context.close()
    assert troubles == []


@pytest.fixture
def page(browser: Browser, html: str) -> Iterator[Page]:
    yield from page_with(browser, html, DESK)


@pytest.fixture
def dark_page(browser: Browser, html: str) -> Iterator[Page]:
    yield from page_with(browser, html, DESK, color_scheme="dark")


@pytest.fixture
def phone_page(browser: Browser, html: str) -> Iterator[Page]:
    yield from page_with(browser, html, PHONE)


@pytest.fixture
def scriptless_page(browser: Browser, html: str) -> Iterator[Page]:
    yield from page_with(browser, html, DESK, java_script_enabled=False)


def steppers(page: Page) -> list[Locator]:
    found = page.locator(".gradus-stepper").all()
    assert len(found) == len(worked_steppers.WORKED)
    return found


def test_with_the_mouse_every_step_is_reached_and_the_ends_are_ends(page: Page) -> None:
    for box in steppers(page):
        back, on = box.get_by_role("button", name="Back"), box.get_by_role("button", name="Next")
        slider = box.get_by_role("slider")
        size = slider.bounding_box()
        assert size is not None
        slider.click(position={"x": 2, "y": size["height"] / 2})
        for number in range(last_of(box) + 1):
            expect_frame(box, number)
            on.click(force=True)  # at the end it says that it does nothing, and does nothing
        expect_frame(box, last_of(box))
        expect(on).to_have_attribute("aria-disabled", "true")
        slider.click(position={"x": size["width"] - 2, "y": size["height"] / 2})
        back.click()
        expect_frame(box, last_of(box) - 1)
        expect(on).to_have_attribute("aria-disabled", "false")


def test_with_the_keyboard_alone_every_step_is_reached(page: Page) -> None:
    keyboard = page.keyboard
    for box in steppers(page):
        for _ in range(3):  # past the two buttons of the stepper before; the first press reaches the first slider
            keyboard.press("Tab")
            if box.get_by_role("slider").evaluate("(slider) => slider === document.activeElement"):
                break
        expect(box.get_by_role("slider")).to_be_focused()
        keyboard.press("Home")
        for number in range(last_of(box)):
            expect_frame(box, number)
            keyboard.press("ArrowRight")
        expect_frame(box, last_of(box))
        keyboard.press("ArrowLeft")
        keyboard.press("Tab")
        expect(box.get_by_role("button", name="Back")).to_be_focused()
        keyboard.press("Enter")
        keyboard.press("Space")
        expect_frame(box, last_of(box) - 3)
        keyboard.press("Tab")
        keyboard.press("Enter")
        expect_frame(box, last_of(box) - 2)
        expect(box.get_by_role("button", name="Next")).to_be_focused()


def test_one_stepper_leaves_the_others_alone(page: Page) -> None:
    first, second, *_ = steppers(page)
    before = second.get_by_role("status").inner_text()
    first.get_by_role("button", name="Back").click()
    first.get_by_role("button", name="Back").click()
    expect_frame(first, 3)
    expect(second.get_by_role("status")).to_have_text(before)


def test_a_screen_reader_hears_picture_slider_and_step(page: Page) -> None:
    for box in steppers(page):
        tree = box.aria_snapshot()
        for part in ('img "', "- slider ", '- button "Back"', '- button "Next"', "- status:"):
            assert part in tree, tree
        assert "- list" not in tree
        assert box.get_by_role("slider").evaluate("(slider) => slider.labels[0].textContent").strip()


def test_nothing_moves_by_itself(page: Page) -> None:
    box = steppers(page)[0]
    box.get_by_role("button", name="Next").click()
    assert page.evaluate("document.getAnimations().length") == 0
    durations = "(b) => [...b.querySelectorAll('*')].map((e) => getComputedStyle(e).transitionDuration)"
    assert set(box.evaluate(durations)) == {"0s"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_stands_out_on_both_grounds(page: Page, dark_page: Page, scheme: str) -> None:
    shown = {"light": page, "dark": dark_page}[scheme]
    if scheme == "dark":
        shown.add_style_tag(content="body { background: #121212; color: #ced6dd }")  # the site's
    for box in steppers(shown):
        svg = box.locator("svg")
        assert svg.evaluate("(e) => getComputedStyle(e).color") == shown.evaluate(
            "getComputedStyle(document.body).color"
        )
        assert contrast(svg.locator("text").first, "fill") >= 4.5
        for element in (box.get_by_role("status"), box.locator("label"), box.get_by_role("button", name="Next")):
            assert contrast(element) >= 4.5
        slider = box.get_by_role("slider")
        slider.focus()
        shown.keyboard.press("ArrowRight")  # a focus ring is for those who use the keyboard
        assert slider.evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"
        assert contrast(slider, "outlineColor") >= 3


def test_on_a_phone_the_picture_scrolls_and_the_controls_fit(phone_page: Page) -> None:
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for box in steppers(phone_page):
        for element in (box.get_by_role("slider"), *box.get_by_role("button").all(), box.get_by_role("status")):
            place = element.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= PHONE["width"]
            assert place["height"] >= 24
        box.get_by_role("button", name="Next").click()


def test_without_scripts_a_picture_and_all_the_words_are_there(scriptless_page: Page) -> None:
    for box in steppers(scriptless_page):
        expect(box.get_by_role("img")).to_be_visible()
        expect(box.locator(".controls")).to_be_hidden()
        for step in box.locator(".steps li").all():
            expect(step).to_be_visible()
        assert box.locator("[data-in][display=none]").count() > 0


def test_on_paper_a_picture_and_all_the_words_are_there(page: Page) -> None:
    for box in steppers(page):
        expect(box.locator(".steps")).to_be_hidden()
        box.get_by_role("button", name="Next").click()
    page.emulate_media(media="print")
    for box in steppers(page):
        expect(box.get_by_role("img")).to_be_visible()
        expect(box.locator(".controls")).to_be_hidden()
        expect(box.get_by_role("status")).to_have_count(0)
        for step in box.locator(".steps li").all():
            expect(step).to_be_visible()
        expect(box.locator(".steps [aria-current]")).to_have_count(1)


def pixels(picture: Locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L"), dtype=float)


def test_each_step_looks_like_the_figure_it_was_made_from(browser: Browser) -> None:
    def draw(i: int) -> plt.Figure:
        fig, (left, right) = plt.subplots(1, 2, figsize=(5, 2.5))
        left.plot(np.linspace(0, 1, 40), np.sin(np.linspace(0, 4 + 3 * i, 40)), "o-", label=f"sine {i}")
        left.legend()
        left.annotate("here", (0.5, 0), (0.2, -0.8), arrowprops={"arrowstyle": "->"})
        right.imshow(np.arange(6 * (i + 1)).reshape(2, -1))
        right.set(title=f"$T = {i}$", ylabel="rows")
        return fig

    with plt.style.context("gradus.house"):
        whole = [figure(draw(i), alt=f"Figure {i}.")._repr_html_() for i in range(3)]
        stepped = stepper([Frame(draw(i), f"{i}") for i in range(3)], label="figure", alt="A stepper.")._repr_html_()
    page = browser.new_page(viewport=DESK)
    page.set_content(PAGE.format("".join(whole) + stepped))
    box = page.locator(".gradus-stepper")
    originals = [pixels(svg) for svg in page.locator("body > svg").all()]
    for i, original in enumerate(originals):
        box.get_by_role("slider").fill(str(i))
        drawn = pixels(box.locator("svg"))
        assert drawn.shape == original.shape
        differences = [np.abs(drawn - other).mean() for other in originals]
        assert differences[i] < 0.5
        assert min(differences[:i] + differences[i + 1 :]) > 5 * max(differences[i], 0.1)
    page.close()


def test_in_a_chapter_the_arrow_keys_move_the_figure_and_the_network_stays_cut(desk: Reader) -> None:
    desk.stay(SOFTMAX)
    box = desk.page.locator("#fig-softmax-temperature .gradus-stepper")
    box.get_by_role("slider").focus()
    desk.page.keyboard.press("Home")
    expect(box.get_by_role("status")).to_have_text("T = 0.1: class 2 has the probability 1.00, class 4 has 0.00.")
    desk.page.keyboard.press("End")
    expect(box.get_by_role("status")).to_have_text("T = 10: class 2 has the probability 0.24, class 4 has 0.16.")
    assert desk.troubles == []


def test_in_a_chapter_it_has_the_colour_and_the_ground_of_the_page(night: Reader) -> None:
    night.stay(SOFTMAX)
    box = night.page.locator("#fig-softmax-temperature .gradus-stepper")
    assert contrast(box.locator("svg text").first, "fill") >= 4.5
    colour = night.page.evaluate("getComputedStyle(document.querySelector('.bd-article p:not(.run-links)')).color")
    assert box.locator("svg").evaluate("(e) => getComputedStyle(e).color") == colour
