"""The prose of the course is written as the house writes."""

from __future__ import annotations

import re

import lint_prose
import pytest

TEXTS = list(lint_prose.passages(lint_prose.ROOT))
RULES = lint_prose.rules()


def broken(text: str) -> list[str]:
    passage = lint_prose.Passage("a.md", lint_prose.without_code(text))
    return [said.partition(": ")[2] for said in lint_prose.broken_rules(passage, RULES)]


def test_chapters_sets_hints_and_the_files_at_the_top_are_read() -> None:
    names = " ".join(passage.where for passage in TEXTS)
    for name in (
        "02-tensors.ipynb, cell",
        "solutions/ps4/ps4.ipynb",
        "variants/softmax.md",
        "glossary.md",
        "README.md",
    ):
        assert name in names
    assert len(TEXTS) > 1000


def test_no_rule_of_the_house_is_broken() -> None:
    assert [said for passage in TEXTS for said in lint_prose.broken_rules(passage, RULES)] == []


@pytest.mark.parametrize(
    "text",
    [
        "You simply add them.", "Obviously, it is.", "We utilise it.", "in order\nto learn", "the\nthe loss",
        "The the loss.", "It doesn't.", "It's here.", "and so on...", "“quoted”", "so -- or not",
        "one.  Two.", "No!!",
        "red and/or blue", "e.g. this", "Of course it does.",
    ],
)  # fmt: skip
def test_what_the_house_does_not_write_is_found(text: str) -> None:
    assert broken(text) != []


@pytest.mark.parametrize(
    "text",
    [
        "`simply` and `e.g.`", "$a a$", "```\nthe the...\n```", "[here](simply.md)", "<b class='simply'>",
        "*The The* {cite}`doe`", "The loss.\n\nLoss again", "students' marks", "1 … n", "a well-known fact",
        "It must be simple.",
    ],
)  # fmt: skip
def test_code_links_and_plain_sentences_are_let_pass(text: str) -> None:
    assert broken(text) == []


def test_a_finding_names_the_line() -> None:
    passage = lint_prose.Passage("a.md", "One.\n\nYou simply add.")
    assert next(lint_prose.broken_rules(passage, RULES)).startswith("a.md:3: 'simply'")


def test_every_rule_has_a_cure_and_does_not_match_nothing() -> None:
    assert all(rule.cure and not re.search(rule.pattern, "") for rule in RULES)
