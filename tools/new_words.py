"""Write into the head of each chapter which words of the glossary it introduces, with a link back to the glossary.

`python tools/new_words.py` takes the words from `book/appendix/glossary.md`, which says of each where it is introduced;
a test compares.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path

from chapter_heads import chapters, rewrite

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from glossary import glossary  # noqa: E402

QUESTION = "| Which words are new? | "
ABOVE = "| What do I need first? | "
LINE = re.compile(rf"^{re.escape(QUESTION)}.*\n", re.MULTILINE)


def introduced(root: Path) -> dict[Path, list[str]]:
    """The terms that each chapter introduces, as the glossary has them."""
    terms: dict[Path, list[str]] = defaultdict(list)
    for row in glossary(root):
        terms[root / "book" / row["path"]].append(row["term"])
    return {path: terms[path] for path in chapters(root)}


def with_words(head: str, terms: list[str]) -> str:
    """A chapter's first cell with the line that its terms ask for, and without one if there are none."""
    head = LINE.sub("", head)
    line = f"{QUESTION}{', '.join(terms)} (see the [Glossary](../appendix/glossary.md)) |\n" if terms else ""
    return head.replace(ABOVE, line + ABOVE, 1)


def main() -> int:
    for path, terms in introduced(ROOT).items():
        if rewrite(path, partial(with_words, terms=terms)):
            print(f"{path.relative_to(ROOT)}: {', '.join(terms) or 'no new words'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
