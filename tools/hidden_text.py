"""Search what is to be published for text that students must not have: solutions, hidden tests, hints, marking guides.

    python tools/hidden_text.py _build/html _build/student _build/gradus-student.zip

It exits 1 and names each place when a folder or an archive holds a line of theirs. Sought is every line of 25
characters that stands in a solution, a hidden test or a marking guide, in a file of variants (hints, right and wrong
code) or among a solution's kept weights, unless the released notebook or a chapter has the same line for all to read.

The same line may stand there as HTML (Pygments splits code into spans, quotes become curly), as JSON or a script (line
ends are escaped) or as plain text. So both sides are reduced to letters and digits before they are compared.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment.regions import GUIDE, HIDDEN, SOLUTION, regions
from gradus.notebook.cells import kind_of
from gradus.notebook.form import Notebook, read, source_of

ROOT = Path(__file__).resolve().parent.parent
LINE = 25  # characters of a line that is sought; a shorter one (`return W, b`) is found everywhere
LETTERS = 16  # letters and digits that it has at least
WINDOW = 8  # of a text, each stretch of so many letters is looked up; half of LETTERS, so that no line slips through
MARKERS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")  # not in Python: the library reads them
COMMON = {  # in programs that everybody may read, too; the last is a prompt's formula, as the search shows it
    "def __getattr__(self, name):",
    "def __init__(self, width):",
    "r = (step - warm_up) / (num_steps - warm_up)",
}
NO_TEXT = {".png", ".jpg", ".gif", ".ico", ".woff", ".woff2", ".ttf", ".inv", ".mo", ".pyc", ".pickle"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_NAME = re.compile(r"^\*\*[^*]+\*\*:?\s*|^- `\w+`: ")
_BETWEEN = re.compile(r"→|->|(?<=[.!?]) ")


def essence(text: str) -> str:
    """The letters and digits of `text`, without anything that a page may change."""
    return re.sub(r"[\W_]+", "", text)


def hidden_in(root: Path) -> dict[str, str]:
    """What `solutions` holds and the rest of a repository does not show: lines by their essence, each with its file."""
    chapters = essence("\n".join(_texts(root / "book")))
    lines = {essence(marker): marker for marker in MARKERS}
    common = set(map(essence, COMMON))
    for folder in sorted(path for path in (root / "solutions").iterdir() if path.is_dir()):
        shown = essence("\n".join(_texts(root / "exercises" / folder.name)))
        for path in sorted(folder.rglob("*")):
            for line in map(str.strip, _hidden_lines(path)):
                reduced = essence(line)
                long_enough = len(line) >= LINE and len(reduced) >= LETTERS and reduced not in common
                if long_enough and reduced not in shown and reduced not in chapters:
                    lines.setdefault(reduced, f"{path.relative_to(root).as_posix()}: {line}")
    return lines


def _hidden_lines(path: Path) -> Iterator[str]:
    """The lines of a file under `solutions` that no student may see, and the parts of those with two sides."""
    if path.suffix == ".ipynb" and ".ipynb_checkpoints" not in path.parts:
        yield from _hidden_in_notebook(read(path))
    elif path.suffix == ".md":
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                said = _NAME.sub("", line)
                yield said
                yield from _BETWEEN.split(said)  # a hint's sentences; what a change takes away and what it puts there
    elif path.suffix == ".json":
        for text in strings(json.loads(path.read_text(encoding="utf-8"))):
            yield text[:80]  # of weights the beginning


def _hidden_in_notebook(source: Notebook) -> Iterator[str]:
    for cell in source["cells"]:
        text = source_of(cell)
        found = [region for kind in (SOLUTION, HIDDEN, GUIDE) for region in regions(text, kind)]
        if not regions(text, SOLUTION) and kind_of(cell) in ("answer", "written"):
            found.append(text)
        for region in found:
            yield from region.splitlines()


def _texts(folder: Path) -> Iterator[str]:
    """What the pages under a folder say: their cells, or their text."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb" and ".ipynb_checkpoints" not in path.parts:
            yield from (source_of(cell) for cell in read(path)["cells"])
        elif path.suffix == ".md":
            yield path.read_text(encoding="utf-8")


def found_in(place: Path, hidden: dict[str, str]) -> list[str]:
    """`file: where it comes from: line` for everything hidden that a folder or a zip archive shows."""
    windows = defaultdict(list)  # by a stretch of letters, the lines that have it, and where
    for line in hidden:
        for offset in range(WINDOW):
            windows[line[offset : offset + WINDOW]].append((line, offset))
    found = []
    for name, content in _files(place):
        told = set()
        for text in {essence(reading) for reading in readings(name, content)}:
            for start in range(0, len(text) - WINDOW + 1, WINDOW):  # a line that stands there covers one of them whole
                for line, offset in windows.get(text[start : start + WINDOW], ()):
                    if offset <= start and text.startswith(line, start - offset):
                        told.add(line)
        if name.endswith(".py"):
            told -= set(map(essence, MARKERS))
        found += [f"{name}: {hidden[line]}" for line in sorted(told)]
    return found


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder or of an archive that can hold text, by name, unpacked where they are packed."""
    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist() if not name.endswith("/")]
    else:
        paths = (path for path in sorted(place.rglob("*")) if path.is_file() and path.suffix not in NO_TEXT)
        members = ((path.relative_to(place).as_posix(), path.read_bytes()) for path in paths)  # type: ignore[assignment]
    for name, content in members:
        if Path(name).suffix == ".gz":
            yield name, gzip.decompress(content)
        elif Path(name).suffix not in NO_TEXT:
            yield name, content


def readings(name: str, content: bytes) -> Iterator[str]:
    """The ways in which a file may be read: as it is, without its markup, without its escapes."""
    text = content.decode("utf-8", "replace")
    yield text
    for unescaped in (text, _unescaped(text)):
        plain = html.unescape(unescaped)
        yield plain
        if "<" in plain:
            yield html.unescape(re.sub(r"<[^>]*>", "", unescaped))
            yield html.unescape(re.sub(r"<[^>]*>", "", plain))
    if name.endswith((".ipynb", ".json")):
        yield "".join(strings(json.loads(text)))


def _unescaped(text: str) -> str:
    """What a script or JSON means by its escapes: `\\n` is no letter, `\\u003c` is one sign."""
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)) if not found[3] else f" {found[3][1:]}", text)


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, in order, so that the lines of a cell follow each other."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for part in value for text in strings(part))
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in strings(part))


def main() -> int:
    places = [Path(name) for name in sys.argv[1:]]
    missing = [str(place) for place in places if not place.exists()]
    if not places or missing:
        print(f"{', '.join(missing) or 'nothing'}: not there to be searched.", file=sys.stderr)
        return 2
    hidden = hidden_in(ROOT)
    found = [f"{place}: {line}" for place in places for line in found_in(place, hidden)]
    for line in found:
        print(line)
    print(f"{len(hidden)} hidden lines sought, {len(found)} found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
