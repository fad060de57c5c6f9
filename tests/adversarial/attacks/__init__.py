"""Submissions to ps4 that attack the grader, after the catalogue of what students' notebooks do to graders.

One module for each family. `ATTACKS` holds them all; each says which row of the catalogue it plays, what honest
judgement of its answers gives, and what else must hold.
"""

from attacks import channels, crashes, files, leaks, marks, notebooks, pages, reach, resources, slow, state
from attacks.attack import Attack, Targets, Work

ATTACKS: tuple[Attack, ...] = tuple(
    attack
    for family in (marks, channels, crashes, resources, leaks, reach, files, notebooks, pages, slow, state)
    for attack in vars(family).values()
    if isinstance(attack, Attack)
)

__all__ = ["ATTACKS", "Attack", "Targets", "Work"]
