"""Do a problem set's hidden tests tell right from wrong? Every variant is handed in once, and marked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.assignment.jobs import source_job
from autograder.assignment.source import read_source
from autograder.judging.judge import JudgeError, Verdict, judge, read_expected
from autograder.misconceptions.diagnosis import diagnose, only_exceptions, same_answers
from autograder.misconceptions.jobs import Run, Streams, streams_by_test, test_of
from autograder.misconceptions.pages import AT_AN_EDGE, WRONG
from autograder.misconceptions.variants import FOLDER, Misconception, Variant, read_variants

MIN_WHEATS, MIN_MISCONCEPTIONS = 3, 5


@dataclass(frozen=True)
class Row:
    """How one variant fares when it is handed in with the reference's answers to the other questions.

    `shares` has the share of the marks that each question earns. `answers` are the frames of its own question,
    `caught_by` has the numbers, from 1, of those that do not match, and `has_rule` says that only edges are among them.
    """

    variant: Variant
    shares: dict[str, float]
    caught_by: tuple[int, ...]
    has_rule: bool
    answers: list[bytes] = field(repr=False)


@dataclass(frozen=True)
class KillMatrix:
    """Every variant against every question. `findings` are sentences; none means that the tests do their work."""

    questions: tuple[str, ...]
    wheats: tuple[Row, ...]
    chaffs: tuple[Row, ...]
    findings: list[str] = field(default_factory=list)


def kill_matrix(folder: Path, run: Run, seed: int, questions: Collection[str] | None = None) -> KillMatrix:
    """Hand in every variant of a problem set.

    A variant is not run with the whole notebook: it takes the solution's place in the state that the notebook has left
    when it comes to a test, and is asked what that test hides.

    Args:
        folder: of the problem set, for example `solutions/ps4`, with its notebook and its variants.
        run: the engine.
        seed: of the cases.
        questions: whose variants; None is all.

    Raises:
        GradusError: a file is missing or broken, or is of a question that does not exist.
    """
    path = folder / f"{folder.name}.ipynb"
    notebook = read_source(path)
    variants = read_variants(folder, notebook, questions)
    tests = test_of(notebook)
    expected = run(source_job(notebook, seed))
    findings = [f"{path}: {question}: {what}" for question, what in _unusable(tests, expected)]
    if findings:
        return KillMatrix(tuple(tests), (), (), findings)
    streams = streams_by_test(notebook, (*variants.wheats, *variants.misconceptions), run, seed)

    def row(variant: Variant) -> Row:
        received = {**expected, **streams[variant]}
        verdicts = {question: judge(expected[test], received[test], 1.0) for question, test in tests.items()}
        shares = {question: verdict.score for question, verdict in verdicts.items()}
        own = verdicts[variant.question]
        return Row(variant, shares, _missed(own), own.has_rule, received[tests[variant.question]])

    matrix = KillMatrix(
        tuple(tests), tuple(map(row, variants.wheats)), tuple(map(row, variants.misconceptions)), findings
    )
    for question, test in tests.items():
        if questions is None or question in questions:
            page = folder / FOLDER / f"{question}.md"
            findings += _of_rows(matrix, question, page)
            findings += _of_streams(
                expected[test], {chaff: streams[chaff][test] for chaff in variants.of(question).misconceptions}
            )
    return matrix


def _unusable(tests: dict[str, str], expected: Streams) -> Iterator[tuple[str, str]]:
    for question, test in tests.items():
        try:
            read_expected(expected.get(test, []))
        except JudgeError as error:
            yield question, f"{error}; mend the solution or its hidden test."


def _missed(verdict: Verdict) -> tuple[int, ...]:
    return tuple(answer.number for answer in verdict.answers if answer.outcome != "match")


def _of_rows(matrix: KillMatrix, question: str, page: Path) -> Iterator[str]:
    """Wheats of a question that lose marks, chaffs that lose none, and whether anything needs the question."""
    wheats, chaffs = (
        [row for row in rows if row.variant.question == question] for rows in (matrix.wheats, matrix.chaffs)
    )
    for row in wheats:
        for other, share in row.shares.items():
            if share < 1:
                yield (
                    f"{row.variant.place}: this is right, and {other} gives it only {share:.0%}; mend the wheat, or a "
                    "test that asks for more than the prompt does."
                )
    for row in chaffs:
        if row.shares[question] == 1:
            yield (f"{row.variant.place}: this is wrong, and earns all marks; add an answer that differs for it.")
        elif isinstance(row.variant, Misconception) and row.variant.at_edge != row.has_rule:
            yield f"{row.variant.place}: {_at_another_place(row)}"
    if len(chaffs) < MIN_MISCONCEPTIONS or len(wheats) < MIN_WHEATS:
        yield (
            f"{page}: {len(wheats)} wheats and {len(chaffs)} misconceptions; write {MIN_WHEATS} and "
            f"{MIN_MISCONCEPTIONS} at least."
        )
    if chaffs and not any(_killers(row) == {question} for row in chaffs):
        yield (
            f"{page}: other questions catch all of its misconceptions, so its hidden test could be removed unnoticed; "
            "add a misconception that only it catches."
        )


def _at_another_place(row: Row) -> str:
    if row.has_rule:
        return (
            f"this has the rule wrong, and keeps {row.shares[row.variant.question]:.0%}, since only answers with edge= "
            f"catch it; ask for the rule without, or move it under `## {AT_AN_EDGE}`."
        )
    return (
        f"this is wrong at an edge alone, and an answer without edge= catches it (of {_numbers(row)}); name the edge "
        f"there, or move it under `## {WRONG}`."
    )


def _numbers(row: Row) -> str:
    return ", ".join(map(str, row.caught_by))


def _killers(row: Row) -> set[str]:
    return {question for question, share in row.shares.items() if share < 1}


def _of_streams(expected: list[bytes], chaffs: dict[Misconception, list[bytes]]) -> Iterator[str]:
    """Chaffs of one question that cannot be named when a student hands them in."""
    asked = read_expected(expected)
    for chaff, stream in chaffs.items():
        same = [other.name for other in chaffs if other != chaff and same_answers(asked, stream, chaffs[other])]
        if same:
            others = " and ".join(same)
            yield f"{chaff.place}: answers as {others} do; merge them, or ask what sets them apart."
        elif only_exceptions(stream):
            yield f"{chaff.place}: only raises exceptions, so that it cannot be told from any other failure."
        elif diagnose(chaff.question, stream, expected, chaffs) != chaff:
            yield f"{chaff.place}: is not named for its own answers; ask what sets it apart."
