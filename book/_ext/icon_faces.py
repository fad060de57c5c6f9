"""The typefaces of Font Awesome with nothing but the icons that a style sheet draws with.

The theme's own icons are drawings in the pages (`inline_icons.py`), but its boxes and arrows have theirs from style
sheets, some twenty out of the two thousand that a browser would fetch.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

WHOLE = "vendor/fontawesome/webfonts"
FACE = re.compile(rf"(@font-face\{{[^}}]*?src:)url\({WHOLE}/([\w-]+)\.woff2\)[^}}]*\}}")
ICON = re.compile(r"\\(f[0-9a-f]{3})\b|([\ue000-\uf8ff])", re.IGNORECASE)


def with_used_icons(sheet: str, static: Path) -> str:
    """The sheet with typefaces of the icons that it names, which are written into `fonts/`; the whole ones go."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of each step
    icons = {int(escaped, 16) if escaped else ord(bare) for escaped, bare in ICON.findall(sheet)}

    def smaller(face: re.Match[str]) -> str:
        name = f"fonts/{face[2]}.woff"
        options = Options(flavor="woff", ignore_missing_unicodes=True, notdef_outline=False)
        font = load_font(str(static / WHOLE / f"{face[2]}.ttf"), options)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=icons)
        subsetter.subset(font)
        save_font(font, str(static / name), options)
        return f'{face[1]}url({name}) format("woff")}}'

    sheet = FACE.sub(smaller, sheet)
    if WHOLE not in sheet:
        for whole in (static / WHOLE).glob("fa-*"):
            whole.unlink()
    return sheet
