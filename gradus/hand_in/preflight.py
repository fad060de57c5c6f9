"""Is this notebook fit to hand in? Its cells against those that were handed out, and a run from top to bottom."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError
from gradus.hand_in.failures import failures, kept_needs, syntax_finding
from gradus.hand_in.findings import Finding, cell_name
from gradus.hand_in.frame_check import frame_findings
from gradus.hand_in.fresh_run import INSIDE, run_from_top
from gradus.hand_in.grader import CELL_SECONDS, PYTHON, RUN_SECONDS
from gradus.hand_in.needs import needs_of
from gradus.hand_in.plain_python import Mistake, newer_syntax, tree_of
from gradus.hand_in.unanswered import left_raises, written_findings
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, read, source_of
from gradus.notebook.frame import ReleasedFrame, frame_of, recorded_frame
from gradus.printable import for_stdout, print_in_any_encoding, printable


@dataclass(frozen=True)
class PreflightReport:
    """What was found in one notebook; it is fit to hand in when no finding is a problem.

    `slowest` has the names and seconds of the cells that took longest, `seconds` is the time of all cells together but
    those with a budget of their own; `budgets` has the names of these, the processor seconds taken and those they have.
    """

    notebook: str
    problem_set: str
    findings: tuple[Finding, ...]
    ran: bool
    seconds: float
    slowest: tuple[tuple[str, float], ...] = ()
    budgets: tuple[tuple[str, float, float], ...] = ()

    @property
    def fit(self) -> bool:
        return all(finding.kind == "note" for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        return {
            "notebook": self.notebook,
            "problem_set": self.problem_set,
            "fit": self.fit,
            "ran": self.ran,
            "seconds": self.seconds,
            "slowest": [{"where": where, "seconds": seconds} for where, seconds in self.slowest],
            "budgets": [{"where": where, "spent": spent, "budget": budget} for where, spent, budget in self.budgets],
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def as_text(self) -> str:
        """A few lines for each finding, the time, and the verdict; nothing in it steers a terminal."""
        blocks = [f"{f.kind}: {f.where}: {f.what}\n  → {f.cure}" for f in self.findings]
        if self.ran:
            blocks.append(self._time())
            blocks += [
                f"budget: {where} took {spent:.0f} of its {budget:g} processor seconds."
                for where, spent, budget in self.budgets
            ]
        problems = sum(finding.kind == "problem" for finding in self.findings)
        unanswered = sum(finding.unanswered for finding in self.findings)
        ran = f"it runs from top to bottom ({self.seconds:.0f} s)" if self.ran else "it was not run"
        verdict = f"every labelled cell of {self.problem_set or 'the notebook'} is there once, and {ran}."
        but = (
            f", with {unanswered} not answered yet" if unanswered else ", see the notes above" if self.findings else ""
        )
        last = f"Not fit yet: {problems} to mend." if problems else f"Fit to hand in{but}: {verdict}"
        return printable("\n".join([*blocks, last]))

    def _time(self) -> str:
        slowest = ", ".join(f"{where} {seconds:.1f} s" for where, seconds in self.slowest)
        here = ".".join(map(str, sys.version_info[:2]))
        oldest = ".".join(map(str, PYTHON))
        python = f"; here Python {here}, the grader's may be {oldest}" if sys.version_info[:2] > PYTHON else ""
        limits = f"of {RUN_SECONDS:.0f} s, {CELL_SECONDS:.0f} s a cell, in the grader"
        return f"time: {self.seconds:.1f} s {limits}; longest {slowest or 'nothing'}{python}."


def examine(
    path: Path,
    run: bool = True,
    seconds: float = RUN_SECONDS,
    progress: Callable[[int, int], None] | None = None,
    called: str | None = None,
) -> PreflightReport:
    """Check the notebook in `path` as the grader will meet it: alone, without a GPU, with the grader's packages.

    Args:
        run: execute a copy of it in a fresh kernel, in an empty folder; the file itself is not changed.
        seconds: limit of the whole run.
        progress: called with the number of cells done and of all.
        called: the file's own name, where `path` is a copy.

    Raises:
        GradusError: there is no such file, it is not a notebook, or a run is asked and nbclient is not installed.
    """
    notebook = read(path)
    cells = notebook["cells"]
    for number, cell in enumerate(cells, start=1):
        if not _is_whole(cell):
            raise GradusError(f"{path}: cell {number} is damaged; open and save the notebook once in JupyterLab.")
    frame = frame_for(path, notebook)
    needs = needs_of(notebook, path.resolve().parent)
    left = left_raises(notebook, frame)
    findings = [*_name_finding(called or path.name, frame), *frame_findings(notebook, frame, recorded_frame(notebook))]
    findings += [*_language_findings(cells, run), *written_findings(notebook, frame), *left.values()]
    took: dict[int, float] = {}
    spent: list[tuple[str, float, float]] = []
    if run:
        lacking = [need.name for need in needs if need.kind == "module"]
        of_label = frame.budgets if frame else {}
        budgets = {index: of_label[label] for index, cell in enumerate(cells) if (label := label_of(cell)) in of_label}
        result = run_from_top(notebook, seconds, lacking, progress, budgets)
        findings += [*kept_needs(needs, result), *failures(result, cells, needs, set(left), budgets)]
        took = {index: its for index, its in result.seconds.items() if index not in budgets}
        spent = [(cell_name(cells, index), round(its, 1), budgets[index]) for index, its in result.spent.items()]
    else:
        findings += [need.finding for need in needs]
    findings.sort(key=_place)
    longest = sorted(took, key=took.__getitem__, reverse=True)[:3]
    slowest = tuple((cell_name(cells, index), round(took[index], 1)) for index in longest)
    name = frame.name if frame else ""
    total = round(sum(took.values()), 1)
    return PreflightReport(str(path), name, tuple(findings), run, total, slowest, tuple(spent))


def _place(finding: Finding) -> int:
    """The number of a finding's cell; what is about the whole notebook comes first."""
    number = re.match(r"cell (\d+)", finding.where)
    return int(number[1]) if number else 0


