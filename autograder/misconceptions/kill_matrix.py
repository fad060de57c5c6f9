"""Do a problem set's hidden tests tell right from wrong? Every variant is handed in once, and marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.assignment.jobs import source_job
from autograder.judging.judge import JudgeError, Verdict, judge, read_expected
from autograder.misconceptions.diagnosis import diagnose, only_exceptions, same_answers
from autograder.misconceptions.jobs import Run, Streams, streams_of, substitute, test_of
from autograder.misconceptions.variants import FILE, Misconception, Variant, read_variants
from gradus.notebook.form import read

MIN_WHEATS, MIN_MISCONCEPTIONS = 3, 5


@dataclass(frozen=True)
class Row:
    """How one variant fares when it is handed in with the reference's answers to the other questions.

    `shares` has the share of the marks that each question earns. `caught_by` has the numbers, from 1, of the answers
    of its own question that do not match.
    """

    variant: Variant
    shares: dict[str, float]
    caught_by: tuple[int, ...]


@dataclass(frozen=True)
class KillMatrix:
    """Every variant against every question. `findings` are sentences; none means that the tests do their work."""

    questions: tuple[str, ...]
    wheats: tuple[Row, ...]
    chaffs: tuple[Row, ...]
    findings: list[str] = field(default_factory=list)


def kill_matrix(folder: Path, run: Run, seed: int) -> KillMatrix:
    """Hand in every variant of a problem set.

    Args:
        folder: of the problem set, for example `solutions/ps4`, with its notebook and `variants.py`.
        run: the engine.
        seed: of the cases.

    Raises:
        GradusError: a file is missing, or a variant is of a question that does not exist.
    """
    notebook, variants = read(folder / f"{folder.name}.ipynb"), read_variants(folder / FILE)
    tests = test_of(notebook)
    expected = run(source_job(notebook, seed))
    path = str(folder / FILE)
    findings = [f"{path}: {question}: {what}" for question, what in _unusable(tests, expected)]
    if findings:
        return KillMatrix(tuple(tests), (), (), findings)

    def row(variant: Variant) -> Row:
        received = run(source_job(substitute(notebook, variant.question, variant.source), seed))
        verdicts = {question: judge(expected[test], received.get(test, []), 1.0) for question, test in tests.items()}
        shares = {question: verdict.score for question, verdict in verdicts.items()}
        return Row(variant, shares, _missed(verdicts[variant.question]))

    matrix = KillMatrix(
        tuple(tests), tuple(map(row, variants.wheats)), tuple(map(row, variants.misconceptions)), findings
    )
    findings += [f"{path}: {what}" for what in _of_rows(matrix)]
    alone = streams_of(notebook, variants.misconceptions, run, seed)
    chaff_streams = {each: alone[each] for each in variants.misconceptions}
    for question, test in tests.items():
        of_question = {chaff: stream for chaff, stream in chaff_streams.items() if chaff.question == question}
        findings += [f"{path}: {what}" for what in _of_streams(question, expected[test], of_question)]
    return matrix


def _unusable(tests: dict[str, str], expected: Streams) -> Iterator[tuple[str, str]]:
    for question, test in tests.items():
        try:
            read_expected(expected.get(test, []))
        except JudgeError as error:
            yield question, f"{error}; mend the solution or its hidden test."


def _missed(verdict: Verdict) -> tuple[int, ...]:
    return tuple(answer.number for answer in verdict.answers if answer.outcome != "match")


def _of_rows(matrix: KillMatrix) -> Iterator[str]:
    """Wheats that lose marks, chaffs that lose none, questions that nothing needs."""
    for row in matrix.wheats:
        for question, share in row.shares.items():
            if share < 1:
                yield (
                    f"{row.variant.question}, {row.variant.name}: this is right, and {question} gives it only "
                    f"{share:.0%}; mend the wheat, or a test that asks for more than the prompt does."
                )
    for row in matrix.chaffs:
        if row.shares[row.variant.question] == 1:
            yield (
                f"{row.variant.question}, {row.variant.name}: this is wrong, and earns all marks; add an answer that "
                "differs for it."
            )
    for question in matrix.questions:
        own = [row for row in matrix.chaffs if row.variant.question == question]
        wheats = [row for row in matrix.wheats if row.variant.question == question]
        if len(own) < MIN_MISCONCEPTIONS or len(wheats) < MIN_WHEATS:
            yield (
                f"{question}: {len(wheats)} wheats and {len(own)} misconceptions; write {MIN_WHEATS} and "
                f"{MIN_MISCONCEPTIONS} at least."
            )
        if own and not any(_killers(row) == {question} for row in own):
            yield (
                f"{question}: other questions catch all of its misconceptions, so its hidden test could be removed "
                "unnoticed; add a misconception that only it catches."
            )


def _killers(row: Row) -> set[str]:
    return {question for question, share in row.shares.items() if share < 1}


def _of_streams(question: str, expected: list[bytes], chaffs: dict[Misconception, list[bytes]]) -> Iterator[str]:
    """Chaffs of one question that cannot be named when a student hands them in."""
    asked = read_expected(expected)
    for chaff, stream in chaffs.items():
        same = [other.name for other in chaffs if other != chaff and same_answers(asked, stream, chaffs[other])]
        if same:
            others = " and ".join(same)
            yield f"{question}, {chaff.name}: answers as {others} do; merge them, or ask what sets them apart."
        elif only_exceptions(stream):
            yield f"{question}, {chaff.name}: only raises exceptions, so that it cannot be told from any other failure."
        elif diagnose(question, stream, expected, chaffs) != chaff:
            yield f"{question}, {chaff.name}: is not named for its own answers; ask what sets it apart."
