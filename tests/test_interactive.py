"""A stepper holds every frame in one small output, shows one of them, and says what each shows."""

from __future__ import annotations

import random
import re

import matplotlib.pyplot as plt
import outside_addresses
import pytest
import worked_steppers

from gradus import Frame, stepper
from gradus.drawings import Drawing, merged, read_drawing
from gradus.interactive import Stepper


@pytest.fixture(scope="module", params=worked_steppers.WORKED)
def worked(request: pytest.FixtureRequest) -> Stepper:
    with plt.style.context("gradus.house"):
        return worked_steppers.WORKED[request.param]()


def circle(radius: float) -> str:
    drawn = f'<rect width="90" height="60" fill="none"/><circle cx="45" cy="30" r="{radius}"/>'
    return f'<svg viewBox="0 0 90 60">{drawn}</svg>'


def circles(**changes: object) -> Stepper:
    frames = [Frame(circle(radius), f"r = {radius}", "a circle.") for radius in (5, 10, 20)]
    return stepper(**{"frames": frames, "label": "radius", "alt": "A circle in a box.", **changes})  # type: ignore[arg-type]


def test_each_worked_example_weighs_less_than_a_photograph_and_asks_for_nothing(worked: Stepper) -> None:
    assert len(worked.html.encode()) < 40_000
    assert outside_addresses.in_page(worked.html) == []
    for way_out in ("http", "import(", "fetch", "localStorage", "cookie", "xlink"):
        assert way_out not in worked.html


def test_black_ink_takes_the_pages_own_colour(worked: Stepper) -> None:
    assert "#000000" not in worked.html
    assert "#ffffff" not in worked.html
    assert "currentColor" in worked.html


def test_it_says_what_it_shows_and_every_step_in_words(worked: Stepper) -> None:
    assert re.search(r'<svg role="img" aria-label="[^"]{20,}"', worked.html)
    assert len(re.findall(r"<li[^>]*><b>[^<]+</b>: [^<]{10,}</li>", worked.html)) == len(worked.names)
    assert f"[Figure with {len(worked.names)} steps, {worked.names[0]} to " in repr(worked)


def test_what_frames_share_is_kept_once(worked: Stepper) -> None:
    svg = worked.html[worked.html.index("<svg") : worked.html.index("</svg>")]
    shared = re.sub(r"<g data-in=.*?</g>", "", svg)
    assert shared.count("<text") + shared.count("<path") > 5
    for layer in re.findall(r'data-in="([^"]+)"', svg):
        assert len(layer.split()) < len(worked.names)


def test_before_any_script_runs_one_step_is_shown_whole_and_no_control() -> None:
    for start in range(3):
        html = circles(start=start).html
        layers = re.findall(r'<g data-in="(\d)"( display="none")?>', html)
        assert [int(layer) for layer, hidden in layers if not hidden] == [start]
        assert len(layers) == 3
        assert '<div class="controls" hidden' in html
        assert re.findall(r"<li( aria-current=\"step\")?>", html)[start]


def test_jupyterlab_leaves_the_keys_to_slider_and_buttons() -> None:
    controls = re.findall(r"<(?:input|button) [^>]*>", circles().html)
    assert len(controls) == 3
    # On the element that has the focus: its shortcuts match that element before they look at those around it.
    assert all("data-lm-suppress-shortcuts" in control for control in controls)


def test_each_frame_is_drawn_by_its_layers_in_its_own_order() -> None:
    chance = random.Random(0)
    for _ in range(200):
        pieces = [[chance.choice("abcdef") for _ in range(chance.randint(0, 9))] for _ in range(chance.randint(2, 7))]
        slots = merged([Drawing("0 0 1 1", "1", "1", [], own) for own in pieces])
        for number, own in enumerate(pieces):
            assert [slot.piece for slot in slots if number in slot.frames] == own


def points(path: str) -> list[tuple[float, float]]:
    """The corners of a path of `M` and relative `l`."""
    found, x, y = [], 0.0, 0.0
    for command, numbers in re.findall(r"([Ml])([^Mlz]*)", path):
        values = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        for dx, dy in zip(values[::2], values[1::2], strict=True):
            x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
            found.append((x, y))
    return found


def test_a_shortened_line_leaves_no_point_by_more_than_a_twentieth() -> None:
    chance = random.Random(1)
    corners = [(chance.uniform(-1, 300), chance.uniform(-300, 300)) for _ in range(500)]
    corners[7:9] = [(0.04, -0.04), (1.0, -0.96)]
    path = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in corners) + " z"
    (piece,) = read_drawing(f'<svg viewBox="0 0 9 9"><path d="{path}"/></svg>').pieces
    short = points(piece)
    assert piece.endswith('z"/>')
    assert len(piece) < len(path) * 0.7
    assert len(short) == 500
    assert (
        max(abs(a - b) for one, two in zip(corners, short, strict=True) for a, b in zip(one, two, strict=True))
        <= 0.0501
    )


