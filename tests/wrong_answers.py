"""Wrong answers to the problem sets as students would write them from the prompts, known to no file of variants.

`wrong_answers/psN.md` has them by question, in the form of `autograder/misconceptions/pages.py`, without hints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from in_process import SEED, run, run_job, source_notebook, test_cells

from autograder.assignment.jobs import source_job
from autograder.assignment.regions import HIDDEN, without
from autograder.judging.explain import in_words
from autograder.judging.judge import Verdict, judge
from autograder.judging.verdict_text import verdict_text
from autograder.misconceptions import jobs
from autograder.misconceptions.diagnosis import diagnose
from autograder.misconceptions.pages import read_page
from autograder.misconceptions.programs import programs_of
from autograder.misconceptions.variants import Misconception, Variant, answers_of
from autograder.records.execution import Limits, QuestionResult
from gradus.notebook.form import source_of

FOLDER = Path(__file__).parent / "wrong_answers"
NO_MORE = "differ from what is asked for.", "differs from what is asked for."
KINDS = ("visible check", "hint", "named relation", "aspect", "differs only")
"""How a wrong answer is told what is wrong with it, what helps most first."""


@dataclass(frozen=True)
class Told:
    """What one wrong answer is told. `kind` is one of `KINDS`."""

    answer: Variant
    kind: str
    verdict: Verdict
    lines: tuple[str, ...]


def wrong_answers(name: str, scratch: Path) -> list[Variant]:
    """Those of the problem set called `name`; `scratch` is a folder for a file of each question."""
    text, given = (FOLDER / f"{name}.md").read_text(encoding="utf-8"), answers_of(source_notebook(name))
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        question, _, body = part.partition("\n")
        path = scratch / f"{question}.md"
        named = re.sub(r"^\*\*([^*`\n]+)\*\*$", r"**\1**: no hint", body, flags=re.MULTILINE)
        path.write_text(f"# {question}\n\n## Wrong\n{named}", encoding="utf-8")
        for title, program in programs_of(read_page(path), given[question]).items():
            found.append(
                Variant(question, f"of_a_student_{title}", program.source, place=f"{name}, {question}, {title}")
            )
    return found


def told(name: str, scratch: Path, known: dict[Misconception, list[bytes]]) -> Iterator[Told]:
    """What is told of each known mistake, hints aside, and of each wrong answer above.

    Args:
        known: the mistakes of the problem set's own files, with what they answer.
    """
    notebook = source_notebook(name)
    tests, expected = jobs.test_of(notebook), run_job(source_job(notebook, SEED))
    written, solved = wrong_answers(name, scratch), _solved(name)
    streams: dict[Variant, list[bytes]] = {**known, **jobs.streams_of(notebook, written, run_job, SEED)}
    for answer in (*known, *written):
        test, stream = tests[answer.question], streams[answer]
        verdict = in_words(judge(expected[test], stream, 1.0), expected[test], stream)
        lines = verdict_text(verdict, QuestionResult(test, stream, "done"), Limits()).splitlines()[1:]
        kind = _kind(verdict)
        if answer in written and _fails_a_visible_check(name, answer, test, solved):
            kind = "visible check"
        elif answer in written and diagnose(answer.question, stream, expected[test], known):
            kind = "hint"
        yield Told(answer, kind, verdict, tuple(lines))


def _kind(verdict: Verdict) -> str:
    """How the verdict alone tells what is wrong."""
    if any(each.aspect == "values" and not _says_no_more(each.says) for each in verdict.answers):
        return "named relation"
    says = [each.says for each in verdict.answers if each.outcome != "match"]
    return "differs only" if all(map(_says_no_more, says)) else "aspect"


def right_answers_fail_no_visible_check(name: str) -> bool:
    """Whether the solutions pass what is asked of the wrong answers: that the checks themselves can be passed."""
    solved, tests = _solved(name), jobs.test_of(source_notebook(name))
    given = answers_of(source_notebook(name))
    return not any(
        _fails_a_visible_check(name, Variant(question, "right", given[question]), tests[question], solved)
        for question in given
    )


def _says_no_more(says: str) -> bool:
    return says.split(" (in ")[0].endswith(NO_MORE)


def _solved(name: str) -> dict[str, Any]:
    """What the cells of a problem set define when its solutions are in it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with redirect_stdout(StringIO()):
        for cell in source_job(source_notebook(name), SEED).cells:
            run(cell.source, names)
    return names


def _fails_a_visible_check(name: str, answer: Variant, test: str, names: dict[str, Any]) -> bool:
    """Whether it fails one in the notebook that has left `names`; these are the same afterwards."""
    visible, before = without(source_of(test_cells(source_notebook(name))[test]), HIDDEN, ""), dict(names)
    try:
        with redirect_stdout(StringIO()):
            run(answer.source, names)
            run(visible, names)
    except Exception:
        return True
    finally:
        names.clear()
        names.update(before)
    return False