def _is_whole(cell: object) -> bool:
    """Whether a cell has what a cell needs; what else it has, or lacks, does not matter."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source = cell.get("source")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _name_finding(name: str, frame: ReleasedFrame | None) -> list[Finding]:
    if frame is None or name == f"{frame.name}.ipynb":
        return []
    what = (
        f"it is called {name!r}; the grader looks for {frame.name}.ipynb, and may take another name for another file."
    )
    return [Finding("note", "the file", what, f"hand it in as {frame.name}.ipynb.")]


def _language_findings(cells: list[Notebook], run: bool) -> list[Finding]:
    """Cells in a newer Python than the grader's; and those that are no Python at all, unless a run will say so."""
    findings = []
    for index, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        tree = tree_of(source_of(cell))
        if isinstance(tree, Mistake):
            if not run:
                findings.append(syntax_finding(cells, index, tree.line, tree.says))
        elif newer := newer_syntax(source_of(cell), tree):
            line, said = newer
            oldest = ".".join(map(str, PYTHON))
            what = f"line {line} has {said}, which Python {oldest} cannot read, and the grader may run on it."
            cure = "write it in the older way: until then no line of this cell is run there."
            findings.append(Finding("problem", cell_name(cells, index), what, cure))
    return findings


def frame_for(path: Path, notebook: Notebook) -> ReleasedFrame | None:
    """The frame that `path` has to fill: of the released notebook in `exercises/`, else the one that it carries."""
    own = recorded_frame(notebook)
    name = own.name if own else path.stem
    project = Path(__file__).resolve().parents[2]
    for folder in (*path.resolve().parents, project):
        released = folder / "exercises" / name / f"{name}.ipynb"
        with contextlib.suppress(OSError):  # a folder that may not be looked into is not the course's
            if released.is_file() and not released.samefile(path):
                there = read(released)
                return recorded_frame(there) or frame_of(name, there)
    return own


def preflight(path: str | Path | None = None) -> None:
    """Say whether this notebook is fit to hand in, from one of its cells; in a terminal, `gradus preflight FILE` does.

    Save the notebook first: the file is what is checked and handed in. Inside such a check, and where nobody watches
    (in the grader), it does nothing, so that the cell may stay in what you hand in.

    Args:
        path: the notebook's file; by default the one that this code runs in.

    Raises:
        GradusError: the file is not known or cannot be read.
    """
    if os.environ.get(INSIDE) or os.environ.get("GRADUS_QUIET"):
        return
    with tempfile.TemporaryDirectory(prefix="gradus-") as scratch:
        file = Path(path) if path is not None else _this_notebook(Path(scratch))
        age = time.time() - file.stat().st_mtime if file.is_file() else 0
        if age > 60:
            name = for_stdout(printable(file.name))
            print(f"{name} was saved {age / 60:.0f} minutes ago; what you changed since is not checked.")
        command = [sys.executable, "-m", "gradus.hand_in.preflight", str(file)]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}  # a Windows pipe has another encoding, and no arrow
        run = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False, env=environment
        )
    if run.returncode:
        raise GradusError(run.stderr.strip() or "the check ended without a word")
    print(for_stdout(run.stdout), end="")


def _this_notebook(scratch: Path) -> Path:
    """The file of the notebook whose kernel this is: JupyterLab's, VS Code's, or Colab's as it is on the screen."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    if session.endswith(".ipynb"):
        return Path(session)
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None and "__vsc_ipynb_file__" in shell.user_ns:
        return Path(shell.user_ns["__vsc_ipynb_file__"])
    if "google.colab" in sys.modules:
        from google.colab import _message

        shown = _message.blocking_request("get_ipynb")["ipynb"]
        name = str(shown.get("metadata", {}).get("colab", {}).get("name", ""))
        file = scratch / (name if re.fullmatch(r"[\w .()-]+\.ipynb", name) else "notebook.ipynb")
        file.write_text(json.dumps(shown), encoding="utf-8")
        return file
    raise GradusError("which notebook is this? Name its file: gradus.preflight('ps1.ipynb').")


if __name__ == "__main__":  # what `preflight()` starts: the command line's packages may not be there (Colab)
    print_in_any_encoding()
    try:
        print(examine(Path(sys.argv[1])).as_text())
    except GradusError as refusal:
        sys.exit(printable(str(refusal)))
