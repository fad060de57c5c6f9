"""What chapters learn words and letters from is prose, and the text of one day."""

from __future__ import annotations

import course_text as tool

from gradus.datasets import course_text


def test_the_text_is_prose_alone() -> None:
    text = course_text()
    assert len(text) > 300_000
    assert not set("`*") & set(text)
    assert "import torch" not in text


def test_code_formulas_tables_and_marks_are_taken_out_and_words_are_kept() -> None:
    markdown = "# A **head**\n\nSee [here](a.ipynb), $x$ and\n`code`:\n\n```python\nx = 1\n```\n\n$$ y $$\n"
    markdown += "\n| a | b |\n\n- one\n"
    assert tool.prose(markdown) == "A head\nSee here, and code:\n- one"
