"""The course's own prose, as a text to learn words and letters from."""

from __future__ import annotations

import gzip
from pathlib import Path

_FILE = Path(__file__).parent / "files" / "course.txt.gz"


def course_text() -> str:
    """What the chapters of the first four parts say, without code and formulas, a paragraph on each line.

    It is the text of one day, which `tools/course_text.py` has written, so that what is learnt from it stays the same
    when a sentence of the course changes.
    """
    return gzip.decompress(_FILE.read_bytes()).decode()
