"""Submissions to ps4 that attack the grader, after the catalogue of what students' notebooks do to graders.

One module for each family. `ATTACKS` holds them all; each says which row of the catalogue it plays, what honest
judgement of its answers gives, and what else must hold.
"""

from attacks import channels, crashes, files, leaks, marks, notebooks, pages, reach, resources, slow, spelling, state
from attacks.attack import Attack, Targets, Work

ATTACKS: tuple[Attack, ...] = (
    *(
        attack
        for family in (marks, channels, crashes, resources, leaks, reach, files, notebooks, pages, slow, state)
        for attack in vars(family).values()
        if isinstance(attack, Attack)
    ),
    *(attack for pair in spelling.PAIRS.values() for attack in pair),
)

__all__ = ["ATTACKS", "Attack", "Targets", "Work"]
