"""Ask every mutant and every variant of a problem set with several seeds, and say what got through."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.source import read_source
from autograder.misconceptions.jobs import Run, test_of
from autograder.misconceptions.pages import read_page
from autograder.misconceptions.variants import Variant, Variants, pages_of, read_variants
from autograder.mutants.asking import Fate, fates, mutants_by_question
from autograder.mutants.equivalents import Equivalent, equivalents_of, unknown
from autograder.mutants.mutants import Mutant
from autograder.mutants.results import Counted, fingerprint


@dataclass(frozen=True)
class Examined:
    """What became of the mutants and variants of one problem set, by question. `findings` are sentences."""

    problem_set: str
    counted: dict[str, Counted]
    findings: list[str]


@dataclass(frozen=True)
class Subject:
    """What is to be asked of one question."""

    question: str
    page: Path
    variants: Variants
    mutants: tuple[Mutant, ...]
    equivalents: tuple[Equivalent, ...]
    unknown: tuple[str, ...]
    fingerprint: str

    def is_equivalent(self, mutant: Mutant) -> bool:
        return any(each.is_of(mutant) for each in self.equivalents)


def subjects(folder: Path, questions: Collection[str] | None = None) -> list[Subject]:
    """What there is to ask of a problem set.

    Args:
        folder: of the problem set, for example `solutions/ps4`, with its notebook and its variants.
        questions: those that are wanted; None is all.

    Raises:
        GradusError: a file is missing or broken, or is of a question that does not exist.
    """
    notebook = read_source(folder / f"{folder.name}.ipynb")
    variants, paths, found = read_variants(folder, notebook, questions), pages_of(folder), []
    for question, mutants in mutants_by_question(notebook, questions or test_of(notebook)).items():
        of, page = variants.of(question), read_page(paths[question])
        listed = equivalents_of(page)
        facts = fingerprint(notebook, question, [*of.wheats, *of.misconceptions, *mutants], listed)
        found.append(Subject(question, page.path, of, mutants, tuple(listed), tuple(unknown(page, mutants)), facts))
    return found


def examine_mutants(folder: Path, run: Run, questions: Collection[str] | None = None) -> Examined:
    """Ask every mutant, wheat and misconception of a problem set its question; arguments as above."""
    notebook, asked = read_source(folder / f"{folder.name}.ipynb"), subjects(folder, questions)
    everything: list[Variant] = []
    for subject in asked:
        everything += [*subject.variants.wheats, *subject.variants.misconceptions, *subject.mutants]
    became = {fate.variant: fate for fate in fates(notebook, everything, run)}
    findings = [finding for subject in asked for finding in (*subject.unknown, *_findings(subject, became))]
    return Examined(folder.name, {subject.question: _counted(subject, became) for subject in asked}, findings)


def _counted(subject: Subject, became: dict[Variant, Fate]) -> Counted:
    of = [became[each] for each in subject.variants.misconceptions]
    mutants = [became[each] for each in subject.mutants if not subject.is_equivalent(each)]
    mutants = [fate for fate in mutants if not fate.only_raises]
    return Counted(
        fingerprint=subject.fingerprint,
        misconceptions=len(of),
        misconceptions_caught=sum(fate.is_caught for fate in of),
        mutants=len(mutants),
        mutants_caught=sum(fate.is_caught for fate in mutants),
        equivalent=len(subject.equivalents),
        survivors=tuple(fate.variant.name for fate in mutants if not fate.is_caught),
    )


def _findings(subject: Subject, became: dict[Variant, Fate]) -> Iterator[str]:
    for wheat in subject.variants.wheats:
        if not became[wheat].survives:
            yield f"{wheat.place}: this is right, and earns {_shares(became[wheat])}; mend it, or ask for less."
    for misconception in subject.variants.misconceptions:
        yield from _of_wrong(misconception.place, became[misconception], "add an answer that differs for it.")
    for mutant in subject.mutants:
        place = f"{subject.page}: {mutant.name}"
        if not subject.is_equivalent(mutant):
            cure = "ask what it gets wrong, or list it under `## Equivalent` with the reason why it is right."
            yield from _of_wrong(place, became[mutant], cure)
        elif not became[mutant].survives:
            yield f"{place}: it is listed as right, and earns {_shares(became[mutant])}; take it out of the list."


def _of_wrong(place: str, fate: Fate, cure: str) -> Iterator[str]:
    if fate.survives:
        yield f"{place}: this earns all marks; {cure}"
    elif not fate.is_caught:
        yield f"{place}: it lives or dies by the draw ({_shares(fate)}); deal what decides, instead of drawing it."


def _shares(fate: Fate) -> str:
    return ", ".join(f"{share:.0%}" for share in fate.shares)
