"""Do a problem set's answers prove anything? The rules that need the reference to run.

The reference (the solution notebook) is run with three case seeds, with a second ambient seed, and with each student
function replaced by one that computes nothing. Every finding names the file, the question, the answer and the cure.

    run = ...                                   # any engine: see `Run`
    findings = reference_findings(run, questions, "solutions/ps4/ps4.ipynb")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from autograder.answers import frames
from autograder.answers.values import Array
from autograder.assignment.asked import Asked
from autograder.authoring.nulls import null_preludes
from autograder.judging.compare import difference
from autograder.judging.ideas import units_of
from autograder.judging.judge import Expected, JudgeError, judge, read_expected

CASE_SEEDS = (101, 202, 303)
MIN_YES_NO = 8  # yes/no values in one answer: by luck, all are right once in 256
MAX_STEPS = 10  # of an optimiser: beyond, two correct programs differ by rounding alone

Streams = Mapping[str, list[bytes]]


class Run(Protocol):
    """Runs the reference and returns the frames of each question, by name."""

    def __call__(self, seed: int, *, ambient: int = 0, before: Mapping[str, str] | None = None) -> Streams:
        """`before[question]` is Python to execute in the question's own process, just before its hidden test."""


def reference_findings(
    run: Run, questions: Sequence[Asked], where: str, seeds: tuple[int, int, int] = CASE_SEEDS
) -> list[str]:
    """All findings, question by question; empty when the answers prove what they should."""
    found = []
    by_seed = [run(seed) for seed in seeds]
    other_luck = run(seeds[0], ambient=1)
    for question in questions:
        place = f"{where}, question {question.name}"
        try:
            answers = [read_expected(streams.get(question.name, [])) for streams in by_seed]
        except JudgeError as error:
            found.append(f"{place}: {error}; mend the solution or its hidden test.")
            continue
        found += [f"{place}{what}" for what in _of_single_answers(answers[0])]
        found += [f"{place}{what}" for what in _of_cases(answers)]
        for seed, streams in zip(seeds, by_seed, strict=True):
            itself = judge(streams[question.name], streams[question.name], 1.0)
            found += [
                f"{place}, answer {verdict.number}: with seed {seed} the reference itself does not earn it "
                f"({verdict.says}); mend the solution or ask for less."
                for verdict in itself.answers
                if verdict.outcome != "match"
            ]
        luck = judge(by_seed[0][question.name], other_luck.get(question.name, []), 1.0)
        found += [
            f"{place}, answer {verdict.number}: with other random numbers the reference does not earn it; answer with "
            "a function of given noise (cases.uniform, cases.permutation), or with a statistic and its tolerance."
            for verdict in luck.answers
            if verdict.outcome != "match"
        ]
    return found + _of_nulls(run, questions, by_seed[0], seeds[0], where)


def _of_single_answers(answers: list[Expected]) -> Iterator[str]:
    """What one answer must be, whatever the seed."""
    for number, answer in enumerate(answers, 1):
        settings, frame = answer.settings, answer.frame
        raised = frame.content if frame.kind == frames.EXCEPTION else None
        if raised and not settings.raises:
            yield (
                f", answer {number}: the reference ends with {raised}; mend it, or say raises={raised} if the prompt "
                "asks for that."
            )
        if settings.raises and not (raised and frames.exception_matches(raised, settings.raises)):
            yield f", answer {number}: it says raises={settings.raises}, and the reference does not; mend one of them."
        if settings.steps > MAX_STEPS and settings.held_out is None and any(map(_is_float, _leaves(answer))):
            yield (
                f", answer {number}: it compares after {settings.steps} optimiser steps, where two correct programs "
                f"differ; compare at most {MAX_STEPS}, or use answer_accuracy."
            )
    if all(answer.settings.edge for answer in answers):
        yield ": all of its answers are edges; ask for the rule too, without edge=."
    for unit in _units(answers):
        values = [leaf for index in unit for leaf in _leaves(answers[index])]
        yes_no = [value for value in values if type(value) is bool]
        if len(yes_no) < len(values) or not values:
            continue
        if len(yes_no) < MIN_YES_NO or len(set(yes_no)) == 1:
            yield (
                f", {_named(answers, unit)}: only {len(yes_no)} yes/no value{'s' * (len(yes_no) != 1)}, which a guess "
                f"gets right; put {MIN_YES_NO} or more into one group=, with both yes and no among them."
            )


