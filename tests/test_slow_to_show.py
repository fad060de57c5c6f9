"""What a submission printed takes the programs that show it a time in proportion to its length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.ansi import ansi2html
from test_fuzzed_readers import grows_too_fast

from autograder.sanitise import as_code, clean_outputs, clean_text

COLOURS = {
    "one with many numbers": "\x1b[" + "1;" * 30,
    "numbers of many digits": "\x1b[" + "9" * 60,
    "many": "\x1b[31m",
    "without an end": "\x1b[3",
    "of all kinds": "\x1b[38;2;1;2;3m\x1b[0mx",
}


def shown(text: str) -> str:
    (stream,) = clean_outputs([{"output_type": "stream", "name": "stdout", "text": text}])
    html: str = ansi2html(stream["text"])
    return html


@pytest.mark.parametrize("how", COLOURS)
def test_colours_take_no_time_that_grows_with_the_square(how: str) -> None:
    unit = COLOURS[how]
    body = unit[2:] if how.startswith("one") else unit

    def show(length: int) -> str:
        return shown(unit + body * (length // len(body)) + "m")

    assert grows_too_fast(show, 12_500) is None


def test_a_colour_of_any_kind_stays() -> None:
    text = "\x1b[38;2;255;200;100;48;2;1;2;3;1;3;4mx\x1b[0m"
    assert clean_outputs([{"output_type": "stream", "name": "stdout", "text": text}])[0]["text"] == text


BRACKETS = ["![a", "[a", "[", "[a](files/", "![a](x", "[[a]", "src='files/", "[a\\n", "! ["]


@pytest.mark.parametrize("clean", [clean_text, as_code])
@pytest.mark.parametrize("unit", BRACKETS)
def test_links_are_looked_for_in_no_time_that_grows_with_the_square(unit: str, clean: Callable[[str], str]) -> None:
    assert grows_too_fast(lambda length: strip_files_prefix(clean(unit * (length // len(unit)))), 12_500) is None


def test_an_ordinary_line_stays_one() -> None:
    line = "See [the chapter](https://example.org) and $x_{[i]}$; " * 40
    assert clean_text(line) == line
    table = "| [a] | [b] |\n" * 2_000
    assert clean_text(table) == table
