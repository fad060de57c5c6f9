"""Formgrader colours code as long as that takes no time to speak of, and shows the rest as it is."""

from __future__ import annotations

from pathlib import Path

import nbformat
import tiny_problem_set as tiny
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from autograder.feedback.code_shown import AT_ONCE, LONGEST, SHARE, Colours
from autograder.gradebook.settings import set_options


class Slow:
    """Takes a second for each call."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, 0

    def __call__(self, source: str) -> str:
        self.now, self.calls = self.now + 1.0, self.calls + 1
        return "in colours"


def test_colours_have_their_time_and_it_comes_back() -> None:
    slow = Slow()
    colours = Colours(slow, lambda: slow.now)
    shown = [colours(f"x < {number}") for number in range(200)]
    assert slow.calls <= AT_ONCE / (1 - SHARE) + 1
    assert shown[0] == "in colours"
    assert shown[-1] == '<div class="highlight"><pre>x &lt; 199</pre></div>'
    slow.now += 60
    assert colours("x = 1") == "in colours"


def test_long_code_and_long_lines_are_plain() -> None:
    slow = Slow()
    colours = Colours(slow, lambda: slow.now)
    for source in ("a." * LONGEST, "x = 1\n" * LONGEST, "a." * 1_000):
        assert colours(source).startswith('<div class="highlight"><pre>')
    assert slow.calls == 0


def test_formgraders_exporter_shows_code_in_this_way(tmp_path: Path) -> None:
    options = set_options(Config(), tiny.course(tmp_path))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("def f(): return 1"), nbformat.v4.new_code_cell("a." * 50_000 + "<b>")]
    )
    page, _ = HTMLExporter(config=options).from_notebook_node(notebook)
    assert '<span class="k">def</span>' in page
    assert "a.a.a.&lt;b&gt;</pre>" in page
