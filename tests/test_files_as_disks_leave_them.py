"""A notebook whose file was damaged behind it, or that says a tab as it is, is read; what is no notebook is not."""

from __future__ import annotations

import json

import pytest

from gradus.notebook.files import loaded

NOTEBOOK = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "naïve = 1"}]}
TEXT = json.dumps(NOTEBOOK, ensure_ascii=False)
READ = {
    "the end of an older file behind it": f'{TEXT}"metadata": {{}}}}\n]}}',
    "itself once more": TEXT + TEXT,
    "a word behind it": f"{TEXT}\ngarbage",
    "a mark of its encoding and zeros": f"\ufeff  {TEXT}\0\0",
    "zeros, then more": f"{TEXT}\0\0}}",
}
NOT_READ = ["", "{}]", "[1] 2", "{'cells': []}", f"x = {TEXT}", TEXT[:-1], '{"cells": 3} x', "\0"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("how", READ)
def test_a_notebook_is_read_whatever_stands_behind_it(how: str, encoding: str) -> None:
    text = READ[how] if encoding == "utf-8" else READ[how].removeprefix("\ufeff")
    assert loaded(text.encode(encoding)) == NOTEBOOK


def test_a_tab_in_a_text_is_a_tab() -> None:
    assert loaded(b'{"cells": [{"source": "if x:\n\treturn 1"}]}')["cells"][0]["source"] == "if x:\n\treturn 1"


@pytest.mark.parametrize("text", NOT_READ)
def test_what_begins_with_no_notebook_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Extra data|Unterminated"):
        loaded(text.encode())
