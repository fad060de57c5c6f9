"""The picture that is shown where somebody posts the address of a page: the book's mark and the page's title."""

from __future__ import annotations

import re
from html import unescape
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SIZE = (1200, 630)  # pixels, as those who show such cards ask for
FOLDER = "_cards"
GROUND, INK, PALE, BLUE, ORANGE = "#0b2a3d", "#ffffff", "#9fb6c4", "#3a86d4", "#e0762a"
MARGIN, WIDTH = 90, 1020


def font(points: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", name)), points)


def lines_of(text: str, drawn_with: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The words of a text in lines of at most so many pixels; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and drawn_with.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def draw_mark(draw: ImageDraw.ImageDraw, left: float, top: float, scale: float) -> None:
    """What `book/_static/logo.svg` shows: a valley with a staircase for a wall, and a ball on its way down."""
    stairs = [(4, 8), (12, 8), (12, 30), (20, 30), (20, 43), (28, 43), (28, 52), (37, 52)]
    ends = ((37, 52), (48, 54), (58, 36), (60, 10))  # of a cubic Bézier curve
    shares = [step / 200 for step in range(201)]
    weights = [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3) for t in shares]
    xs, ys = ([sum(map(mul, each, axis)) for each in weights] for axis in zip(*ends, strict=True))

    def dot(x: float, y: float, radius: float, colour: str) -> None:
        x, y, radius = left + x * scale, top + y * scale, radius * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    path = [(left + scale * x, top + scale * y) for x, y in stairs]
    draw.line(path, fill=BLUE, width=round(5.5 * scale), joint="curve")
    for x, y in zip(xs, ys, strict=True):
        dot(x, y, 2.75, BLUE)
    dot(40, 41.5, 7, ORANGE)


def card(title: str, book: str, promise: str) -> Image.Image:
    """The card of a page with this title, of a book with this name."""
    picture = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(picture)
    draw_mark(draw, MARGIN, 75, scale=2.8)
    draw.text((MARGIN + 210, 130), book, font=font(64, bold=True), fill=INK)
    sizes = {points: lines_of(title, font(points, bold=True), WIDTH) for points in (72, 60, 48, 40)}
    points, lines = next(((points, lines) for points, lines in sizes.items() if len(lines) <= 3), (40, sizes[40][:3]))
    for number, line in enumerate(lines):
        draw.text((MARGIN, 300 + 1.2 * points * number), line, font=font(points, bold=True), fill=INK)
    draw.text((MARGIN, 560), promise, font=font(30), fill=PALE)
    return picture


def add_card(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    if doctree is None or app.builder.name != "html":
        return
    title = re.sub(r"^[\d.]+\s", "", unescape(re.sub(r"<[^>]+>", "", context.get("title", ""))))
    name = f"{FOLDER}/{pagename.replace('/', '-')}.png"
    target = Path(app.outdir) / name
    target.parent.mkdir(exist_ok=True)
    card(title, app.config.html_title, app.config.gradus_promise).quantize(32).save(target, optimize=True)
    context["meta"] = (context["meta"] or {}) | {
        "og:image": app.config.html_baseurl + name,
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": title,
    }


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("html-page-context", add_card, priority=400)  # before the extension that writes the tags
    return {"parallel_read_safe": True, "parallel_write_safe": True}
