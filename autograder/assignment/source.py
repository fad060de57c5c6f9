"""A source notebook, and what stands in for those of its cells that take minutes.

Where the solution itself is run (for the answer key, for variants and mutants, in tests), a cell that has a budget of
its own is not trained again each time: it gets the weights that an earlier run of the very same cells left, from
`trained.json` beside the notebook, which `gradus train` writes. What is handed in is always run as it is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.assignment.regions import HIDDEN, without
from gradus.errors import GradusError
from gradus.notebook.cells import budget_of, kind_of, label_of
from gradus.notebook.form import Notebook, read, source_of

FILE = "trained.json"
_KEY = "gradus_trained"
_STAND_IN = (
    "network = __import__('autograder.answers.networks', fromlist=['networks'])"
    ".with_weights(build_network(), {weights!r})"
)


@dataclass(frozen=True)
class Trained:
    """What a cell with a budget left in `network`: its weights as text, and how it came about.

    `fingerprint` is that of the cells up to it; `accuracy` is the share of the test images, all 10,000, that it gets
    right, after so many `cpu_seconds`.
    """

    fingerprint: str
    accuracy: float
    cpu_seconds: float
    weights: str


def read_source(path: Path) -> Notebook:
    """The source notebook in `path`, with what its budgeted cells left, if that is kept and is still theirs.

    Raises:
        GradusError: it is missing or broken, or what is kept is.
    """
    notebook = read(path)
    kept = read_trained(path.parent)
    current = {label: each for label, each in kept.items() if fingerprint(notebook, label) == each.fingerprint}
    return {**notebook, _KEY: current} if current else notebook


def stand_in(notebook: Notebook, cell: Notebook) -> str | None:
    """Python that has the effect of a budgeted cell of a notebook from `read_source`; None where nothing is kept."""
    trained: Trained | None = notebook.get(_KEY, {}).get(label_of(cell))
    return None if trained is None else _STAND_IN.format(weights=trained.weights)


def budgeted(notebook: Notebook) -> dict[str, float]:
    """The labels of the cells that have a budget of their own, with its processor seconds."""
    return {label_of(cell): seconds for cell in notebook["cells"] if (seconds := budget_of(cell)) is not None}


def fingerprint(notebook: Notebook, label: str) -> str:
    """A hash of the code up to a cell, solutions included: of all that decides what it leaves."""
    code = []
    for cell in notebook["cells"]:
        if kind_of(cell) in ("code", "answer"):
            code.append(without(source_of(cell), HIDDEN, ""))
        if label_of(cell) == label:
            break
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]


def read_trained(folder: Path) -> dict[str, Trained]:
    """What is kept beside the notebook in `folder`, by the label of the cell; nothing where there is no such file.

    Raises:
        GradusError: the file is broken.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {label: Trained(**{**each, "weights": "".join(each["weights"])}) for label, each in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise GradusError(f"{path}: cannot be read ({error}); run `gradus train {folder.name}`.") from None


def write_trained(folder: Path, trained: dict[str, Trained]) -> None:
    """Keep what budgeted cells left; the weights in lines that a difference in git can show."""
    whole = {}
    for label, each in trained.items():
        lines = [each.weights[start : start + 100] for start in range(0, len(each.weights), 100)]
        whole[label] = {**asdict(each), "weights": lines}
    (folder / FILE).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
