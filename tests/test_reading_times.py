"""How long a chapter is to read follows from a rule, and how long it runs was measured; its head says both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import reading_times
import running_times
from reading_times import STEP, minutes, stated

from gradus.notebook.form import read, source_of

CHAPTERS = reading_times.chapters(Path(__file__).resolve().parent.parent)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_head_of_a_chapter_says_what_the_rule_says(path: Path) -> None:
    notebook = read(path)
    said, ruled = stated(notebook), minutes(notebook)
    assert said is not None, "the head says no minutes: run tools/reading_times.py"
    assert abs(said - ruled) <= STEP, f"{ruled} minutes: run tools/reading_times.py"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_head_of_a_chapter_says_how_long_it_ran_when_it_was_measured(path: Path) -> None:
    said, seconds = running_times.stated(path), running_times.measured(running_times.ROOT).get(path)
    assert said is not None
    if seconds is not None:
        assert seconds / 2 - 3 <= said <= 2 * seconds + 3, f"{seconds} s: run tools/running_times.py"


def test_measured_seconds_are_put_into_the_head_and_the_rest_of_the_line_stays(tmp_path: Path) -> None:
    head = "# A\n\n| Question | Answer |\n|---|---|\n| How long does it run? | About 9 s, 3 s of it training |"
    cell = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": head}
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}), encoding="utf-8")
    assert running_times.write(path, 12)
    assert not running_times.write(path, 12)
    assert running_times.stated(path) == 12
    assert "About 12 s, 3 s of it training |" in source_of(read(path)["cells"][0])


def _chapter(*cells: tuple[str, str]) -> dict:
    return {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}


def test_words_cells_and_formulas_count_and_exercises_do_not() -> None:
    assert minutes(_chapter(("markdown", "word " * 750))) == 5
    assert minutes(_chapter(("markdown", "word " * 751))) == 10
    assert minutes(_chapter(*[("code", "1")] * 11)) == 10
    assert minutes(_chapter(("markdown", "$$\na\n$$\n" * 6))) == 10
    assert minutes(_chapter(("markdown", "word " * 100 + "\n## Exercises\n" + "word " * 5000))) == 5
    assert minutes(_chapter(("markdown", "```python\n" + "word " * 5000 + "\n```"))) == 0
