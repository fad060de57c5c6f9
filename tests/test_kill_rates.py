"""The page on what the tests catch shows what was counted, and no build passes with a file that cannot be read."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx

from autograder.mutants.results import Counted, write_results

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = "import sys\nsys.path.insert(0, {extensions!r})\nextensions = ['myst_parser', 'kill_rates']\n"


def built(folder: Path) -> tuple[str, str]:
    """The page of a little site as text without tags, and the warnings of its build."""
    (folder / "conf.py").write_text(CONFIGURATION.format(extensions=str(ROOT / "book" / "_ext")), encoding="utf-8")
    (folder / "index.md").write_text("# Rates\n\n```{kill-rates}\n```\n", encoding="utf-8")
    warnings = io.StringIO()
    out = folder / "_build"
    Sphinx(str(folder), str(folder), str(out), str(out), "html", status=None, warning=warnings).build()
    page = (out / "index.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)), warnings.getvalue()


def keep(folder: Path, name: str, **counted: Counted) -> None:
    (folder / "solutions" / name).mkdir(parents=True)
    write_results(folder / "solutions" / name, counted)


def test_the_page_has_a_row_for_each_question_and_one_for_all(tmp_path: Path) -> None:
    keep(tmp_path, "ps1", mean=Counted("a", 8, 8, 20, 20, 3), median=Counted("b", 5, 4, 35, 35, 0, ("one",)))
    keep(tmp_path, "ps2", mode=Counted("c", 10, 10, 990, 990, 1))
    page, warnings = built(tmp_path)
    assert warnings == ""
    assert "Set Question Misconceptions Mutants Equivalent Caught ps1 mean 8 / 8 20 / 20 3 100 %" in page
    assert "ps1 median 4 / 5 35 / 35 0 97.5 % ps2 mode 10 / 10 990 / 990 1 100 %" in page
    assert "all 3 questions 22 / 23 1045 / 1045 4 99.9 %" in page


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"mean": {"mutants": 3}})])
def test_a_file_that_cannot_be_read_is_a_warning(text: str, tmp_path: Path) -> None:
    keep(tmp_path, "ps1")
    (tmp_path / "solutions" / "ps1" / "mutants.json").write_text(text, encoding="utf-8")
    _, warnings = built(tmp_path)
    assert "mutants.json cannot be read" in warnings
    assert "run `gradus mutants ps1`" in warnings
