"""From a source notebook to runs of it, with a variant in the place of a solution."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from autograder.answers.frames import NEXT
from autograder.assignment.jobs import source_job
from autograder.misconceptions.noticing import Noticing
from autograder.misconceptions.variants import Variant
from autograder.records.execution import CodeCell, Job, Question
from gradus.errors import GradusError
from gradus.notebook.cells import kind_of
from gradus.notebook.form import Notebook

Streams = Mapping[str, list[bytes]]
Run = Callable[[Job], Streams]
"""Runs a job in any engine, and returns the frames of each of its questions by name."""

MANY = 60  # questions in one run: each is a process that waits


def test_of(notebook: Notebook) -> dict[str, str]:
    """The test cell that marks each answer cell: the next one. Both by grade_id."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for cell in notebook["cells"]:
        kind = kind_of(cell)
        if kind == "answer":
            waiting.append(cell["metadata"]["nbgrader"]["grade_id"])
        elif kind == "test":
            found.update(dict.fromkeys(waiting, cell["metadata"]["nbgrader"]["grade_id"]))
            waiting = []
    return found


def substitute(notebook: Notebook, question: str, source: str) -> Notebook:
    """The notebook with `source` in the answer cell whose grade_id is `question`: a submission.

    Raises:
        GradusError: there is no such answer cell.
    """
    changed = {**notebook, "cells": list(notebook["cells"])}
    for index, cell in enumerate(changed["cells"]):
        if kind_of(cell) == "answer" and cell["metadata"]["nbgrader"]["grade_id"] == question:
            changed["cells"][index] = {**copy.deepcopy(cell), "source": source}
            return changed
    raise GradusError(f"there is no answer cell {question!r}; the variants of a problem set name its questions.")


def asked_instead(job: Job, sources: Mapping[str, str]) -> Job:
    """The job with functions replaced in the processes of single questions, just before they are asked.

    Args:
        job: of a whole notebook.
        sources: Python by the name of the question; it changes nothing for the other questions.
    """
    questions = (
        replace(asked, prelude=sources[asked.name]) if asked.name in sources else asked for asked in job.questions
    )
    return replace(job, questions=tuple(questions))


def only(job: Job, tests: Collection[str]) -> Job:
    """The job with the questions of these test cells alone."""
    cells = (cell if cell.question in tests else replace(cell, question=None) for cell in job.cells)
    return replace(job, cells=tuple(cells), questions=tuple(each for each in job.questions if each.name in tests))


def streams_of(
    notebook: Notebook,
    variants: Iterable[Variant],
    run: Run,
    seed: int,
    together: bool = False,
    seconds: float = 0.0,
) -> dict[Variant, list[bytes]]:
    """What each variant answers to its own question.

    Args:
        together: ask all variants of a question in one process, in half the time; those behind one that does not
            come to its end are asked in processes of their own, as all are without it.
        seconds: of the processor, after which a variant that is asked together with others is interrupted. 0: never.
    """
    job, tests, variants = source_job(notebook, seed), test_of(notebook), list(variants)
    found = _streams_together(job, variants, tests, run, seconds) if together else {}
    alone = [(variant, _test_of(variant, tests)) for variant in variants if variant not in found]
    return found | {variant: stream for (variant, _), stream in _asked(job, alone, run).items()}


def streams_by_test(
    notebook: Notebook, variants: Iterable[Variant], run: Run, seed: int
) -> dict[Variant, dict[str, list[bytes]]]:
    """What each variant answers to each question that may notice it, its own among them, by the test cell."""
    tests, noticing = test_of(notebook), Noticing(notebook)
    asked = [
        (variant, test)
        for variant in variants
        for test in dict.fromkeys([_test_of(variant, tests), *noticing.tests(variant.question, variant.source)])
    ]
    found: dict[Variant, dict[str, list[bytes]]] = {}
    for (variant, test), stream in _asked(source_job(notebook, seed), asked, run).items():
        found.setdefault(variant, {})[test] = stream
    return found


def _asked(job: Job, asked: list[tuple[Variant, str]], run: Run) -> dict[tuple[Variant, str], list[bytes]]:
    """What each variant answers to the test cell beside it, in a process of its own.

    The notebook is run once for many of them: the state after a test cell is held once for each.
    """
    found = {}
    for some in _batches(asked, MANY):
        names = {f"{variant.question}: {variant.name}: {test}": (variant, test) for variant, test in some}
        streams = run(_asked_of_each(job, names))
        found.update({pair: list(streams.get(name, [])) for name, pair in names.items()})
    return found


def _streams_together(
    job: Job, variants: list[Variant], tests: Mapping[str, str], run: Run, seconds: float
) -> dict[Variant, list[bytes]]:
    by_test: dict[str, list[Variant]] = {}
    for variant in variants:
        by_test.setdefault(_test_of(variant, tests), []).append(variant)
    job = only(job, by_test)
    questions = tuple(
        replace(asked, test=_asked_together([each.source for each in by_test[asked.name]], asked.test, seconds))
        for asked in job.questions
    )
    streams = run(replace(job, questions=questions))
    return {
        variant: stream
        for test, its_variants in by_test.items()
        for variant, stream in zip(its_variants, _apart(streams.get(test, [])), strict=False)
    }


def _asked_together(sources: list[str], test: str, seconds: float) -> str:
    """A hidden test that asks `test` of each of `sources` in its turn."""
    return f"from autograder.answers.together import ask_each\nask_each({sources!r}, {test!r}, {seconds!r})"


def _apart(stream: list[bytes]) -> list[list[bytes]]:
    """The answers of each variant that came to its end, in order."""
    found: list[list[bytes]] = [[]]
    for frame in stream:
        if frame == NEXT:
            found.append([])
        else:
            found[-1].append(frame)
    return found[:-1]


def _asked_of_each(job: Job, names: Mapping[str, tuple[Variant, str]]) -> Job:
    """The job with, after each test cell, an empty cell for each variant that it is to be asked of, by name."""
    asked = {question.name: question for question in job.questions}
    questions = [Question(name, asked[test].test, test, variant.source) for name, (variant, test) in names.items()]
    cells: list[CodeCell] = []
    for cell in job.cells:
        cells.append(CodeCell(len(cells), cell.source))
        for question in questions:
            if question.like == cell.question:
                cells.append(CodeCell(len(cells), "", question.name))
    return replace(job, cells=tuple(cells), questions=tuple(questions))


def _test_of(variant: Variant, tests: Mapping[str, str]) -> str:
    if variant.question not in tests:
        raise no_such_question(variant)
    return tests[variant.question]


def no_such_question(variant: Variant) -> GradusError:
    """What to say of a variant whose question the notebook does not have, or no longer under that name."""
    return GradusError(
        f"{variant.place or variant.name}: there is no question {variant.question!r} with a test cell; give it the "
        "name that the answer cell has in the notebook."
    )


def _batches(asked: list[tuple[Variant, str]], size: int) -> Iterator[list[tuple[Variant, str]]]:
    for start in range(0, len(asked), size):
        yield asked[start : start + size]
