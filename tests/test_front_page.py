"""The front page shows code that a chapter runs."""

from __future__ import annotations

import re
from pathlib import Path

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent


def test_the_snippet_of_the_front_page_is_a_cell_that_is_run() -> None:
    page = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    shown = [line for line in snippet.splitlines() if line and line != "import torch"]
    chapter = read(ROOT / "book" / "01-preliminaries" / "01-how-to-use-this-course.ipynb")
    run = [source_of(cell).splitlines() for cell in chapter["cells"] if cell["cell_type"] == "code"]
    assert any(is_part(shown, lines) for lines in run)


def is_part(shown: list[str], lines: list[str]) -> bool:
    """Whether all lines of `shown` stand in `lines`, in this order, comments aside."""
    code = iter(line.partition("  #")[0].rstrip() for line in lines)
    return all(line.partition("  #")[0].rstrip() in code for line in shown)
