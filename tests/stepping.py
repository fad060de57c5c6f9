"""What the tests of steppers share: which frame is in view, and a stepper driven by mouse and by keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

# The numbers of the frames that each layer belongs to, and whether it is in view.
SHOWN = """(box) => [...box.querySelectorAll('[data-in]')]
  .map((layer) => [layer.dataset.in.split(' '), layer.getAttribute('display') !== 'none'])"""


def last_of(box: Locator) -> int:
    return box.locator(".steps li").count() - 1


def expect_frame(box: Locator, number: int) -> None:
    """The frame `number` is in view, nothing of another frame is, and everything says so."""
    expect(box.locator(".now")).to_have_text(box.locator(".steps li").nth(number).text_content() or "-")
    for frames, is_shown in box.evaluate(SHOWN):
        assert is_shown == (str(number) in frames)
    slider = box.get_by_role("slider")
    expect(slider).to_have_value(str(number))
    expect(slider).to_have_attribute("aria-valuetext", box.locator(".steps b").nth(number).text_content() or "-")


def in_view(box: Locator) -> str:
    """Which layers of the picture are in view, as text that differs when the picture does."""
    return str([is_shown for _, is_shown in box.evaluate(SHOWN)])


def drive_by_mouse(page: Page, box: Locator) -> None:
    """Click to the first frame, step to the last with the button, drag the slider back and on."""
    slider, last = box.get_by_role("slider"), last_of(box)
    slider.scroll_into_view_if_needed()
    size = slider.bounding_box()
    assert size is not None
    slider.click(position={"x": 2, "y": size["height"] / 2})
    pictures, places = [], []
    for number in range(last + 1):
        expect_frame(box, number)
        pictures.append(in_view(box))
        places.append(slider.bounding_box())
        box.get_by_role("button", name="Next").click(force=True)  # at the end it says that it does nothing
    expect_frame(box, last)
    assert len(set(pictures)) == last + 1  # no two steps show the same picture
    assert all(place == places[0] for place in places)  # a slider that moves leaves the mouse behind
    size = slider.bounding_box()
    assert size is not None
    middle, ends = size["y"] + size["height"] / 2, (size["x"] + size["width"] - 8, size["x"] + 2)
    for (start, end), number in ((ends, 0), (ends[::-1], last)):
        page.mouse.move(start, middle)
        page.mouse.down()
        page.mouse.move((start + end) / 2, middle, steps=4)
        page.mouse.move(end, middle, steps=4)
        page.mouse.up()
        expect_frame(box, number)


def drive_by_keyboard(page: Page, box: Locator) -> None:
    """Every step with the arrow keys, the ends with Home and End, the buttons with Tab, Enter and Space."""
    keyboard, last = page.keyboard, last_of(box)
    box.get_by_role("slider").focus()
    keyboard.press("Home")
    for number in range(last):
        expect_frame(box, number)
        keyboard.press("ArrowRight")
    expect_frame(box, last)
    keyboard.press("ArrowLeft")
    expect_frame(box, last - 1)
    keyboard.press("End")
    expect_frame(box, last)
    keyboard.press("Tab")
    expect(box.get_by_role("button", name="Back")).to_be_focused()
    keyboard.press("Enter")
    expect_frame(box, last - 1)
    keyboard.press("Tab")
    expect(box.get_by_role("button", name="Next")).to_be_focused()
    keyboard.press("Space")
    expect_frame(box, last)
