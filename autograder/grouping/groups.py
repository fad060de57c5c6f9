"""Which wrong answers of a class are the same: groups of equal behaviour, question by question."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.judging.behaviour import UNANSWERED, Behaviour, behaviour_from
from autograder.records.graded import Graded

_FINE = 9  # significant digits of a sketch: two groups differ in them
_ID = 4  # hexadecimal digits; more where two groups of a question would share them


@dataclass(frozen=True)
class Group:
    """Students whose wrong answers to one question are the same.

    `name` is how commands know it: the question's test cell and a few digits, the same as long as somebody answers so.
    `says` are sentences on how the answers differ from those that are asked for, `misconception` is the known mistake
    that they show, "" for none. `share` is what it earns of the points, in [0, 1]. `at_edge` says that only edges are
    wrong.
    """

    name: str
    question: str
    students: tuple[str, ...]
    says: tuple[str, ...]
    misconception: str
    share: float
    at_edge: bool
    behaviour: Behaviour = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.students)

    @property
    def is_unanswered(self) -> bool:
        """Whether nothing was written: there is no mistake to be named."""
        return self.behaviour.kind == UNANSWERED


@dataclass(frozen=True)
class Grouped:
    """All groups, those of a question together and the largest first. `without` counts submissions with wrong answers
    of which an earlier version kept no behaviour: the next run has it.
    """

    groups: list[Group]
    without: int

    def of(self, question: str) -> list[Group]:
        return [group for group in self.groups if group.question == question]


def groups_of(graded: Mapping[str, Graded], points: Mapping[str, float]) -> Grouped:
    """The groups of a class.

    Args:
        graded: the results by student; all with one seed, so that all were asked the same.
        points: of each question that is marked by the grader, in the order of the notebook.
    """
    groups: list[Group] = []
    without: set[str] = set()
    for question in points:
        answered: list[tuple[str, Behaviour]] = []
        for student, result in graded.items():
            verdict = result.verdicts.get(question, {})
            if not verdict.get("asked") or verdict.get("matched", 0) >= verdict["asked"]:
                continue
            found = behaviour_from(result.behaviours.get(question, {}))
            if found is None:
                without.add(student)
            else:
                answered.append((student, found))
        groups += _named(question, alike(answered), graded, points[question])
    return Grouped(groups, len(without))


def alike(answered: Iterable[tuple[str, Behaviour]]) -> list[tuple[Behaviour, list[str]]]:
    """Students by what they did: each is compared with the first of every group with the same pattern."""
    by_pattern: dict[str, list[tuple[Behaviour, list[str]]]] = {}
    for student, one in sorted(answered, key=lambda pair: (pair[1].pattern, pair[1].sketch, pair[0])):
        of_pattern = by_pattern.setdefault(one.pattern, [])
        for first, students in of_pattern:
            if one.is_like(first):
                students.append(student)
                break
        else:
            of_pattern.append((one, [student]))
    return [group for of_pattern in by_pattern.values() for group in of_pattern]


def _named(
    question: str, found: list[tuple[Behaviour, list[str]]], graded: Mapping[str, Graded], points: float
) -> list[Group]:
    names = _names([one for one, _ in found])
    groups = []
    for (one, students), name in zip(found, names, strict=True):
        known = Counter(graded[student].misconceptions.get(question, "") for student in students)
        mark = graded[students[0]].marks.get(question) or 0.0
        groups.append(
            Group(
                name=f"{question}-{name}",
                question=question,
                students=tuple(sorted(students)),
                says=one.says,
                misconception=known.most_common(1)[0][0],
                share=mark / points if points else 0.0,
                at_edge=bool(graded[students[0]].verdicts[question].get("has_rule")),
                behaviour=one,
            )
        )
    return sorted(groups, key=lambda group: (group.is_unanswered, -group.size, group.name))


def _names(behaviours: list[Behaviour]) -> list[str]:
    """A few hexadecimal digits for each, and as many as tell them apart. Rounding changes none of them, mostly."""
    precision = 2
    while True:
        digests = [_digest(one, precision) for one in behaviours]
        if len(set(digests)) == len(digests) or precision > _FINE:
            break
        precision += 1
    digits = _ID
    while len({digest[:digits] for digest in digests}) < len(set(digests)):
        digits += 1
    return [digest[:digits] for digest in digests]


def _digest(one: Behaviour, precision: int) -> str:
    return hashlib.sha256(f"{one.pattern} {[f'{number:.{precision}g}' for number in one.sketch]}".encode()).hexdigest()
