"""How well a colour stands out on its ground, as the guidelines for accessible pages compute it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator

# The colour of an element's ink (or another of its properties) and the first ground below it that is not clear.
COLOURS = """(element, property) => {
  let box = property === 'outlineColor' ? element.parentElement : element;  // an outline lies around its element
  while (box && getComputedStyle(box).backgroundColor === 'rgba(0, 0, 0, 0)') box = box.parentElement;
  return [getComputedStyle(element)[property], box ? getComputedStyle(box).backgroundColor : 'rgb(255, 255, 255)'];
}"""


def contrast(element: Locator, of: str = "color") -> float:
    """The ratio, 1 to 21, of the CSS colour `of` of an element to the ground it lies on."""
    dark, light = sorted(luminance(channels(colour)) for colour in element.evaluate(COLOURS, of))
    return (light + 0.05) / (dark + 0.05)


def channels(colour: str) -> tuple[float, ...]:
    """The three channels, 0 to 1, of an opaque `rgb(…)`."""
    values = [float(number) for number in re.findall(r"[\d.]+", colour)]
    assert colour.startswith("rgb"), colour
    assert len(values) == 3 or values[3] == 1, colour
    return tuple(value / 255 for value in values[:3])


def luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
