"""What a reader's browser fetches for each page of the built site, compressed, and the largest parts of it.

`python tools/page_weights.py` lists the pages, the heaviest first. Counted are the page, its styles and its scripts,
each as gzip packs it; typefaces are the same for all, and pictures and formulas are in the pages.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOADED = re.compile(r'<script [^>]*src="([^"?]+)|<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]+)')
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
LARGEST_DRAWING = 150_000  # bytes, as they stand in the page
SHOWN = 3


@cache
def packed(path: Path) -> int:
    """Bytes of a file as a server sends it."""
    return len(gzip.compress(path.read_bytes(), 6)) if path.is_file() else 0


def loaded(page: Path) -> list[Path]:
    """The page and every style and script that it asks for."""
    found = [page]
    for script, style in LOADED.findall(page.read_text(encoding="utf-8")):
        found.append((page.parent / (script or style)).resolve())
    return found


def largest_drawing(page: Path) -> int:
    """Bytes of the largest drawing of a page; 0 without any."""
    return max((len(drawing.encode()) for drawing in DRAWING.findall(page.read_text(encoding="utf-8"))), default=0)


def weights(site: Path) -> list[tuple[int, Path, list[tuple[int, str]]]]:
    """For each page its weight, its path, and its parts with their names, the heaviest first."""
    rows = []
    for page in site.rglob("*.html"):
        if "_static" not in page.parts:
            parts = sorted(((packed(path), path.name) for path in loaded(page)), reverse=True)
            rows.append((sum(size for size, _ in parts), page.relative_to(site), parts))
    return sorted(rows, reverse=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="List what each page of the site weighs, compressed.")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    site = parser.parse_args().site.resolve()
    if not (site / "index.html").is_file():
        print(f"There is no site in {site}; run `make book`.", file=sys.stderr)
        return 1
    for weight, page, parts in weights(site):
        shown = ", ".join(f"{name} {size / 1000:.0f}" for size, name in parts[:SHOWN])
        drawing = largest_drawing(site / page) / 1000
        print(f"{weight / 1000:6.0f} KB  {page.as_posix():<62} {shown}; largest drawing, unpacked: {drawing:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
