"""What became of the labelled cells of a problem set since they were handed out."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from gradus.hand_in.findings import Finding, cell_name
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook
from gradus.notebook.frame import ReleasedFrame, digest_of


def frame_findings(notebook: Notebook, frame: ReleasedFrame | None, own: ReleasedFrame | None = None) -> list[Finding]:
    """What became of the labelled cells, in the order in which they were handed out.

    Args:
        frame: of the problem set as it is released today.
        own: the frame that the notebook carries; what was mended, added or dropped since then is nobody's fault.
    """
    cells = notebook["cells"]
    labels = [label_of(cell) for cell in cells]
    findings: list[Finding] = []
    for label, count in Counter(filter(None, labels)).items():
        if count > 1:
            where = " and ".join(cell_name(cells, index) for index, other in enumerate(labels) if other == label)
            cure = "delete the copies that you do not want graded, or take the label out of their metadata."
            findings.append(Finding("problem", where, f"the label `{label}` is there {count} times.", cure))
    if frame is None:
        what = "it does not say which cells were handed out, so a missing one would not be noticed."
        cure = "keep its name (ps1.ipynb), and let gradus lie beside the folder exercises/ it came with."
        kind: Literal["problem", "note"] = "note" if any(labels) else "problem"
        return [*findings, Finding(kind, "the notebook", what, cure)]

    renamed = _renamed(cells, labels, frame)
    then = {known.label: known.digest for known in own.cells} if own and own.name == frame.name else {}
    unlabelled: list[int] = []
    mended: list[int] = []
    for known in frame.cells:
        original = f"the {known.called} `{known.label}` of {frame.name} as it was handed out"
        if known.label in renamed:
            index = renamed[known.label]
            if not labels[index] and cells[index].get("id") == known.cell_id:
                unlabelled.append(index)
                continue
            now = f"called `{labels[index]}`" if labels[index] else "without a label"
            cure = f"in the cell's metadata, set nbgrader's grade_id to `{known.label}`, or paste {original}."
            what = f"this {known.called} was handed out as `{known.label}` and is now {now}."
            findings.append(Finding("problem", cell_name(cells, index), what, cure))
            continue
        if known.label not in labels:
            after = _before(known.label, frame, labels)
            place = f"below `{after}`" if after else "at the top"
            gone = "is missing" if known.label in then or not then else "was added after this notebook was handed out"
            what = f"the {known.called} `{known.label}` {gone}; it belongs {place}."
            findings.append(Finding("problem", "the notebook", what, f"copy {original} and paste it {place}."))
            continue
        index = labels.index(known.label)
        if cells[index].get("cell_type") != known.kind:
            what = f"it has become a {cells[index].get('cell_type')} cell."
            findings.append(Finding("problem", cell_name(cells, index), what, f"make it a {known.kind} cell again."))
        elif known.sort != "answer" and (digest := digest_of(cells[index])) != known.digest:
            if digest == then.get(known.label):
                mended.append(index)
                continue
            what = "its text was changed; the grader runs the one that was handed out."
            findings.append(Finding("note", cell_name(cells, index), what, f"to see what it says, paste {original}."))
    if mended:
        where = _first_of(mended, cells)
        what = (
            f"{frame.name} was mended after this notebook was handed out; the grader runs its tests as they are today."
        )
        findings.append(Finding("note", where, what, "you need not do anything; a fresh copy shows what is new."))
    if unlabelled:
        where = _first_of(unlabelled, cells)
        what = "an editor has taken the label off; the grader still knows the cell by its id."
        cure = "hand it in as it is, and do not copy or retype such a cell: the copy has another id."
        findings.append(Finding("note", where, what, cure))
    handed_out = {known.label for known in frame.cells}
    for index, label in enumerate(labels):
        if label and label not in handed_out and label not in then and index not in renamed.values():
            cure = "take the label out of its metadata; your own cells need none."
            findings.append(
                Finding("note", cell_name(cells, index), f"no `{label}` was handed out in {frame.name}.", cure)
            )
    return findings


def _first_of(indices: list[int], cells: list[Notebook]) -> str:
    """The first of some cells by its name, and how many more there are."""
    return cell_name(cells, indices[0]) + (f" and {len(indices) - 1} more" if len(indices) > 1 else "")


def _renamed(cells: list[Notebook], labels: list[str], frame: ReleasedFrame) -> dict[str, int]:
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


def _before(label: str, frame: ReleasedFrame, labels: list[str]) -> str:
    """The last cell handed out before `label` that is still there; "" when there is none."""
    order = [known.label for known in frame.cells]
    earlier = [other for other in order[: order.index(label)] if other in labels]
    return earlier[-1] if earlier else ""
