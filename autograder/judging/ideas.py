"""How a question's points follow from its answers: what the rule is worth, and what each edge of it.

The *rule* is what is asked of ordinary inputs; an *edge* is named by its test: no rows, one class, ties, another dtype.
Whoever has the rule right loses a quarter of the points for each edge that is wrong, and half of them at most. Whoever
has it wrong earns by the share of answers that are right, half of the points at most. Leaving the arguments alone,
where that is asked, is a part of the rule that earns nothing by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from autograder.answers.settings import Settings

RULE_IS_WORTH = 0.5  # of the points: a right one keeps as much at least, a wrong one at most
EDGE_COSTS = 0.25
ARGUMENTS = "arguments left alone"

Unit = tuple[int, ...]


@dataclass(frozen=True)
class Ideas:
    """The ideas of one question, each with the units, indices of answers that earn together, that it is shown by."""

    rule: dict[Unit, str | None]  # with the name of the group
    edges: dict[str, Unit]


@dataclass(frozen=True)
class Earned:
    """What right answers earn: a `share` of the points; whether the rule is right; which parts of it and edges not."""

    share: float
    matched: int
    asked: int
    has_rule: bool
    parts: tuple[str, ...]
    edges: tuple[str, ...]


def ideas_of(settings: Sequence[Settings]) -> Ideas:
    """The ideas that the settings of a question's answers tell of."""
    rule: dict[object, list[int]] = {}
    edges: dict[str, list[int]] = {}
    for index, each in enumerate(settings):
        if each.edge is not None:
            edges.setdefault(each.edge, []).append(index)
        else:
            rule.setdefault(index if each.group is None else each.group, []).append(index)
    return Ideas(
        {tuple(unit): name if isinstance(name, str) else None for name, unit in rule.items()},
        {name: tuple(unit) for name, unit in edges.items()},
    )


def units_of(settings: Sequence[Settings]) -> list[list[int]]:
    """The answers that earn together, as indices: each group and each edge is one unit, and each answer without."""
    ideas = ideas_of(settings)
    return sorted(map(list, (*ideas.rule, *ideas.edges.values())))


def earned(
    settings: Sequence[Settings], right: Collection[int], changed: Collection[int] = (), surplus: int = 0
) -> Earned:
    """What answers earn together.

    Args:
        settings: of all that were asked for.
        right: which are right, by index.
        changed: which are right but for arguments that are no longer as they were. `matched` does not count them.
        surplus: how many answers came that were not asked for; they take from the share.
    """
    ideas, right = ideas_of(settings), set(right)
    matched = sum(right.issuperset(unit) for unit in (*ideas.rule, *ideas.edges.values()))
    right.update(changed)
    known = [unit for unit in ideas.rule if right.issuperset(unit)]
    edges = [name for name, unit in ideas.edges.items() if right.issuperset(unit)]
    has_rule = len(known) == len(ideas.rule) and not changed
    asked = len(ideas.rule) + len(ideas.edges)
    if has_rule:
        share = max(1 - (len(ideas.edges) - len(edges)) * EDGE_COSTS, RULE_IS_WORTH)
    else:
        share = min((len(known) + len(edges)) / asked, RULE_IS_WORTH)
    return Earned(
        share * asked / max(asked, asked + surplus),
        matched,
        asked,
        has_rule,
        (*(name for unit, name in ideas.rule.items() if name and unit not in known), *[ARGUMENTS] * bool(changed)),
        tuple(name for name in ideas.edges if name not in edges),
    )
