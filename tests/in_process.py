"""Run the cells of a problem set in this process: as a kernel would, but in a second."""

from __future__ import annotations

import functools
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from gradus.datasets import fashion_mnist_tensors
from gradus.notebooks import Notebook, read, source_of

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 60.0

# A problem set reads the same images several times, and so does each variant of it.
_read_once = functools.cache(fashion_mnist_tensors)


class TooLong(Exception):  # noqa: N818
    """A cell did not end in its time."""


def source_notebook(name: str) -> Notebook:
    """The problem set with its solutions and hidden tests."""
    return read(ROOT / "solutions" / name / f"{name}.ipynb")


def label_of(cell: Notebook) -> str:
    """The grade_id of a cell, "" when it has none."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def test_cells(notebook: Notebook) -> dict[str, Notebook]:
    """The automatically marked test cells, by grade_id."""
    return {label_of(c): c for c in notebook["cells"] if c["cell_type"] == "code" and _flag(c, "grade")}


test_cells.__test__ = False  # type: ignore[attr-defined]  # not a test itself


def answer_cells(notebook: Notebook) -> dict[str, Notebook]:
    """The cells for the student's code, by grade_id."""
    return {label_of(c): c for c in notebook["cells"] if c["cell_type"] == "code" and _flag(c, "solution")}


def _flag(cell: Notebook, name: str) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get(name))


def run(code: str, names: dict[str, Any], seconds: float = CELL_SECONDS) -> None:
    """Execute a cell's source (magics allowed) in `names`; TooLong when it does not end."""
    with _limit(seconds):
        exec(compile(TransformerManager().transform_cell(code), "<cell>", "exec"), names)


def namespace(notebook: Notebook) -> dict[str, Any]:
    """What the cells that everyone runs define: imports and the tools of the tests."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not _flag(cell, "grade") and not _flag(cell, "solution"):
            run(source_of(cell), names)
    if "fashion_mnist_tensors" in names:
        names["fashion_mnist_tensors"] = _read_once
    return names


def failures(
    notebook: Notebook, answers: Mapping[str, str], seconds: Mapping[str, float] | None = None
) -> dict[str, str]:
    """Why each test cell that fails does so, by grade_id.

    Args:
        notebook: a source notebook, whose visible and hidden tests are run.
        answers: the source of each answer cell, in place of the solution.
        seconds: limits for single cells.
    """
    names, failed = namespace(notebook), {}
    for source in answers.values():
        run(source, names)
    for label, cell in test_cells(notebook).items():
        try:
            run(source_of(cell), names, (seconds or {}).get(label, CELL_SECONDS))
        except Exception as error:
            failed[label] = f"{type(error).__name__}: {error}"
    return failed


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong(f"not over after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
