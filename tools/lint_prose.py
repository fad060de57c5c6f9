"""Hold the prose of the course to the house style in `tools/prose.toml`; exit 1 when a rule of it is broken.

Read are the chapters and problem sets, the appendix, the hints of known mistakes, and the Markdown files at the top;
not code, formulas, links and other people's titles.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tools" / "prose.toml"
PATTERNS = ("book/**/*.ipynb", "book/**/*.md", "solutions/*/*.ipynb", "solutions/*/variants/*.md", "*.md")
# What is no prose, in this order. It is made unreadable, so that lines and columns stay as they are.
NO_PROSE = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"^ *(`{3,}).*?^ *\1", re.DOTALL | re.MULTILINE),
        (r"(`+)[^`].*?\1", re.DOTALL),
        (r"\{\w[\w:-]*\}", 0),
        (r"\$\$.*?\$\$", re.DOTALL),
        (r"(?<![\\$])\$(?!\s)[^$]+?\$", re.DOTALL),
        (r"\]\([^)]*\)", 0),
        (r"<[^>]*>", 0),
        (r"https?://\S+", 0),
        (r"^:::.*$|^ *:[\w-]+:.*$|^\|?[-| :]+\|?$", re.MULTILINE),
        (r"^#{1,6} \w*_\w*.*$|^\*\*[^*]+\*\*(?=:?\s)", re.MULTILINE),
    )
)
TITLE_OF_A_WORK = re.compile(r"(?<!\*)\*[^*]+\*(?!\*)(?=[^*]{0,80}\{cite\})", re.DOTALL)


@dataclass(frozen=True)
class Passage:
    """A text with the place where it begins: a cell of a notebook or a whole file."""

    where: str
    text: str
    first_line: int = 1

    def at(self, position: int) -> str:
        return f"{self.where}:{self.first_line + self.text.count(chr(10), 0, position)}"


@dataclass(frozen=True)
class Rule:
    """What is not written here, and what is said to who writes it."""

    pattern: re.Pattern[str]
    cure: str


def without_code(markdown: str) -> str:
    """The prose of a Markdown text: all else is made unreadable, and stays as long as it was."""
    for pattern in (TITLE_OF_A_WORK, *NO_PROSE):
        markdown = pattern.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), markdown)
    return markdown


def passages(root: Path) -> Iterator[Passage]:
    for path in sorted({path for pattern in PATTERNS for path in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        if ".ipynb_checkpoints" in name:
            continue
        if path.suffix == ".md":
            yield Passage(name, without_code(path.read_text(encoding="utf-8")))
        else:
            cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]
            yield from (Passage(f"{name}, cell {cell['id']}", without_code(source_of(cell))) for cell in cells)


def pattern_of(words: str) -> re.Pattern[str]:
    """What finds words in either case, and also where a line breaks between them."""
    spaced = words.replace(" ", r"\s+")
    end = r"\b" if words[-1] not in ",." else ""
    return re.compile(rf"\b(?:{spaced}){end}", re.IGNORECASE)


def rules(path: Path = RULES) -> list[Rule]:
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    words = [Rule(pattern_of(word), cure) for word, cure in written["words"].items()]
    forms = [Rule(re.compile(form["pattern"], re.IGNORECASE), form["cure"]) for form in written["forms"]]
    return words + forms


def broken_rules(passage: Passage, all_rules: Iterable[Rule]) -> Iterator[str]:
    for rule in all_rules:
        for match in rule.pattern.finditer(passage.text):
            yield f"{passage.at(match.start())}: {' '.join(match[0].split())!r}: {rule.cure}"


def main() -> int:
    texts, all_rules = list(passages(ROOT)), rules()
    found = [said for passage in texts for said in broken_rules(passage, all_rules)]
    print(*found, sep="\n", end="\n" if found else "")
    if not found:
        print(f"The prose is written as the house writes: {len(texts):,} passages.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
