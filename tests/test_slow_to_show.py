"""What a submission printed takes the programs that show it a time in proportion to its length."""

from __future__ import annotations

import pytest
from nbconvert.filters.ansi import ansi2html
from test_fuzzed_readers import grows_too_fast

from autograder.sanitise import clean_outputs

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
