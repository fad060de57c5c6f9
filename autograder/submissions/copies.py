"""The cells of a submission that are copies of a released cell: by label, by id, by text."""

from __future__ import annotations

from autograder.submissions.release_index import ReleaseIndex, SubmittedCell, as_text
from autograder.submissions.sources import bare


def find_copies(submitted: list[SubmittedCell], release: ReleaseIndex) -> tuple[dict[str, list[int]], bool]:
    """For each label the indices of its copies, in order; and whether no label and no id was there to go by.

    An id counts for a label that no cell has, a text for one that has no id either. Answer cells as they were handed
    out are told by their text in any case.
    """
    copies: dict[str, list[int]] = {}
    unlabelled = []
    for index, cell in enumerate(submitted):
        if cell.label in release.frame:
            copies.setdefault(cell.label, []).append(index)
        else:
            unlabelled.append(index)
    labelled, rest = set(copies), []
    for index in unlabelled:
        label = release.label_by_id.get(submitted[index].cell_id)
        if label and label not in labelled:
            copies.setdefault(label, []).append(index)
        else:
            rest.append(index)
    known = set(copies)
    for index in rest:
        label = _by_text(submitted[index], release, known, set(copies))
        if label:
            copies.setdefault(label, []).append(index)
    return {label: sorted(indices) for label, indices in copies.items()}, not known


def _by_text(cell: SubmittedCell, release: ReleaseIndex, known: set[str], taken: set[str]) -> str | None:
    """The label of the code cell whose text this is; of two with one text, the first that has not been found yet."""
    source = cell.source
    if cell.kind != "code" or not source or not release.is_short(source):
        return None
    locked = [label for label in release.locked_by_text.get(as_text(source), ()) if label not in known]
    if locked:
        return next((label for label in locked if label not in taken), locked[-1])
    return release.label_by_stub.get(bare(source))
