"""A figure is readable on both grounds, says what it shows, and shares a page with others."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import pytest

from gradus import figure


def _drawn(alt: str = 'a line from "0" to 1 & back') -> str:
    with plt.style.context("gradus.house"):
        fig, ax = plt.subplots()
        ax.plot([0, 1, 0], label="height")
        ax.set_xlabel("time / s")
        ax.imshow([[0, 1], [1, 0]])
        ax.legend()
        return figure(fig, alt=alt)._repr_html_()


def test_black_ink_takes_the_pages_own_colour_and_the_ground_is_clear() -> None:
    svg = _drawn()
    assert "#000000" not in svg
    assert "currentColor" in svg
    assert "#ffffff" not in svg


def test_it_says_what_it_shows() -> None:
    svg = _drawn()
    assert svg.startswith('<svg role="img" aria-label="a line from &quot;0&quot; to 1 &amp; back"')
    assert repr(figure(plt.figure(), alt="nothing")) == "[Figure: nothing]"
    with pytest.raises(ValueError, match="say in a sentence"):
        figure(plt.figure(), alt=" ")


def test_text_stays_text() -> None:
    assert re.search(r"<text[^>]*>time / s</text>", _drawn())


def test_two_figures_on_a_page_share_no_id_and_keep_their_references() -> None:
    one, two = _drawn("one"), _drawn("two")
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip((one, two), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) == own


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert _drawn() == _drawn()


def test_the_notebook_does_not_show_it_a_second_time() -> None:
    plt.close("all")
    _drawn()
    assert plt.get_fignums() == []


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", ["FFFFFF", "121212"])
def test_every_colour_of_the_house_style_stands_out_on_both_grounds(ground: str) -> None:
    with plt.style.context("gradus.house"):
        colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    for colour in colours:
        light, dark = sorted((_luminance(colour.lstrip("#")), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour
