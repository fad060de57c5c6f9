"""What became of the mutants and misconceptions of a problem set, as a file beside its notebook: `mutants.json`.

The site shows it, and a test holds it to what it is of, by a fingerprint of each question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.assignment.jobs import source_job
from autograder.misconceptions.jobs import test_of
from autograder.misconceptions.variants import Variant
from autograder.mutants.equivalents import Equivalent
from gradus.errors import GradusError
from gradus.notebook.cells import kind_of
from gradus.notebook.form import Notebook, source_of

FILE = "mutants.json"


@dataclass(frozen=True)
class Counted:
    """Of one question: how many misconceptions and mutants there are, and how many it catches.

    Among the mutants are neither those listed as equivalent nor those that give no value. `survivors` names the rest.
    """

    fingerprint: str
    misconceptions: int
    misconceptions_caught: int
    mutants: int
    mutants_caught: int
    equivalent: int
    survivors: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The share that is caught, of both kinds together."""
        return (self.misconceptions_caught + self.mutants_caught) / max(self.misconceptions + self.mutants, 1)


def fingerprint(
    notebook: Notebook, question: str, variants: Iterable[Variant], equivalents: Iterable[Equivalent]
) -> str:
    """A hash of all that decides what becomes of a question's variants: its test, them, and the code before both."""
    test = test_of(notebook)[question]
    before = [source_of(cell) for cell in notebook["cells"] if kind_of(cell) in ("code", "answer")]
    asked = next(asked.test for asked in source_job(notebook, 0).questions if asked.name == test)
    listed = sorted((each.where, each.was, each.now) for each in equivalents)
    facts = [before, asked, [(each.name, each.source) for each in variants], listed]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def write_results(folder: Path, counted: Mapping[str, Counted]) -> None:
    """Keep what became of the mutants of the problem set in `folder`."""
    whole = {question: asdict(each) for question, each in counted.items()}
    (folder / FILE).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_results(folder: Path) -> dict[str, Counted]:
    """What was kept, by question.

    Raises:
        GradusError: there is no such file, or it is broken.
    """
    path = folder / FILE
    try:
        found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return {name: Counted(**{**each, "survivors": tuple(each["survivors"])}) for name, each in found.items()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GradusError(f"{path}: cannot be read ({error}); run `gradus mutants {folder.name}`.") from None
