"""A figure that the reader steps through: still pictures, computed in Python, and a slider that chooses one.

One output, under 40 KB, of HTML, SVG and a little JavaScript: it needs no server, no network and no widget library, so
it works in the site, in Colab's output frame and in JupyterLab. Nothing moves by itself. Without scripts and on paper
it is one still picture, with all that the steps say below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from gradus.drawings import Drawing, merged, read_drawing, with_classes
from gradus.figures import LEGIBLE, drawn, own_ids

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIMIT = 40_000  # bytes
# JupyterLab takes arrow keys, Enter and Space for itself, unless the element that has the focus says no.
KEYS = 'data-lm-suppress-shortcuts="true"'

# The words of a step must not widen the figure: a slider that grows while it is dragged leaves the mouse behind.
STYLE = """\
.gradus-stepper{margin:0 auto;max-width:max-content;color:inherit}
.gradus-stepper .picture{overflow-x:auto;margin-bottom:.5rem}
.gradus-stepper svg{display:block;margin:0 auto;max-width:100%;height:auto}
.gradus-stepper svg text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif}
.gradus-stepper .controls:not([hidden]){display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;justify-content:center}
.gradus-stepper .controls{padding:.25rem}
.gradus-stepper label{display:flex;flex:1 1 16rem;gap:.5rem;align-items:center;margin:0}
.gradus-stepper input{flex:1;min-width:6rem;height:1.5rem;margin:0;accent-color:#0072B2;cursor:pointer}
.gradus-stepper button{padding:.2rem .8rem;border:1px solid;border-radius:.25rem}
.gradus-stepper button{background:none;color:inherit;font:inherit}
.gradus-stepper button[aria-disabled=true]{color:#7f7f7f}
.gradus-stepper :focus-visible{outline:2px solid #0072B2;outline-offset:2px}
.gradus-stepper .now{width:0;min-width:100%;min-height:3em;margin:.5rem 0;text-align:center}
.gradus-stepper .steps{margin:.5rem 0;font-size:.9em;text-align:start}
.gradus-stepper .steps [aria-current]::after{content:" (shown)"}
@media screen{.gradus-stepper[data-live] .steps{display:none}}
@media print{.gradus-stepper :is(.controls,.now){display:none!important}}
"""

# Every stepper of the page that is not yet alive, this one among them: its script may run before it can be named.
SCRIPT = """\
for (const box of document.querySelectorAll(".gradus-stepper:not([data-live])")) {
  const find = (name) => box.querySelector(name);
  const slider = find("input"), now = find(".now"), steps = [...box.querySelectorAll(".steps li")];
  const layers = [...box.querySelectorAll("[data-in]")].map((g) => [g, new Set(g.dataset.in.split(" "))]);
  const show = () => {
    const i = Number(slider.value);
    for (const [layer, frames] of layers) layer.setAttribute("display", frames.has(String(i)) ? "inline" : "none");
    steps.forEach((step) => step.removeAttribute("aria-current"));
    steps[i].setAttribute("aria-current", "step");
    slider.setAttribute("aria-valuetext", steps[i].querySelector("b").textContent);
    now.innerHTML = steps[i].innerHTML;
    find(".back").setAttribute("aria-disabled", i === 0);
    find(".on").setAttribute("aria-disabled", i === steps.length - 1);
  };
  const move = (by) => () => {
    slider.value = Number(slider.value) + by;
    show();
  };
  slider.addEventListener("input", show);
  find(".back").addEventListener("click", move(-1));
  find(".on").addEventListener("click", move(1));
  box.dataset.live = "";
  find(".controls").hidden = now.hidden = false;
  show();
}
"""


class Frame:
    """One step of a stepper.

    Args:
        picture: a matplotlib figure, which is closed, or the text of an SVG drawing whose black is the page's ink
            (`fill="currentColor"`) and which has a `viewBox`.
        name: what is set at this step, in a word or two (`"4 units"`, `"T = 0.5"`).
        text: what there is to see at this step, in a sentence.

    Raises:
        ValueError: the name is empty, or the picture is neither a figure nor an SVG drawing.
    """

    def __init__(self, picture: Figure | str, name: str, text: str = "") -> None:
        if not name.strip():
            raise ValueError("Frame(picture, name): say in a word or two what is set at this step")
        # One salt for all, so that frames share what is equal.
        svg = picture if isinstance(picture, str) else drawn(picture, salt="frame")
        self.drawing: Drawing = read_drawing(svg)
        self.name = name
        self.text = text


@dataclass(frozen=True)
class Stepper:
    """A figure of several steps; a notebook shows it, plain text shows what it says."""

    html: str
    alt: str
    names: tuple[str, ...]

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"[Figure with {len(self.names)} steps, {self.names[0]} to {self.names[-1]}: {self.alt}]"


def stepper(frames: Iterable[Frame], label: str, alt: str, start: int = 0) -> Stepper:
    """Show one of several still pictures; a slider and two buttons choose which.

    What the frames have in common is kept once: give them the same size, limits and ticks. Use a line of 50 points
    rather than of 1,000. Make the stepper the last expression of a cell.

    Args:
        frames: two or more steps, in order.
        label: what the slider sets (`"number of units"`).
        alt: what the pictures show, in a sentence or two, for those who cannot see them.
        start: the step that is shown first, and in print and without scripts.

    Raises:
        ValueError: `label` or `alt` is empty, there are fewer than two frames, their sizes differ, `start` is none of
            them, or the whole would weigh more than 40 KB.
    """
    steps = list(frames)
    _check(steps, label, alt, start)
    salt = hashlib.sha256(f"{label}\0{alt}".encode()).hexdigest()[:8]
    svg, style = _picture([step.drawing for step in steps], alt, start, salt)
    items = [f"<li><b>{escape(step.name)}</b>{_after(step.text)}</li>" for step in steps]
    items[start] = items[start].replace("<li>", '<li aria-current="step">', 1)
    html = (
        f'<div class="gradus-stepper g{salt}"><style>{STYLE}{style}</style><div class="picture">{svg}</div>'
        f'<div class="controls" hidden><label>{escape(label)} <input {KEYS} type="range" autocomplete="off"'
        f' min="0" max="{len(steps) - 1}" value="{start}" aria-valuetext="{escape(steps[start].name)}"></label>'
        f'<span><button {KEYS} type="button" class="back">Back</button> '
        f'<button {KEYS} type="button" class="on">Next</button></span></div><p class="now" role="status" hidden></p>'
        f'<ol class="steps">{"".join(items)}</ol><script>{SCRIPT}</script></div>'
    )
    weight = len(html.encode())
    if weight > LIMIT:
        alone = len(_picture([steps[start].drawing], alt, 0, salt)[0].encode())
        raise ValueError(
            f"it weighs {weight / 1e3:.0f} KB of at most {LIMIT / 1e3:.0f}, one frame alone {alone / 1e3:.0f}: "
            f"draw fewer frames (now {len(steps)}), fewer points on a line, and the same limits and ticks in each frame"
        )
    return Stepper(html, alt, tuple(step.name for step in steps))


def _check(steps: list[Frame], label: str, alt: str, start: int) -> None:
    if not label.strip() or not alt.strip():
        raise ValueError("stepper(frames, label=…, alt=…): say what the slider sets, and what the pictures show")
    if len(steps) < 2:
        raise ValueError(
            f"a stepper needs two frames or more, not {len(steps)}; for a still picture use figure(fig, alt=…)"
        )
    sizes = {step.drawing.view_box for step in steps}
    if len(sizes) > 1:
        raise ValueError(f"all frames must have one size; these have the view boxes {', '.join(sorted(sizes))}")
    if not 0 <= start < len(steps):
        raise ValueError(f"start={start} is none of the {len(steps)} frames")


def _after(text: str) -> str:
    return f": {escape(text)}" if text else ""


def _picture(drawings: list[Drawing], alt: str, start: int, salt: str) -> tuple[str, str]:
    """One SVG of all frames, that at `start` in view, and the style sheet of what recurs in it."""
    first, everywhere = drawings[0], set(range(len(drawings)))
    defs = "".join(dict.fromkeys(part for drawing in drawings for part in drawing.defs))
    layers: list[tuple[set[int], list[str]]] = []
    for slot in merged(drawings):
        if not layers or layers[-1][0] != slot.frames:
            layers.append((slot.frames, []))
        layers[-1][1].append(slot.piece)
    body = "".join(
        "".join(pieces) if shown_in == everywhere else _layer(shown_in, start, pieces) for shown_in, pieces in layers
    )
    body, classes = with_classes(f"<defs>{defs}</defs>{body}")
    width = float(first.width.removesuffix("pt").removesuffix("px"))
    unit = "pt" if first.width.endswith("pt") else "px"
    svg = (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="{first.view_box}" width="{first.width}" '
        f'height="{first.height}" fill="currentColor" stroke-linejoin="round" '
        f'style="min-width:{LEGIBLE * width:.0f}{unit}">{body}</svg>'
    )
    style = "".join(f".g{salt} .{name}{{{value}}}\n" for name, value in classes.items())
    return own_ids(svg, salt), style


def _layer(shown_in: set[int], start: int, pieces: list[str]) -> str:
    hidden = "" if start in shown_in else ' display="none"'
    return f'<g data-in="{" ".join(map(str, sorted(shown_in)))}"{hidden}>{"".join(pieces)}</g>'
