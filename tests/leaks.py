"""Find text of a solution or a hidden test in the built site, however the page shows it.

The same line may stand there as HTML (Pygments splits code into spans, quotes become curly, Markdown is rendered), as
JSON (line ends are escaped) or as plain text. So both sides are reduced to letters and digits before they are compared.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.lint import secrets
from gradus.notebook.form import read

# A line with fewer letters and digits (`return W, b`) may stand in a chapter without being a leak.
DISTINCTIVE = 24
MARKERS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
PICTURES_AND_FONTS = {".png", ".jpg", ".gif", ".ico", ".woff", ".woff2", ".ttf", ".inv", ".mo"}


def hidden_lines(solutions: Path) -> list[str]:
    """Every distinctive line of a solution, a hidden test or a marking guide in the notebooks under `solutions`."""
    lines = {line for path in sorted(solutions.rglob("*.ipynb")) for line in secrets(read(path))}
    return sorted(line for line in lines if len(essence(line)) >= DISTINCTIVE)


def essence(text: str) -> str:
    """The letters and digits of `text`, without anything that a page may change."""
    return re.sub(r"[\W_]+", "", text)


def leaks(folder: Path, hidden: list[str]) -> list[str]:
    """`file: line` for every hidden line that can be read in a file under `folder`, and for every region marker."""
    sought = {essence(line): line for line in (*hidden, *MARKERS)}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in PICTURES_AND_FONTS:
            texts = [essence(text) for text in readings(path)]
            told = [line for reduced, line in sought.items() if any(reduced in text for text in texts)]
            found += [f"{path.relative_to(folder)}: {line}" for line in told]
    return found


def readings(path: Path) -> Iterator[str]:
    """The ways in which a file may be read: as it is, without its markup, without its escapes."""
    text = path.read_text(encoding="utf-8", errors="replace")
    yield text
    if path.suffix == ".html":
        yield html.unescape(text)
        yield html.unescape(re.sub(r"<[^>]*>", "", text))
    if path.suffix in {".ipynb", ".json"}:
        yield "".join(strings(json.loads(text)))


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, in order, so that the lines of a cell follow each other."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for part in value for text in strings(part))
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in strings(part))
