"""Is this notebook fit to hand in? Its cells against those that were handed out, and a run from top to bottom."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from gradus.errors import GradusError
from gradus.frames import Frame, digest_of, frame_of, label_of, recorded_frame
from gradus.fresh_run import INSIDE, cell_name, run_findings
from gradus.notebooks import Notebook, read


@dataclass(frozen=True)
class Finding:
    """One thing that was found: where, what, and the cure. Only a "problem" makes the notebook unfit."""

    kind: Literal["problem", "note"]
    where: str
    what: str
    cure: str


@dataclass(frozen=True)
class Report:
    """What was found in one notebook; it is fit to hand in when no finding is a problem."""

    notebook: str
    problem_set: str
    findings: tuple[Finding, ...]
    ran: bool
    seconds: float

    @property
    def fit(self) -> bool:
        return all(finding.kind == "note" for finding in self.findings)

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "fit": self.fit}

    def as_text(self) -> str:
        """A few lines for each finding, and the verdict."""
        blocks = [f"{f.kind}: {f.where}: {f.what}\n  → {f.cure}" for f in self.findings]
        problems = sum(finding.kind == "problem" for finding in self.findings)
        unanswered = sum("not answered" in finding.what for finding in self.findings)
        ran = f"it runs from top to bottom ({self.seconds:.0f} s)" if self.ran else "it was not run"
        verdict = f"every labelled cell of {self.problem_set or 'the notebook'} is there once, and {ran}."
        but = (
            f", with {unanswered} not answered yet" if unanswered else ", see the notes above" if self.findings else ""
        )
        last = f"Not fit yet: {problems} to mend." if problems else f"Fit to hand in{but}: {verdict}"
        return "\n".join([*blocks, last])


def examine(
    path: Path, run: bool = True, seconds: float = 600, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Check the notebook in `path`.

    Args:
        run: execute a copy of it in a fresh kernel, in its own folder; the file itself is not changed.
        seconds: limit of the whole run.
        progress: called with the number of cells done and of all.

    Raises:
        GradusError: there is no such file, it is not a notebook, or a run is asked and nbclient is not installed.
    """
    started = time.perf_counter()
    notebook = read(path)
    for number, cell in enumerate(notebook["cells"], start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("source"), (str, list)) or "cell_type" not in cell:
            raise GradusError(f"{path}: cell {number} is damaged; open and save the notebook once in JupyterLab.")
    frame = frame_for(path, notebook)
    findings = [Finding(*found) for found in _frame_findings(notebook, frame)]
    if run:
        findings += [Finding(*found) for found in run_findings(notebook, path, seconds, progress)]
    name = frame.name if frame else ""
    return Report(str(path), name, tuple(findings), run, round(time.perf_counter() - started, 1))


def frame_for(path: Path, notebook: Notebook) -> Frame | None:
    """The frame that `path` has to fill: of the released notebook in `exercises/`, else the one that it carries."""
    own = recorded_frame(notebook)
    name = own.name if own else path.stem
    project = Path(__file__).resolve().parent.parent
    for folder in (*path.resolve().parents, project):
        released = folder / "exercises" / name / f"{name}.ipynb"
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
            print(f"{file.name} was saved {age / 60:.0f} minutes ago; what you changed since is not checked.")
        command = [sys.executable, "-m", "gradus.handing_in", str(file)]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode:
        raise GradusError(run.stderr.strip() or "the check ended without a word")
    print(run.stdout, end="")


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

        file = scratch / "notebook.ipynb"
        file.write_text(json.dumps(_message.blocking_request("get_ipynb")["ipynb"]), encoding="utf-8")
        return file
    raise GradusError("which notebook is this? Name its file: gradus.preflight('ps1.ipynb').")


Found = tuple[Literal["problem", "note"], str, str, str]


def _frame_findings(notebook: Notebook, frame: Frame | None) -> list[Found]:
    """What became of the labelled cells, in the order in which they were handed out."""
    cells = notebook["cells"]
    labels = [label_of(cell) for cell in cells]
    findings: list[Found] = []
    for label, count in Counter(filter(None, labels)).items():
        if count > 1:
            where = " and ".join(cell_name(cells, index) for index, other in enumerate(labels) if other == label)
            cure = "delete the copies that you do not want graded, or take the label out of their metadata."
            findings.append(("problem", where, f"the label `{label}` is there {count} times.", cure))
    if frame is None:
        what = "it does not say which cells were handed out, so a missing one would not be noticed."
        cure = "keep its name (ps1.ipynb), and let gradus lie beside the folder exercises/ it came with."
        kind: Literal["problem", "note"] = "note" if any(labels) else "problem"
        return [*findings, (kind, "the notebook", what, cure)]

    renamed = _renamed(cells, labels, frame)
    for known in frame.cells:
        original = f"the {known.called} `{known.label}` of {frame.name} as it was handed out"
        if known.label in renamed:
            index = renamed[known.label]
            now = f"called `{labels[index]}`" if labels[index] else "without a label"
            cure = f"in the cell's metadata, set nbgrader's grade_id to `{known.label}`, or paste {original}."
            what = f"this {known.called} was handed out as `{known.label}` and is now {now}."
            findings.append(("problem", cell_name(cells, index), what, cure))
            continue
        if known.label not in labels:
            after = _before(known.label, frame, labels)
            place = f"below `{after}`" if after else "at the top"
            what = f"the {known.called} `{known.label}` is missing; it belongs {place}."
            findings.append(("problem", "the notebook", what, f"copy {original} and paste it {place}."))
            continue
        index = labels.index(known.label)
        if cells[index].get("cell_type") != known.kind:
            what = f"it has become a {cells[index].get('cell_type')} cell."
            findings.append(("problem", cell_name(cells, index), what, f"make it a {known.kind} cell again."))
        elif known.sort != "answer" and digest_of(cells[index]) != known.digest:
            what = "its text was changed; the grader runs the one that was handed out."
            findings.append(("note", cell_name(cells, index), what, f"to see what it says, paste {original}."))
    handed_out = {known.label for known in frame.cells}
    for index, label in enumerate(labels):
        if label and label not in handed_out and index not in renamed.values():
            cure = "take the label out of its metadata; your own cells need none."
            findings.append(("note", cell_name(cells, index), f"no `{label}` was handed out in {frame.name}.", cure))
    return findings


def _renamed(cells: list[Notebook], labels: list[str], frame: Frame) -> dict[str, int]:
    """Missing label to the index of the cell that had it: known by its id, or by its text."""
    handed_out = {known.label for known in frame.cells}
    strangers = [index for index, label in enumerate(labels) if label not in handed_out]
    found: dict[str, int] = {}
    for known in frame.cells:
        if known.label in labels:
            continue
        for index in strangers:
            same_text = digest_of(cells[index]) == known.digest
            if index not in found.values() and (cells[index].get("id") == known.cell_id or same_text):
                found[known.label] = index
                break
    return found


def _before(label: str, frame: Frame, labels: list[str]) -> str:
    """The last cell handed out before `label` that is still there; "" when there is none."""
    order = [known.label for known in frame.cells]
    earlier = [other for other in order[: order.index(label)] if other in labels]
    return earlier[-1] if earlier else ""


if __name__ == "__main__":  # what `preflight()` starts: the command line's packages may not be there (Colab)
    try:
        print(examine(Path(sys.argv[1])).as_text())
    except GradusError as refusal:
        sys.exit(str(refusal))