def test_points_and_jumps_of_a_line_survive() -> None:
    def shortened(path: str) -> str:
        (piece,) = read_drawing(f'<svg viewBox="0 0 9 9"><path d="{path}"/></svg>').pieces
        return re.findall(r'd="([^"]*)"', piece)[0]

    assert shortened("M 1 2 L 1 2") == "M1 2l0 0"  # a dot, where the line has round ends
    assert shortened("M 1 2 \nL 3 2 \nL 3.01 2.01 \nL 3 1 z \nM 5 5 L 4.5 4.25 ") == "M1 2l2 0 0-1zM5 5l-.5-.8"
    assert shortened("M 1.23 2 L 3 2 C 1 2 3.456 4 5 6") == "M1.2 2L3 2C1 2 3.5 4 5 6"
    assert shortened("M 1 2") == "M1 2"


def test_two_steppers_on_a_page_share_no_id() -> None:
    with plt.style.context("gradus.house"):
        one, two = (
            stepper([Frame(_plotted(i), f"{i}") for i in range(2)], label="i", alt=alt).html for alt in ("One.", "Two.")
        )
    ids = [set(re.findall(r' id="([^"]+)"', html)) for html in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for html, own in zip((one, two), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', html)) == own


def _plotted(height: float) -> plt.Figure:
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, height], "o-")
    ax.set(ylim=(0, 2))
    return fig


def test_the_same_stepper_gives_the_same_bytes_and_closes_its_figures() -> None:
    plt.close("all")
    html = {stepper([Frame(_plotted(i), f"{i}") for i in range(2)], label="i", alt="A line.").html for _ in range(2)}
    assert len(html) == 1
    assert plt.get_fignums() == []


def test_words_are_shown_as_they_are_written() -> None:
    frames = [Frame(circle(1), 'a < "b" & c', "<script>alert(1)</script>"), Frame(circle(2), "d")]
    html = circles(frames=frames, label="<i>", alt='"quoted" & <b>').html
    assert "<b>a &lt; &quot;b&quot; &amp; c</b>: &lt;script&gt;alert(1)" in html
    assert 'aria-label="&quot;quoted&quot; &amp; &lt;b&gt;"' in html
    assert 'aria-valuetext="a &lt; &quot;b&quot; &amp; c"' in html
    assert "<label>&lt;i&gt; <input" in html


def test_letters_of_an_svg_drawing_keep_their_family_and_others_the_figures() -> None:
    mono = "<text style=\"font-family: 'DejaVu Sans Mono', monospace; font-size: 9px\">w</text>"
    style = "font-family: 'DejaVu Sans', 'Verdana', sans-serif; font-size: 9px"
    house = f'<text style="{style}">w <tspan>x</tspan> <tspan>y</tspan>\n </text>'
    pieces = read_drawing(f'<svg viewBox="0 0 9 9">{mono}{house}</svg>').pieces
    assert "font-family:&#x27;DejaVu Sans Mono&#x27;" in pieces[0]
    assert pieces[1] == '<text style="font-size:9px">w <tspan>x</tspan> <tspan>y</tspan></text>'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": " "}, "say what the slider sets"),
        ({"alt": ""}, "what the pictures show"),
        ({"frames": [Frame(circle(1), "one")]}, "two frames or more, not 1"),
        ({"start": 3}, "start=3 is none of the 3 frames"),
        ({"start": -1}, "start=-1 is none of the 3 frames"),
        (
            {"frames": [Frame(circle(1), "one"), Frame(circle(1).replace("90 60", "80 60"), "two")]},
            "one size; these have the view boxes 0 0 80 60, 0 0 90 60",
        ),
    ],
)
def test_what_cannot_be_stepped_through_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        circles(**changes)


@pytest.mark.parametrize(
    ("picture", "name", "words"),
    [
        (circle(1), " ", "say in a word or two"),
        ("a circle", "one", "neither a matplotlib figure nor an SVG drawing"),
        ("<svg viewBox='0 0 9 9'><g></svg>", "one", "neither a matplotlib figure nor an SVG drawing"),
        ("<svg><g/></svg>", "one", "needs a viewBox"),
    ],
)
def test_what_is_no_frame_is_refused(picture: str, name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Frame(picture, name)


def test_a_stepper_that_is_too_heavy_says_how_heavy_and_what_to_do() -> None:
    chance = random.Random(2)

    def heavy() -> str:
        line = " L ".join(f"{chance.uniform(0, 90):.3f} {chance.uniform(0, 60):.3f}" for _ in range(1_000))
        return f'<svg viewBox="0 0 90 60"><path d="M {line}"/></svg>'

    with pytest.raises(
        ValueError, match=r"weighs \d\d KB of at most 40, one frame alone \d+: draw fewer frames \(now 6\)"
    ):
        circles(frames=[Frame(heavy(), f"{i}") for i in range(6)])
