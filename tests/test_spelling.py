"""Every word of the course's prose is spelt as Britain spells it, or stands in the course's own list."""

from __future__ import annotations

import lint_prose
import lint_spelling
import pytest

TEXTS = list(lint_prose.passages(lint_prose.ROOT))
OWN = lint_spelling.own_words()


@pytest.fixture(scope="module")
def speller() -> lint_spelling.Speller:
    return lint_spelling.speller_of_the_course()


def test_every_word_is_spelt_as_a_dictionary_or_the_list_has_it(speller: lint_spelling.Speller) -> None:
    assert [said for passage in TEXTS for _, said in lint_spelling.misspelt(passage, speller)] == []


def test_the_list_of_words_is_sorted_and_holds_none_that_is_not_used() -> None:
    assert sorted(set(OWN)) == OWN
    assert lint_spelling.unused(OWN, TEXTS) == []
    assert lint_spelling.unused([*OWN, "xyzzy"], TEXTS) == ["xyzzy"]


@pytest.mark.parametrize(
    "word",
    ["gradeint", "wieghts", "tranining", "recieve", "functon", "behavoir", "color", "normalize", "center", "seperate"],
)
def test_a_mistake_is_found(speller: lint_spelling.Speller, word: str) -> None:
    assert speller.fault(word)
    assert speller.fault(word.capitalize())


@pytest.mark.parametrize(
    "word", ["gradient", "colour", "normalise", "Centre", "softmax", "NumPy", "SGD", "network's", "program"]
)
def test_what_is_right_is_let_pass(speller: lint_spelling.Speller, word: str) -> None:
    assert speller.fault(word) == ""
