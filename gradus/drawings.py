"""Many drawings in one: what frames share is kept once, what differs is kept for its frames, and all of it short.

matplotlib writes 10 to 20 KB for a plot, most of it axes, ticks and lettering that the next frame has too.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from html import escape, unescape

NUMBER = re.compile(r"-?\d+\.\d+")
# What is referred to, and not drawn where it stands.
APART = {"defs", "clipPath", "marker", "pattern", "mask", "linearGradient", "radialGradient", "symbol"}
UNDRAWN = {"metadata", "title", "desc", "style"}
# matplotlib names a dozen families in each piece of text; the figure names them once.
HOUSE_FONT = "font-family: 'DejaVu Sans',"


@dataclass(frozen=True)
class Drawing:
    """One frame: its size, what it refers to, and what it draws, in order; each a piece of SVG."""

    view_box: str
    width: str
    height: str
    defs: list[str]
    pieces: list[str]


@dataclass
class Slot:
    """A piece and the numbers of the frames that show it."""

    piece: str
    frames: set[int] = field(default_factory=set)


def read_drawing(svg: str) -> Drawing:
    """Take an SVG document apart, its numbers rounded to a tenth; raises ValueError if it is none."""
    try:
        root = ElementTree.fromstring(svg[svg.index("<svg") :])
    except (ValueError, ElementTree.ParseError) as error:
        raise ValueError(
            f"the picture of a frame is neither a matplotlib figure nor an SVG drawing: {error}"
        ) from error
    view_box = root.get("viewBox")
    if view_box is None:
        raise ValueError("the SVG drawing of a frame needs a viewBox")
    referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    for element in root.iter():
        if element.get("id") not in referred:
            element.attrib.pop("id", None)
    defs: dict[str, None] = {}
    pieces: list[str] = []
    _take_apart(root, defs, pieces)
    _, _, width, height = view_box.split()
    return Drawing(view_box, root.get("width", width), root.get("height", height), list(defs), pieces)


def _take_apart(parent: ElementTree.Element, defs: dict[str, None], pieces: list[str]) -> None:
    """Sort what is in `parent` into `defs` and `pieces`; a group that says nothing is replaced by what is in it."""
    for child in parent:
        name = _local(child.tag)
        if name in APART:
            inside = child if name == "defs" else [child]
            defs.update(dict.fromkeys(_written(part) for part in inside if _local(part.tag) not in UNDRAWN))
        elif name == "g" and not child.attrib:
            _take_apart(child, defs, pieces)
        elif name not in UNDRAWN and child.get("style") != "fill: none":
            pieces.append(_written(child))


def _local(name: str) -> str:
    """A name without its name space."""
    return name.rpartition("}")[2]


def _written(element: ElementTree.Element) -> str:
    """An element as text, without name spaces and without decimals that nobody sees."""
    name = _local(element.tag)
    attributes = [(_local(key), value) for key, value in element.attrib.items()]
    opening = "".join([f"<{name}", *(f' {key}="{escape(_short(key, value))}"' for key, value in attributes)])
    inside = _words(element.text) + "".join(_written(child) + _words(child.tail) for child in element)
    return f"{opening}>{inside}</{name}>" if inside else f"{opening}/>"


def _words(text: str | None) -> str:
    """Text as it is, without the line ends and indents between elements."""
    return "" if not text or ("\n" in text and not text.strip()) else escape(text, quote=False)


def _short(key: str, value: str) -> str:
    """The value of an attribute, shorter; black ink becomes the page's own."""
    if key == "d":
        return _short_path(value)
    if key in ("x", "y", "width", "height", "points") or (key == "transform" and not re.search("scale|matrix", value)):
        return NUMBER.sub(lambda number: _tenths(round(10 * float(number[0]))), value)
    value = value.replace("#000000", "currentColor")
    if key == "style":
        declarations = (part.strip() for part in value.split(";"))
        return ";".join(part.replace(": ", ":") for part in declarations if part and not part.startswith(HOUSE_FONT))
    return value


def _short_path(path: str) -> str:
    """A path of straight lines in relative steps, which take half the room; any other without spaces."""
    words = path.split()
    if not all(re.fullmatch(r"[MLz]|-?[\d.]+(e-?\d+)?", word) for word in words):
        short = NUMBER.sub(lambda number: _tenths(round(10 * float(number[0]))), " ".join(words))
        return re.sub(r" ?([A-Za-z]) ?", r"\1", short)
    # In tenths, as whole numbers: rounding must not add up along a line.
    written, previous, x, y = "", "", 0, 0
    at = iter(words)
    for command in at:
        if command == "z":
            written += "z"
        else:
            to_x, to_y = round(10 * float(next(at))), round(10 * float(next(at)))
            if command == "M":
                written += f"M{_tenths(to_x)} {_tenths(to_y)}"
            elif (to_x, to_y) != (x, y) or previous == "M":
                step = f"{_tenths(to_x - x)} {_tenths(to_y - y)}".replace(" -", "-")
                separator = "l" if previous == "M" else "" if step.startswith("-") else " "
                written += separator + step
            else:
                continue
            x, y = to_x, to_y
        previous = command
    return written


def _tenths(value: int) -> str:
    """A number of tenths as SVG may write it: 5 → `.5`, -120 → `-12`."""
    text = f"{value / 10:g}"
    return text.replace("0.", ".") if abs(value) < 10 else text


def merged(drawings: list[Drawing]) -> list[Slot]:
    """All pieces in one order that is right for each; frame `i` consists of the slots whose `frames` hold `i`."""
    slots: list[Slot] = []
    for number, drawing in enumerate(drawings):
        known, mine = [slot.piece for slot in slots], drawing.pieces
        joined: list[Slot] = []
        for kind, a, b, c, d in SequenceMatcher(None, known, mine, autojunk=False).get_opcodes():
            joined += slots[a:b]
            if kind == "equal":
                for slot in slots[a:b]:
                    slot.frames.add(number)
            else:
                joined += [Slot(piece, {number}) for piece in mine[c:d]]
        slots = joined
    return slots


def with_classes(svg: str) -> tuple[str, dict[str, str]]:
    """Give the styles that occur more than once a name; return the drawing, and the style of each class."""
    counts = Counter(re.findall(r' style="([^"]+)"', svg))
    names = {style: f"k{i}" for i, (style, count) in enumerate(counts.most_common()) if count > 1}

    def named(match: re.Match[str]) -> str:
        return f' class="{names[match[1]]}"' if match[1] in names else match[0]

    return re.sub(r' style="([^"]+)"', named, svg), {name: unescape(style) for style, name in names.items()}
