"""Write the prose of the course's first four parts into one file: the text from which chapters learn words and letters.

`python tools/course_text.py` takes the Markdown cells of the chapters, without code, formulas, tables and marks, and
writes `gradus/datasets/files/course.txt.gz`. It is run by hand, and seldom: what is learnt from the text is asserted in
chapters, so a new text is a new data set.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "gradus" / "datasets" / "files" / "course.txt.gz"
PARTS = ("01-*", "02-*", "03-*", "04-*")
# In this order: what is no prose is taken out, and of what is marked the words are kept.
REPLACED = (
    (r"^```.*?^```", "", re.DOTALL | re.MULTILINE),
    (r"\$\$.*?\$\$|\$[^$]+\$", "", re.DOTALL),
    (r"^\|.*$|^:::.*$|^:\w+:.*$|^#+ ", "", re.MULTILINE),
    (r"\{\w+\}`[^`]*`|<[^>]+>", "", 0),
    (r"!?\[([^\]]*)\]\([^)]*\)", r"\1", 0),
    (r"[*`\\]", "", 0),
    (r"[^\S\n]+", " ", 0),
    (r" ?\n ?(?=\S)", " ", 0),
    (r"\s*\n\s*", "\n", 0),
)


def prose(markdown: str) -> str:
    """The words of a Markdown text, a paragraph on each line."""
    for pattern, by, flags in REPLACED:
        markdown = re.sub(pattern, by, markdown, flags=flags)
    return markdown.strip()


def main() -> int:
    chapters = sorted(path for part in PARTS for path in (ROOT / "book").glob(f"{part}/*.ipynb"))
    cells = [cell for path in chapters for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]
    text = "\n".join(filter(None, (prose(source_of(cell)) for cell in cells))) + "\n"
    FILE.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{FILE.relative_to(ROOT)}: {len(text):,} characters of {len(chapters)} chapters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
