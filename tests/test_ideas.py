"""Points follow ideas: a wrong rule keeps half at most, a right one half at least; what is missing is said by name."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from answering import frames_of

from autograder.answers.settings import Settings
from autograder.judging.ideas import earned, units_of
from autograder.judging.judge import Verdict, judge
from autograder.judging.verdict_text import verdict_text
from autograder.records.execution import Limits, QuestionResult

TEST = """
from autograder.answers import answer, cases
for X in cases.matrices(n=6):
    answer(f, X, returns="both")
answer(f, cases.tensors(0, 3, n=1)[0], returns="both", edge="no rows")
for X in cases.tensors(1, 3, n=2):
    answer(f, X, returns="both", edge="one row")
for X in cases.tensors(4, 3, n=2, scale=1e4):
    answer(f, X, returns="both", group="large numbers")
"""
RIGHT = "def f(X):\n    return X.sum(dim=1) / max(X.shape[1], 1)"


def verdict(body: str, test: str = TEST, points: float = 4.0) -> Verdict:
    source = f"def f(X):\n    {body}" if body else RIGHT
    return judge(frames_of(RIGHT, test), frames_of(source, test), points)


def text(of: Verdict) -> str:
    return verdict_text(of, QuestionResult("q", [], "done"), Limits())


def settings_of(rule: int, groups: int, edges: int) -> list[Settings]:
    found = [Settings() for _ in range(rule)]
    found += [Settings(group=f"part {number}") for number in range(groups) for _ in range(2)]
    return found + [Settings(edge=f"edge {number}") for number in range(edges) for _ in range(2)]


@pytest.mark.parametrize(("rule", "groups", "edges"), list(itertools.product((1, 4), (0, 2), (0, 1, 2, 5))))
def test_a_wrong_rule_keeps_half_at_most_and_a_right_one_half_at_least(rule: int, groups: int, edges: int) -> None:
    settings = settings_of(rule, groups, edges)
    everything, units = range(len(settings)), units_of(settings)
    assert earned(settings, everything).share == 1
    assert earned(settings, []).share == 0
    shares = []
    for wrong in itertools.chain.from_iterable(itertools.combinations(units, size) for size in range(1, len(units))):
        gone = set(itertools.chain.from_iterable(wrong))
        came = earned(settings, [index for index in everything if index not in gone])
        assert came.has_rule == all(settings[index].edge for index in gone)
        assert came.share <= 0.5 or came.has_rule
        assert came.share >= 0.5 or not came.has_rule
        assert came.matched == came.asked - len(wrong)
        shares.append((gone, came.share))
    for (one, share), (other, less) in itertools.product(shares, repeat=2):
        assert share >= less or not one < other, "to have more wrong never pays"


def test_an_edge_costs_a_quarter_and_all_of_them_half() -> None:
    for edges in range(1, 8):
        settings = settings_of(3, 1, edges)
        rule = [index for index, each in enumerate(settings) if not each.edge]
        assert earned(settings, rule).share == (0.75 if edges == 1 else 0.5)
        assert earned(settings, range(len(settings) - 2)).share == 0.75


def test_the_page_says_which_idea_is_missing() -> None:
    assert verdict("").score == 4
    edge = verdict("return X.sum(dim=1) / X.shape[1] if len(X) != 1 else X.sum(dim=1)")
    assert (edge.score, edge.has_rule, edge.edges) == (3.0, True, ("one row",))
    assert "- Right but for what lies at the edge: one row." in text(edge)
    axis = verdict("return X.mean(dim=1).clamp(max=100)")
    assert (axis.has_rule, axis.parts) == (False, ("large numbers",))
    assert axis.score == 2
    assert "the rule itself" in text(axis)
    assert "- Not yet right in these cases: large numbers." in text(axis)
    assert "rule" not in text(verdict("return X.sum()"))  # nothing is right: there is no idea to tell apart


def test_changed_arguments_cost_half_and_what_else_is_wrong_counts_beside_it() -> None:
    changed = verdict("result = X.mean(dim=1); X.zero_(); return result")
    assert changed.score == 2
    assert (changed.has_rule, changed.parts) == (False, ("arguments left alone",))
    assert changed.matched < changed.asked
    said = text(changed)
    assert "right results, but changed arguments, 2 of 4 points" in said
    assert "let it work on a copy" in said
    assert "- Not yet right in these cases: arguments left alone." in said
    both = verdict("result = X.sum(dim=1) / X.shape[1] * (len(X) != 1); X.zero_(); return result")
    assert both.score == 2
    assert both.edges == ("one row",)
    wrong = verdict("X.zero_(); return X.sum(dim=1)")
    assert wrong.score == pytest.approx(4 / 9)  # "no rows", one answer of nine


def test_of_answers_that_never_came_no_rule_is_said_to_be_wrong() -> None:
    frames = frames_of(RIGHT, TEST)
    ended = judge(frames, frames[:5], 4.0)
    assert ended.score == 2
    assert "- Not all was answered, so that at most half of the points count." in text(ended)
    assert "the rule itself" not in text(ended)


def test_leaving_arguments_alone_earns_nothing() -> None:
    assert verdict("return None").score == 0


@pytest.mark.parametrize("wrong", [{"edge": ""}, {"edge": 3}, {"edge": "one row", "group": "rows"}])
def test_an_edge_has_a_name_and_no_group(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="edge="):
        Settings(**wrong)


def test_answers_beyond_those_asked_for_take_from_the_mark() -> None:
    frames = frames_of(RIGHT, TEST)
    units = units_of(settings_of(6, 1, 2))
    assert judge(frames, [*frames, frames[0]], 4.0).score == pytest.approx(4 * len(units) / (len(units) + 1))
