"""How long a chapter is to read follows from its words, cells and formulas, and its head says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import reading_times
from reading_times import STEP, minutes, stated

from gradus.notebook.form import read

CHAPTERS = reading_times.chapters(Path(__file__).resolve().parent.parent)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_head_of_a_chapter_says_what_the_rule_says(path: Path) -> None:
    notebook = read(path)
    said, ruled = stated(notebook), minutes(notebook)
    assert said is not None, "the head says no minutes: run tools/reading_times.py"
    assert abs(said - ruled) <= STEP, f"{ruled} minutes: run tools/reading_times.py"


def _chapter(*cells: tuple[str, str]) -> dict:
    return {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}


def test_words_cells_and_formulas_count_and_exercises_do_not() -> None:
    assert minutes(_chapter(("markdown", "word " * 750))) == 5
    assert minutes(_chapter(("markdown", "word " * 751))) == 10
    assert minutes(_chapter(*[("code", "1")] * 11)) == 10
    assert minutes(_chapter(("markdown", "$$\na\n$$\n" * 6))) == 10
    assert minutes(_chapter(("markdown", "word " * 100 + "\n## Exercises\n" + "word " * 5000))) == 5
    assert minutes(_chapter(("markdown", "```python\n" + "word " * 5000 + "\n```"))) == 0
