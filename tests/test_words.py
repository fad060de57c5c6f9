"""Of the known mistakes, few are told no more than that values differ, even by those whom no hint names."""

from __future__ import annotations

from collections.abc import Iterator

import in_process
import pytest

from autograder.assignment.jobs import source_job
from autograder.course import Course
from autograder.judging.explain import in_words
from autograder.judging.judge import judge
from autograder.judging.verdict_text import verdict_text
from autograder.misconceptions import jobs
from autograder.misconceptions.variants import Misconception, read_variants
from autograder.records.execution import Limits, QuestionResult

pytestmark = pytest.mark.slow("every known mistake, in this process")

PROBLEM_SETS = Course.from_environment().problem_sets()
AT_MOST = 0.08
NO_MORE = "differ from what is asked for.", "differs from what is asked for."


def told(name: str) -> Iterator[tuple[Misconception, list[str]]]:
    """Each known mistake of a problem set, and what is said of its answers, hints aside."""
    notebook = in_process.source_notebook(name)
    mistakes = read_variants(in_process.ROOT / "solutions" / name, notebook).misconceptions
    job, tests = source_job(notebook, in_process.SEED), jobs.test_of(notebook)
    expected = in_process.run_job(job)
    for mistake, stream in jobs.streams_of(notebook, mistakes, in_process.run_job, in_process.SEED).items():
        asked = expected[tests[mistake.question]]
        verdict = in_words(judge(asked, stream, 1.0), asked, stream)
        assert verdict.score < 1, mistake.place
        lines = verdict_text(verdict, QuestionResult(mistake.question, stream, "done"), Limits()).splitlines()
        yield mistake, [line for line in lines if line.startswith("- ")]


def test_few_are_told_only_that_values_differ() -> None:
    found = [pair for name in PROBLEM_SETS for pair in told(name)]
    unhelped = [
        mistake.place for mistake, lines in found if all(line.split(" (in ")[0].endswith(NO_MORE) for line in lines)
    ]
    print(f"{len(unhelped)} of {len(found)}:", *unhelped, sep="\n")
    assert len(found) > 500
    assert len(unhelped) <= AT_MOST * len(found)


def test_no_place_in_a_list_of_the_tests_is_named() -> None:
    for _, lines in told("ps1"):
        assert not any("what is compared" in line or "entry [" in line for line in lines)
