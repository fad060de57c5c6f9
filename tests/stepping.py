"""What the tests of steppers share: which frame is in view, and a stepper driven by mouse and by keyboard."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

# The numbers of the frames that each layer belongs to, and whether it is in view.
SHOWN = """(box) => [...box.querySelectorAll('[data-in]')]
  .map((layer) => [layer.dataset.in.split(' '), layer.getAttribute('display') !== 'none'])"""

# What stands below the picture and what should, the name of the frame, where the slider is and its name, the layers.
STATE = f"""(box, number) => {{
  const text = (element) => (element?.textContent ?? 'nothing').trim().replace(/\\s+/g, ' ');
  const slider = box.querySelector('input[type=range]');
  return [text(box.querySelector('.now')), text(box.querySelectorAll('.steps li')[number]),
    box.querySelectorAll('.steps b')[number]?.textContent, slider.value, slider.getAttribute('aria-valuetext'),
    ({SHOWN})(box)];
}}"""
WALK = f"""(box) => {{
  const slider = box.querySelector('input[type=range]');
  return [...box.querySelectorAll('.steps li')].map((_, number) => {{
    slider.value = number;
    slider.dispatchEvent(new Event('input', {{bubbles: true}}));
    const {{x, width, height}} = slider.getBoundingClientRect();
    return [({STATE})(box, number), [x, width, height]];
  }});
}}"""
PATIENCE = 5.0  # seconds


def last_of(box: Locator) -> int:
    return box.locator(".steps li").count() - 1


def expect_frame(box: Locator, number: int) -> None:
    """The frame `number` is in view, nothing of another frame is, and everything says so, within some seconds."""
    until = time.monotonic() + PATIENCE
    while (found := _out_of_step(box.evaluate(STATE, number), number)) and time.monotonic() < until:
        time.sleep(0.02)
    assert found == []


def _out_of_step(state: list[Any], number: int) -> list[str]:
    """What is not as it is when the frame `number` is in view."""
    now, step, name, value, spoken, layers = state
    wrong = [f"in view: {frames}" for frames, is_shown in layers if is_shown != (str(number) in frames)]
    wrong += [] if now == step else [f"says {now!r}, not {step!r}"]
    wrong += [] if value == str(number) else [f"the slider is at {value}"]
    return wrong + ([] if spoken == name else [f"the slider is called {spoken!r}, not {name!r}"])


def walk(box: Locator) -> None:
    """Move the slider to each frame by script: every one comes into view, no two alike, and nothing else moves.

    A browser takes a tenth of a second of processor time to draw a page of the book after each true press of a key.
    """
    states = box.evaluate(WALK)
    assert [_out_of_step(state, number) for number, (state, _) in enumerate(states)] == [[]] * len(states)
    pictures = {str([is_shown for _, is_shown in state[-1]]) for state, _ in states}
    assert len(pictures) == len(states) > 1
    assert {str(place) for _, place in states} == {str(states[0][1])}  # a slider that moves leaves the mouse behind


def click_to_the_first(slider: Locator) -> None:
    """Click where the slider stands for the first frame."""
    slider.scroll_into_view_if_needed()
    size = slider.bounding_box()
    assert size is not None
    slider.click(position={"x": 2, "y": size["height"] / 2})


def try_mouse_and_keyboard(page: Page, box: Locator) -> None:
    """The ends with a click and a key, and a step on with each."""
    slider, last = box.get_by_role("slider"), last_of(box)
    click_to_the_first(slider)
    expect_frame(box, 0)
    box.get_by_role("button", name="Next").click()
    expect_frame(box, 1)
    slider.focus()
    page.keyboard.press("End")
    expect_frame(box, last)
    page.keyboard.press("ArrowLeft")
    expect_frame(box, last - 1)


def in_view(box: Locator) -> str:
    """Which layers of the picture are in view, as text that differs when the picture does."""
    return str([is_shown for _, is_shown in box.evaluate(SHOWN)])


def drive_by_mouse(page: Page, box: Locator) -> None:
    """Click to the first frame, step to the last with the button, drag the slider back and on."""
    slider, last = box.get_by_role("slider"), last_of(box)
    click_to_the_first(slider)
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
