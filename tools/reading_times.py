"""Write how long a chapter is to read into the table at its head, by one rule for all.

A minute for 150 words of text, half a minute for a code cell, a minute for a displayed formula, rounded up to five
minutes; the exercises are not counted. `python tools/reading_times.py` writes what the rule says (or, for some
chapters only, with their names behind it), and a test compares.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from typing import Any

from chapter_heads import chapters, rewrite

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "| How long is it to read? | "
WORDS_A_MINUTE, CELL_MINUTES, FORMULA_MINUTES, STEP = 150, 0.5, 1.0, 5
FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
NO_TEXT = re.compile(r"\$\$.*?\$\$|^```.*?^```", re.DOTALL | re.MULTILINE)
WORD = re.compile(r"[^\W_][\w'’-]*")
ANSWER = re.compile(re.escape(QUESTION) + r"[^,|]*?(?=,| \|)")


def minutes(notebook: dict[str, Any]) -> int:
    """How long the rule says that a chapter is to read."""
    texts = [source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    texts = [text.partition("## Exercises\n")[0] for text in texts]
    words = sum(len(WORD.findall(NO_TEXT.sub("", text))) for text in texts)
    formulas = sum(len(FORMULA.findall(text)) for text in texts)
    cells = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    exact = words / WORDS_A_MINUTE + cells * CELL_MINUTES + formulas * FORMULA_MINUTES
    return STEP * math.ceil(exact / STEP)


def stated(notebook: dict[str, Any]) -> int | None:
    """The minutes in the chapter's own table; None where it does not say "About so many minutes"."""
    said = re.search(re.escape(QUESTION) + r"About (\d+) minutes\b", source_of(notebook["cells"][0]))
    return int(said[1]) if said else None


def write(path: Path) -> bool:
    """Put the rule's answer into a chapter, where it says another; whether it did."""
    notebook = read(path)
    if stated(notebook) == minutes(notebook):
        return False
    return rewrite(path, lambda head: ANSWER.sub(f"{QUESTION}About {minutes(notebook)} minutes", head, count=1))


def main() -> int:
    for path in [Path(name).resolve() for name in sys.argv[1:]] or chapters(ROOT):
        if write(path):
            print(f"{path.relative_to(ROOT)}: about {minutes(read(path))} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
