"""How long a chapter is to read follows from a rule, and how long it runs was measured; its head says both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import reading_times
import running_times
from chapter_heads import chapters, head_of, rewrite
from reading_times import STEP, minutes, stated

from gradus.notebook.form import canonical_text, read

CHAPTERS = chapters(Path(__file__).resolve().parent.parent)


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


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    """A chapter whose head has outputs of an editor beside it, which the committed form has not."""
    head = "# A\n\n| Question | Answer |\n|---|---|\n| How long is it to read? | About 45 minutes, pencil in hand |\n"
    head += "| How long does it run? | About 9 s, 3 s of it training |"
    cell = {"cell_type": "markdown", "id": "title", "metadata": {"collapsed": True}, "source": head}
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}), encoding="utf-8")
    return path


def test_measured_seconds_are_put_into_the_head_and_the_rest_of_the_line_stays(chapter: Path) -> None:
    assert running_times.write(chapter, 12)
    assert not running_times.write(chapter, 12)
    assert running_times.stated(chapter) == 12
    assert "About 12 s, 3 s of it training |" in head_of(chapter)


def test_the_minutes_of_the_rule_are_put_into_the_head_and_the_rest_of_the_line_stays(chapter: Path) -> None:
    assert reading_times.write(chapter)
    assert not reading_times.write(chapter)
    assert "| About 5 minutes, pencil in hand |" in head_of(chapter)


def test_a_head_is_written_in_the_committed_form_and_only_where_it_changes(chapter: Path) -> None:
    before = chapter.read_bytes()
    assert not rewrite(chapter, lambda head: head)
    assert chapter.read_bytes() == before
    assert rewrite(chapter, lambda head: head.replace("# A", "# B"))
    assert head_of(chapter).startswith("# B\n")
    assert chapter.read_text(encoding="utf-8") == canonical_text(read(chapter))


def _chapter(*cells: tuple[str, str]) -> dict:
    return {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}


def test_words_cells_and_formulas_count_and_exercises_do_not() -> None:
    assert minutes(_chapter(("markdown", "word " * 750))) == 5
    assert minutes(_chapter(("markdown", "word " * 751))) == 10
    assert minutes(_chapter(*[("code", "1")] * 11)) == 10
    assert minutes(_chapter(("markdown", "$$\na\n$$\n" * 6))) == 10
    assert minutes(_chapter(("markdown", "word " * 100 + "\n## Exercises\n" + "word " * 5000))) == 5
    assert minutes(_chapter(("markdown", "```python\n" + "word " * 5000 + "\n```"))) == 0