def _of_cases(answers: list[list[Expected]]) -> Iterator[str]:
    """An answer that no seed changes proves nothing: it could be written down."""
    first, *others = answers
    shapes = [[(answer.settings.group, answer.settings.edge) for answer in stream] for stream in answers]
    if any(shape != shapes[0] for shape in shapes):
        counts = " and ".join(str(len(stream)) for stream in answers)
        yield f": asks {counts} answers with three seeds, or groups them differently; ask the same ones every time."
        return
    for unit in _units(first):
        if all(_equal(first[index], other[index]) for other in others for index in unit):
            yield (
                f", {_named(first, unit)}: equal with three seeds, so that it proves nothing; draw its input from "
                "cases, or give it the group= of an answer that varies."
            )


def _of_nulls(run: Run, questions: Sequence[Asked], right: Streams, seed: int, where: str) -> list[str]:
    """Answers that a function earns which computes nothing."""
    found = []
    preludes = {question.name: null_preludes(question.tested, question.stub) for question in questions}
    for label in dict.fromkeys(label for of_question in preludes.values() for label in of_question):
        streams = run(seed, before={name: of[label] for name, of in preludes.items() if label in of})
        for question in questions:
            if label not in preludes[question.name]:
                continue
            try:
                asked = read_expected(right[question.name])
                verdict = judge(right[question.name], streams.get(question.name, []), 1.0)
            except (JudgeError, KeyError):  # said above
                continue
            if verdict.score == 0:
                continue
            matched = {answer.number - 1 for answer in verdict.answers if answer.outcome == "match"}
            for unit in _units(asked):
                if matched.issuperset(unit):
                    found.append(
                        f"{where}, question {question.name}, {_named(asked, unit)}: {label} earns it; give it the "
                        "group= of answers that this does not match, or answer with something that must be computed."
                    )
    return found


def _leaves(answer: Expected) -> list[Any]:
    """The single values of an answer; the entries of arrays of booleans, and arrays of anything else as they are."""
    if answer.frame.kind != frames.VALUE or answer.settings.held_out is not None:
        return [answer]
    found: list[Any] = []
    open_values = [answer.frame.content]
    if answer.settings.returns == "both":  # the arguments are given, not computed
        open_values = [answer.frame.content[0]]
    while open_values:
        value = open_values.pop()
        if isinstance(value, Array) and value.dtype == "bool":
            found += value.data.ravel().tolist()
        elif type(value) in (list, tuple):
            open_values += value
        elif type(value) is dict:
            open_values += value.values()
        else:
            found.append(value)
    return found


def _is_float(value: Any) -> bool:
    return type(value) is float or (isinstance(value, Array) and "float" in value.dtype)


def _equal(one: Expected, other: Expected) -> bool:
    if one.frame.kind != other.frame.kind or one.settings.own is not None:  # nobody could write down another's network
        return False
    if one.frame.kind != frames.VALUE:
        return one.frame.content == other.frame.content
    a, b = one.frame.content, other.frame.content
    if one.settings.returns == "both":
        a, b = a[0], b[0]
    return difference(a, b, one.settings) is None


def _units(answers: list[Expected]) -> list[list[int]]:
    return units_of([answer.settings for answer in answers])


def _named(answers: list[Expected], unit: list[int]) -> str:
    numbers = ", ".join(str(index + 1) for index in unit[:5]) + (", …" if len(unit) > 5 else "")
    settings = answers[unit[0]].settings
    kind = "edge" if settings.edge else "group"
    name = settings.edge or settings.group
    return f"{kind} {name!r} (answers {numbers})" if name else f"answer {numbers}"
