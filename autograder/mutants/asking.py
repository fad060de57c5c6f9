"""What becomes of the mutants of a problem set: each is asked its hidden test, with several seeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from autograder.assignment.jobs import source_job
from autograder.assignment.source import budgeted
from autograder.judging.judge import judge
from autograder.misconceptions.diagnosis import only_exceptions
from autograder.misconceptions.jobs import Run, Streams, only, streams_of, test_of
from autograder.misconceptions.variants import Variant, answers_of
from autograder.mutants.mutants import Mutant, mutants_of
from gradus.notebook.form import Notebook

SEEDS = (1, 2, 3)
_SECONDS = 1.0  # of the processor, for one mutant with one seed
_SECONDS_TRAINING = 10.0  # where a notebook trains, and so may its questions


@dataclass(frozen=True)
class Fate:
    """The share of its question's marks that a variant earns with each seed.

    `only_raises`: it never gives a value, so that nobody would hand it in.
    """

    variant: Variant
    shares: tuple[float, ...]
    only_raises: bool

    @property
    def is_caught(self) -> bool:
        return all(share < 1 for share in self.shares)

    @property
    def survives(self) -> bool:
        return all(share == 1 for share in self.shares)


def mutants_by_question(notebook: Notebook, questions: Collection[str] | None = None) -> dict[str, tuple[Mutant, ...]]:
    """The mutants of each question that a source notebook has a test for, or of those named."""
    answers, tests = answers_of(notebook), test_of(notebook)
    wanted = [question for question in answers if question in (tests if questions is None else questions)]
    return {question: mutants_of(question, answers[question]) for question in wanted}


def fates(notebook: Notebook, variants: Iterable[Variant], run: Run, seeds: Iterable[int] = SEEDS) -> list[Fate]:
    """What becomes of variants of a source notebook's solutions, each at its own question alone."""
    variants, tests = list(variants), test_of(notebook)
    streams = [_with_seed(notebook, variants, run, seed) for seed in seeds]
    return [
        Fate(
            variant,
            tuple(judge(right[tests[variant.question]], of[variant], 1.0).score for right, of in streams),
            all(only_exceptions(of[variant]) for _, of in streams),
        )
        for variant in variants
    ]


def _with_seed(
    notebook: Notebook, variants: list[Variant], run: Run, seed: int
) -> tuple[Streams, Mapping[Variant, list[bytes]]]:
    asked = {test_of(notebook)[variant.question] for variant in variants}
    expected = run(only(source_job(notebook, seed), asked))
    seconds = _SECONDS_TRAINING if budgeted(notebook) else _SECONDS
    return expected, streams_of(notebook, variants, run, seed, together=True, seconds=seconds)
