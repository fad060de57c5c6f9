"""A group of wrong answers becomes a misconception: written beside the others, tried, and kept if it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.jobs import source_job
from autograder.assignment.source import read_source
from autograder.course import Course
from autograder.engine.pool import Sandbox
from autograder.files.writing import write_whole
from autograder.grading.kept_class import KeptClass
from autograder.grouping.anonymous import anonymous, handed_out_to_all, own_strings
from autograder.grouping.groups import Group
from autograder.judging.behaviour import behaviour
from autograder.judging.judge import judge
from autograder.misconceptions.jobs import Run, only, streams_of, test_of
from autograder.misconceptions.kill_matrix import kill_matrix
from autograder.misconceptions.pages import AT_AN_EDGE, WRONG, read_page
from autograder.misconceptions.variants import FOLDER, Variant
from autograder.records.execution import Job, Limits
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, read

_LIMITS = Limits(question_seconds=20.0)
_MOST_TRIED = 5  # students of a group, those with the shortest code
_WORDS_OF_A_NAME = 5


@dataclass(frozen=True)
class Named:
    """What was written: where, under which name, and the student's own strings that the code cannot do without."""

    path: Path
    name: str
    code: str
    strings: list[str]


def name_group(course: Course, kept: KeptClass, group: Group, hint: str, name: str = "", sandbox: bool = True) -> Named:
    """Write a group into `solutions/PS/variants/QUESTION.md`, once an answer of it was found to do what the group did.

    Args:
        hint: what its students will be told.
        name: of the mistake; "" makes one of the hint's first words.
        sandbox: run the code in one, as that of all students.

    Raises:
        GradusError: there is no mistake to be named, no answer shows it by itself, or the entry fails the checks of
            `gradus variants`. The file is as it was then.
    """
    hint = " ".join(hint.split())
    _require_hint(group, hint)
    folder = course.source_notebook(kept.problem_set).parent
    notebook = read_source(course.source_notebook(kept.problem_set))
    released = read(course.released_notebook(kept.problem_set))
    seed = kept.submissions[0].graded.seed
    engine = Sandbox(_LIMITS, sandbox)

    def run(job: Job) -> dict[str, list[bytes]]:
        return {question.name: question.frames for question in engine.run(job).questions}

    try:
        example = _example(kept, group, notebook, released, run, seed)
        path = folder / FOLDER / f"{example.question}.md"
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        its_name = _free_name(name or _name_from(hint), path)
        section = AT_AN_EDGE if group.at_edge else WRONG
        text = _with_entry(before or f"# {example.question}\n", section, f"**{its_name}**: {hint}", example.source)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, text.encode())
        try:
            _require_told_apart(folder, example.question, its_name, run, seed)
        except BaseException:
            _put_back(path, before)
            raise
    finally:
        engine.close()
    return Named(path, its_name, example.source, own_strings(example.source, handed_out_to_all(notebook, released)))


def _require_hint(group: Group, hint: str) -> None:
    if group.is_unanswered:
        raise GradusError(f"{group.name} are answers that were not begun: there is no mistake to be named.")
    if group.misconception:
        known = group.misconception.replace("_", " ")
        raise GradusError(f"{group.name} is the known mistake {known!r}; change its hint in its file.")
    if not hint or hint.startswith(("#", "```", "- ", "> ")):
        raise GradusError('write the hint as a sentence for the students, as in "Each row should sum to one."')


def _example(kept: KeptClass, group: Group, notebook: Notebook, released: Notebook, run: Run, seed: int) -> Variant:
    """The shortest answer of the group that does by itself, in the solution's notebook, what the group did."""
    tests = test_of(notebook)
    cells = [question for question, test in tests.items() if test == group.question]
    handed_out = handed_out_to_all(notebook, released)
    candidates = [
        Variant(question, f"{number}", source)
        for question in cells
        for number, source in enumerate(_programs(kept, group.students, question, handed_out))
    ]
    if not candidates:
        raise GradusError(
            f"{group.name}: no answer of it can be read as Python that defines what is asked for; write the entry by "
            "hand."
        )
    expected = run(only(source_job(notebook, seed), {group.question}))[group.question]
    for variant, stream in streams_of(notebook, candidates, run, seed).items():
        verdict = judge(expected, stream, 1.0)
        did = behaviour(verdict, expected, stream, state="done")
        if did.is_like(group.behaviour):
            return variant
    raise GradusError(
        f"{group.name}: no answer of it does the same in the solution's notebook, without what else its student wrote; "
        "write the entry by hand."
    )


def _programs(kept: KeptClass, students: Sequence[str], question: str, handed_out: Collection[str]) -> Iterator[str]:
    """What students of a group wrote, without its author; first as little of theirs as may be."""
    sources = {one.code.get(question, "") for one in kept.submissions if one.student in students}
    shortest = sorted(sources, key=lambda source: (len(source), source))[:_MOST_TRIED]
    for keep_own in (False, True):
        programs = (anonymous(source, question, handed_out, keep_own) for source in shortest)
        yield from dict.fromkeys(program for program in programs if program is not None)


def _name_from(hint: str) -> str:
    words = re.findall(r"\w+", re.sub(r"`[^`]*`", "", hint).lower())
    return " ".join(words[:_WORDS_OF_A_NAME]) or "without a name"


def _free_name(name: str, path: Path) -> str:
    """The name, with a number where the file has it already."""
    name = " ".join(re.findall(r"[^\W_]+", name)) or "without a name"
    taken = {entry.name for entry in read_page(path).entries} if path.is_file() else set()
    free, number = name, 2
    while free.replace(" ", "_") in taken:
        free, number = f"{name} {number}", number + 1
    return free


def _with_entry(page: str, section: str, head: str, code: str) -> str:
    """The page with an entry at the end of a section, which is made where it is not there."""
    entry = f"{head}\n```python\n{code}\n```\n"
    lines = page.rstrip("\n").split("\n")
    headings = [number for number, line in enumerate(lines) if line.startswith("## ") and not _in_fence(lines, number)]
    at = next((number for number in headings if lines[number].strip() == f"## {section}"), None)
    if at is None:  # behind the sections that come before it
        later = [number for number in headings if lines[number].strip() in _LATER[section]]
        end, entry = min(later, default=len(lines)), f"## {section}\n\n{entry}"
    else:
        end = min((number for number in headings if number > at), default=len(lines))
    before, after = "\n".join(lines[:end]).rstrip("\n"), "\n".join(lines[end:])
    return f"{before}\n\n{entry}" + (f"\n{after}\n" if after else "")


_LATER = {WRONG: ("## Wrong at an edge", "## Equivalent"), AT_AN_EDGE: ("## Equivalent",)}


def _in_fence(lines: list[str], number: int) -> bool:
    return sum(line.startswith("```") for line in lines[:number]) % 2 == 1


def _put_back(path: Path, before: str) -> None:
    if before:
        write_whole(path, before.encode())
    else:
        path.unlink()


def _require_told_apart(folder: Path, question: str, name: str, run: Run, seed: int) -> None:
    """The checks of `gradus variants`, of which those on this entry count."""
    own = f"({name.replace(' ', '_')})"
    findings = [finding for finding in kill_matrix(folder, run, seed, {question}).findings if own in finding]
    if findings:
        raise GradusError(f"the entry was not kept: {findings[0]}")
