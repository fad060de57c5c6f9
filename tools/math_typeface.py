"""Make the site's typeface for formulas from Latin Modern Math: `book/_static/fonts/gradus-math.woff2`.

    python tools/math_typeface.py latinmodern-math.otf    # Debian has it in `fonts-lmodern`; needs `pip install brotli`

The letters are those of Latin Modern. It holds what formulas of a course are written with, under another name, as its
licence asks, and four things are changed, so that browsers place what they draw as TeX does: the distances of indices
and exponents are those of Computer Modern, an accent's box reaches down to where accents begin, a prime has the form
that is made for its place, and no glyph has a form for small sizes. What it prints goes into `house.css`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.subset import Options, Subsetter, load_font, save_font

TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "fonts" / "gradus-math.woff2"
NAME = "Gradus Math"
HELD = """
20-7E A0 A7 AC AF B1 B4 B7 D7 F7 131 2C6-2C7 2D8-2DC 302-304 307-308 20D7 391-3A9 3B1-3C9 3D1 3D5-3D6 3F0-3F1 3F5 2016
2018-201D 2020 2026 2032-2034 2061-2064 210E 2102 210B-2113 2115 2118-211D 2124 212C 2130-2133 2135 2190-2195 2197-2198
21A6 21D0-21D4 2200 2202-2205 2207-2209 220B 220F-2213 2215-221A 221D-221E 2220 2223 2225 2227-222C 2234-2235 223C 2243
2245 2248 2260-2261 2264-2265 226A-226B 227A-227B 2282-2287 2295-2299 22A4-22A5 22C0-22C6 22EE-22F1 2308-230B 23DE-23DF
27E8-27E9 27F5-27FA 27FC 2A7D-2A7E 1D400-1D4B5 1D538-1D56B 1D670-1D6A5 1D6A8-1D755 1D7CE-1D7E1 1D7F6-1D7FF
"""
ACCENTS = (0xA8, 0xAF, 0xB4, 0x2C6, 0x2C7, 0x2D8, 0x2D9, 0x2DA, 0x2DC, 0x20D7)
PRIMES = (0x2032, 0x2033, 0x2034)
DISTANCES = {"SubscriptShiftDown": 150, "SubscriptBaselineDropMin": 0, "SuperscriptBaselineDropMax": 386}


def held(font: Any) -> list[int]:
    """The characters of `HELD` that the font has."""
    ends = [[int(end, 16) for end in part.split("-")] for part in HELD.split()]
    wanted = {code for part in ends for code in range(part[0], part[-1] + 1)}
    return sorted(wanted & set(font.getBestCmap()))


def as_range(codes: list[int]) -> str:
    """Characters as CSS names them in `unicode-range`."""
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"U+{first:04X}" if first == last else f"U+{first:04X}-{last:04X}" for first, last in runs)


def reach_down(font: Any, name: str, height: int) -> None:
    """Let the box of a glyph begin at `height`, by a line of no width: browsers lay boxes of accents on letters."""
    glyphs, outlines = font.getGlyphSet(), font["CFF "].cff.topDictIndex[0].CharStrings
    bounds, pen = BoundsPen(glyphs), T2CharStringPen(font["hmtx"][name][0], glyphs)
    glyphs[name].draw(bounds)
    glyphs[name].draw(pen)
    middle = round((bounds.bounds[0] + bounds.bounds[2]) / 2)
    pen.moveTo((middle, height))
    pen.lineTo((middle + 1, height))
    pen.closePath()
    old = outlines[name]
    outlines[name] = pen.getCharString(private=old.private, globalSubrs=old.globalSubrs)


def make(source: Path, target: Path) -> str:
    """Write the typeface; returns the range of its characters."""
    options = Options(flavor="woff2", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += ["FFTM"]
    font = load_font(str(source), options)
    codes, names, constants = held(font), dict(font.getBestCmap()), font["MATH"].table.MathConstants
    for code in ACCENTS:
        reach_down(font, names[code], constants.AccentBaseHeight.Value)
    for table in font["cmap"].tables:
        table.cmap |= {code: f"{names[code]}.st" for code in PRIMES if code in table.cmap}
    for distance, value in DISTANCES.items():
        getattr(constants, distance).Value = value
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):
            record.string = NAME.replace(" ", "") if record.nameID == 6 else NAME
    font["CFF "].cff.fontNames = [NAME.replace(" ", "")]
    save_font(font, str(target), options)
    return as_range(codes)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(make(Path(sys.argv[1]), TARGET))
