"""Put the theme's icons into the pages as small drawings, and leave out the script that would draw them.

The theme brings the whole of Font Awesome, a script of 1.5 MB, for some fifteen icons, and a reader on a slow line sees
none until it is there. The drawings are taken from that very script when the site is built (Font Awesome Free, its
icons under CC BY 4.0). An icon that the theme's own scripts add later, the cross of a notice, is a character:
`gradus.css` has it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCRIPT = Path("_static", "scripts", "fontawesome.js")
LOADED = re.compile(
    r"[ \t]*<!-- So that users can add custom icons -->\s*<script[^>]*/fontawesome\.js[^>]*></script>\n?"
)
ICON = re.compile(r'<(i|span) class="([^"]*\bfa[bsr]?\b[^"]*)"([^>]*)>\s*</\1>')
# A pack's icons stand before the call that adds them: `add("fas",icons),add("fa-solid",icons)`.
PACK_END = re.compile(r'\("(fa[bsr])",(\w+)\),\w+\("fa-(?:brands|solid|regular)",\2\)')
DRAWING = re.compile(r'(?:"([\w-]+)"|\b(\w+)):\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]')
PACKS = {
    "fa": "fas",
    "fas": "fas",
    "fa-solid": "fas",
    "far": "far",
    "fa-regular": "far",
    "fab": "fab",
    "fa-brands": "fab",
}
OLD_NAMES = {"fa-search": "magnifying-glass", "fa-adjust": "circle-half-stroke"}


class Drawing(NamedTuple):
    width: str
    height: str
    path: str


@cache
def drawings(script: Path) -> dict[tuple[str, str], Drawing]:
    """Every icon of Font Awesome's script by pack and name; raises ExtensionError where it has another form."""
    text = script.read_text(encoding="utf-8")
    found, start = {}, 0
    for end in PACK_END.finditer(text):
        for quoted, bare, width, height, path in DRAWING.findall(text, start, end.start()):
            found[end[1], quoted or bare] = Drawing(width, height, path)
        start = end.end()
    if ("fas", "bars") not in found or ("fab", "github") not in found:
        raise ExtensionError(f"{script.name} has another form than inline_icons.py reads: its icons are not found")
    return found


def inline(page: str, icons: dict[tuple[str, str], Drawing]) -> str:
    """A page in which each icon is a drawing, and no script is loaded for them."""

    def drawn(match: re.Match[str]) -> str:
        classes = match[2].split()
        pack = next((PACKS[name] for name in classes if name in PACKS), "fas")
        names = [OLD_NAMES.get(name, name.removeprefix("fa-")) for name in classes if name not in PACKS]
        icon = next((icons[pack, name] for name in names if (pack, name) in icons), None)
        if icon is None:
            raise ExtensionError(f"an icon that Font Awesome does not have: {match[0]}")
        others = re.sub(r'\s(?:title|aria-hidden)="[^"]*"', "", match[3])
        return (
            f'<svg class="svg-inline--fa {match[2]}"{others} viewBox="0 0 {icon.width} {icon.height}" '
            f'aria-hidden="true" focusable="false"><path fill="currentColor" d="{icon.path}"/></svg>'
        )

    return ICON.sub(drawn, LOADED.sub("", page))


def draw_icons(app: Sphinx, pages: dict[str, str]) -> None:
    script = Path(app.outdir) / SCRIPT
    icons = drawings(script)
    for name, page in pages.items():
        pages[name] = inline(page, icons)
    for unneeded in (script, script.with_name(f"{script.name}.map"), script.with_name(f"{script.name}.LICENSE.txt")):
        unneeded.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, object]:
    app.setup_extension("finished_pages")
    app.connect("pages-finished", draw_icons, priority=900)  # after the rules that look for the theme's own icons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
