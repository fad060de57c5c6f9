"""`gradus groups`: the groups of a class, on a terminal and as plain values."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from rich.console import Console
from rich.text import Text

from autograder.assignment.jobs import Assignment, load_assignment
from autograder.course import Course
from autograder.grading.kept_class import KeptClass, kept_class
from autograder.grouping.groups import Group, Grouped, groups_of
from gradus.errors import GradusError
from gradus.notebook.cells import kind_of, label_of
from gradus.printable import on_one_line, some_of

_MOST_NAMES = 6  # students who are named with a group


def class_groups(course: Course, problem_set: str, question: str | None = None) -> tuple[KeptClass, Grouped]:
    """What the last run kept of a class, and its groups, of one question or of all.

    Args:
        question: the name of a test cell, or of the answer cell that it marks.

    Raises:
        GradusError: there is no such problem set or question, or nothing was graded yet.
    """
    kept = kept_class(course, problem_set)
    assignment = load_assignment(course, problem_set)
    points = dict(assignment.points)
    if question is not None:
        test = _test_cell(assignment, question)
        points = {test: points[test]}
    return kept, groups_of({one.student: one.graded for one in kept.submissions}, points)


def find_group(grouped: Grouped, name: str) -> Group:
    """The group of this name.

    Raises:
        GradusError: there is none.
    """
    names = [group.name for group in grouped.groups]
    if name not in names:
        near = get_close_matches(name, names, n=3) or names[:3]
        there = f"there are {', '.join(near)}" if near else "there are none"
        raise GradusError(f"there is no group {name!r} ({there}).")
    return grouped.groups[names.index(name)]


def _test_cell(assignment: Assignment, question: str) -> str:
    waiting: list[str] = []
    for cell in assignment.source["cells"]:
        if kind_of(cell) == "answer":
            waiting.append(label_of(cell))
        elif kind_of(cell) == "test":
            if question in (label_of(cell), *waiting):
                return label_of(cell)
            waiting = []
    raise GradusError(f"{assignment.name} has no question {question!r} (there: {', '.join(assignment.points)}).")


def sentences(kept: KeptClass, grouped: Grouped) -> list[str]:
    """What of the class is not in the groups, and how it will be."""
    again = f"`gradus grade {kept.problem_set}` grades them again"
    said = []
    if grouped.without:
        said.append(
            f"{grouped.without} submissions were graded by an earlier version, which did not keep how they answered; "
            f"{again}."
        )
    if kept.missing:
        said.append(f"{len(kept.missing)} submissions have no result; {again}.")
    return said


def show(kept: KeptClass, grouped: Grouped, console: Console) -> None:
    """Print each group: its name, its size, how it differs, the known mistake, and who is in it."""
    question = ""
    for group in grouped.groups:
        if group.question != question:
            question = group.question
            console.print(Text(f"{question}"), style="bold")
        known = f"known: {group.misconception.replace('_', ' ')}" if group.misconception else "no name yet"
        if group.is_unanswered:
            known = "not begun"
        console.print(Text(f"  {group.name}  {group.size} × {group.share:.0%}  {known}"), soft_wrap=True)
        for says in group.says:
            console.print(Text(f"      {on_one_line(says)}"), soft_wrap=True)
        named = some_of(list(map(on_one_line, group.students)), _MOST_NAMES)
        console.print(Text(f"      {named}"), soft_wrap=True)
    wrong = [group for group in grouped.groups if not group.is_unanswered]
    for sentence in sentences(kept, grouped):
        console.print(Text(f"! {sentence}"), soft_wrap=True)
    unnamed = sum(not group.misconception for group in wrong)
    answers = sum(group.size for group in wrong)
    console.print(
        Text(f"{kept.problem_set}: {answers} wrong answers in {len(wrong)} groups, {unnamed} without a name."),
        soft_wrap=True,
    )


def as_dict(kept: KeptClass, grouped: Grouped) -> dict[str, Any]:
    """For `--json`."""
    return {
        "problem_set": kept.problem_set,
        "submissions": len(kept.submissions),
        "notes": sentences(kept, grouped),
        "groups": [group_as_dict(group) for group in grouped.groups],
    }


def group_as_dict(group: Group) -> dict[str, Any]:
    """One group, as JSON has it."""
    return {
        "name": group.name,
        "question": group.question,
        "size": group.size,
        "students": list(group.students),
        "says": list(group.says),
        "misconception": group.misconception,
        "share": group.share,
        "at_edge": group.at_edge,
        "begun": not group.is_unanswered,
    }
