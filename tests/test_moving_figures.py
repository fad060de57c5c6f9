"""Figures that a reader moves by hand: with the mouse, with the keyboard, and still without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from reader import PHONE, Reader

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "book" / "_static" / "move").glob("*.js") if path.stem != "kernel")
FRONT = "book/index.html"


FIGURE = re.compile(r'data-move=\\?"([\w-]+)')
WITH_FIGURES = [
    str(path.relative_to(ROOT).with_suffix(".html"))
    for kind in ("md", "ipynb")
    for path in sorted((ROOT / "book").rglob(f"*.{kind}"))
    if FIGURE.search(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("page", WITH_FIGURES)
def test_everything_that_moves_answers_to_the_keyboard_and_says_what_it_shows(desk: Reader, page: str) -> None:
    desk.stay(page)
    for figure in desk.page.locator(".gradus-move.moves").all():
        said, picture = figure.locator(".said"), figure.locator("svg")
        expect(said).not_to_be_empty()
        for control in figure.get_by_role("slider").all():
            before = control.get_attribute("aria-valuetext"), picture.inner_html()
            for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
                control.press(key)
            assert (control.get_attribute("aria-valuetext"), picture.inner_html()) != before
            assert control.get_attribute("aria-label") or control.evaluate("(input) => input.labels.length")
        for button in figure.get_by_role("button").all():
            button.click()
            expect(said).not_to_be_empty()
        assert picture.get_attribute("aria-label") == str(said.text_content()).rstrip()
    assert desk.page.locator(".gradus-move:not(.moves)").count() == 0
    assert desk.troubles == []


def moving(reader: Reader) -> Locator:
    reader.open(FRONT)
    return reader.page.locator('.gradus-move[data-move="valley"]')


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_small_and_some_page_has_its_figure(script: Path) -> None:
    assert script.stat().st_size < 40_000
    pages = [path for kind in ("md", "ipynb") for path in (ROOT / "book").rglob(f"*.{kind}")]
    assert any(f"data-move=\\\"{script.stem}\\\"" in text or f'data-move="{script.stem}"' in text
               for text in (path.read_text(encoding="utf-8") for path in pages))  # fmt: skip


def test_the_learning_rate_is_moved_with_the_keyboard(desk: Reader) -> None:
    figure = moving(desk)
    slider, said = figure.get_by_label("Learning rate"), figure.locator(".said")
    expect(said).to_contain_text("After 25 steps")
    drawn = figure.locator(".path").get_attribute("points")
    slider.focus()
    for _ in range(4):
        desk.page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("climbs out")
    expect(slider).to_have_attribute("aria-valuetext", "0.120")
    assert figure.locator(".path").get_attribute("points") != drawn
    for _ in range(20):
        desk.page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("slow")
    assert desk.troubles == []


def test_the_start_is_moved_with_the_mouse_and_with_the_keyboard(desk: Reader) -> None:
    figure = moving(desk)
    handle, path = figure.get_by_role("slider", name="Where the walk starts"), figure.locator(".path")
    box = handle.locator("circle").last.bounding_box()
    assert box is not None
    desk.page.mouse.move(box["x"] + 5, box["y"] + 5)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + 205, box["y"] + 105, steps=5)
    desk.page.mouse.up()
    dragged = path.get_attribute("points")
    assert re.match(r"2[3-9]\d|3\d\d", str(dragged)), "the walk starts where the mouse has let go"
    before = handle.get_attribute("aria-valuetext")
    handle.press("ArrowUp")
    handle.press("Shift+ArrowLeft")
    assert handle.get_attribute("aria-valuetext") != before
    assert path.get_attribute("points") != dragged


def test_the_walk_is_the_one_that_the_first_chapter_runs(desk: Reader) -> None:
    """The still picture was computed by torch; what the script draws first is the same."""
    still = re.search(r'class="path"[^>]*points="([^"]*)"', (ROOT / "book" / "index.md").read_text(encoding="utf-8"))
    assert still is not None
    drawn = moving(desk).locator(".path").get_attribute("points")
    assert drawn is not None
    for ours, theirs in zip(drawn.split(), still[1].split(), strict=True):
        for one, other in zip(ours.split(","), theirs.split(","), strict=True):
            assert abs(float(one) - float(other)) < 0.4


def test_without_scripts_it_is_a_picture(scriptless: Reader) -> None:
    figure = moving(scriptless)
    expect(figure.get_by_role("img")).to_be_visible()
    expect(figure.get_by_role("slider")).to_have_count(0)


def test_on_a_phone_it_fits(phone: Reader) -> None:
    box = moving(phone).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_pointing_at_a_page_of_the_path_marks_what_it_needs(desk: Reader) -> None:
    desk.open(FRONT)
    stop = desk.page.locator("#path-02-linear-regression-03-from-scratch")
    stop.get_by_role("link").focus()
    needed = desk.page.locator(".course-path .needed").evaluate_all("stops => stops.map((stop) => stop.id)")
    assert "path-02-linear-regression-01-linear-regression" in needed
    desk.page.keyboard.press("Tab")
    assert desk.page.locator(".course-path .chosen").count() == 1
