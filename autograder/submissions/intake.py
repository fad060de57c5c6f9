"""From the bytes that were handed in to a notebook that can be graded, or a reason why there is none.

Of a submission only this is taken: the type, the source, the nbgrader label and the id of each cell, and pictures
inside text cells. Outputs, tags, kernel, schema versions and all other metadata come from the released notebook, so
they cannot upset nbgrader or change a mark.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.submissions.handed_out import frame_in
from autograder.submissions.rebuild import blank, rebuild
from autograder.submissions.recognise import recognise
from autograder.submissions.release_index import SubmittedCell, index_of
from gradus.notebook.files import NOTHING, instead, loaded
from gradus.notebook.frame import recorded_frame
from gradus.printable import on_one_line

MAX_BYTES = 32_000_000
MAX_CELLS = 1_000
_WORDY = 200  # characters of JSON in which an answer may be
_NAME = re.compile(r"[\w.-]{1,50}")  # of a problem set


class UnreadableError(Exception):
    """Nothing can be graded; the message tells the student why and what to do.

    Args:
        unread: a person may be able to read what is there, so written answers wait for one.
    """

    def __init__(self, message: str, unread: bool = False) -> None:
        super().__init__(message)
        self.unread = unread


@dataclass(frozen=True)
class Parsed:
    """The cells of a notebook; the name of the problem set whose frame it carries, and that frame's labels."""

    cells: list[SubmittedCell]
    carries: str = ""
    labels: frozenset[str] = frozenset()


def take_in(path: Path, below: Path, released: NotebookNode) -> NotebookNode:
    """The submission in `path` put into the frame of the released notebook; never raises for what the file holds.

    `metadata["gradus"]` of the result has `problems`, sentences for the student, and `readable`. When it is not
    readable the notebook is the released one. `path` must not pass through a link below the folder `below`.
    """
    return framed(handed_in(path, below), path.name, released)


def handed_in(path: Path, below: Path) -> bytes | UnreadableError:
    """The content of a submission's file, or why it is not to be had; `path` and `below` as for `take_in`."""
    try:
        return read_bytes(path, below)
    except UnreadableError as reason:
        return reason


def framed(
    content: bytes | UnreadableError,
    name: str,
    released: NotebookNode,
    notes: tuple[str, ...] = (),
    problem_set: str = "",
) -> NotebookNode:
    """The notebook in `content` put into the frame of the released one, as `take_in` does.

    Args:
        name: of the file. `problem_set` is called like it unless it is given.
        notes: sentences on which file this is; they come before what is said of its cells.
    """
    problem_set = problem_set or Path(name).stem
    try:
        if isinstance(content, UnreadableError):
            raise content
        notebook = parsed(content, name)
        if other := other_set(notebook, released, problem_set):
            raise UnreadableError(
                f"{name} is the notebook of {other}, not of {problem_set}: hand in {problem_set}.ipynb"
            )
        return rebuild(notebook.cells, released, problem_set, notes, frame_in(content))
    except UnreadableError as reason:
        return blank(released, [*notes, str(reason)], reason.unread)


def other_set(notebook: Parsed, released: NotebookNode, problem_set: str) -> str:
    """The name of the problem set that a notebook belongs to, if that is another one; else "".

    The cells decide where the frame that it carries has another name: a problem set may have been renamed.
    """
    if notebook.carries in ("", problem_set):
        return ""
    release = index_of(released)
    known = set(recognise(notebook.cells, release).claims.values())
    return notebook.carries if known <= notebook.labels and 2 * len(known) < len(release.frame) else ""


def read_bytes(path: Path, below: Path) -> bytes:
    """The content of a plain file.

    Raises:
        UnreadableError: a link on the way from `below`, not a plain file, too large, or not permitted.
    """
    name = on_one_line(path.name)
    steps = [path, *path.parents]
    if any(step.is_symlink() for step in steps[: steps.index(below)]):
        raise UnreadableError(f"{name} was handed in as a link, not as a file. Hand in the notebook itself.")
    try:
        # Without O_NONBLOCK, opening a pipe would wait for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError(f"{name} is not a plain file. Hand in the notebook itself.")
            if status.st_size > MAX_BYTES:
                raise UnreadableError(
                    f"{name} is {status.st_size / 1e6:.0f} MB, more than the {MAX_BYTES / 1e6:.0f} MB allowed. "
                    "Clear all outputs, save, and hand in again.",
                    unread=True,
                )
            return file.read(MAX_BYTES)
    except OSError as error:
        what = f"{name} could not be read ({error.strerror}). Hand it in again."
        raise UnreadableError(what, unread=not path.is_dir()) from None


def parsed(data: bytes, name: str) -> Parsed:
    """The notebook in `data`.

    Raises:
        UnreadableError: `data` is not a notebook; the message names the file by `name`.
    """
    if not data.strip(NOTHING):
        raise UnreadableError(f"{name} is empty. Save the notebook and hand it in again.")
    try:
        raw = loaded(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{name} is {instead(data, error)}", unread=True) from None
    raw_cells = [cell for cell in _raw_cells(raw, name) if isinstance(cell, dict)]
    if len(raw_cells) > MAX_CELLS:
        raise UnreadableError(f"{name} has {len(raw_cells)} cells, more than the {MAX_CELLS} allowed.", unread=True)
    cells = [_cell(cell) for cell in raw_cells]
    frame = recorded_frame(raw)
    if frame is None or not _NAME.fullmatch(frame.name):
        return Parsed(cells)
    return Parsed(cells, frame.name, frozenset(cell.label for cell in frame.cells))


def _raw_cells(raw: Any, name: str) -> list[Any]:
    """The list of cells, from the formats 2 and 3 of nbformat too."""
    if isinstance(raw, dict) and raw.get("nbformat") in (2, 3):
        try:
            raw = nbformat.reads(json.dumps(raw), as_version=4)
        except Exception:  # nbformat's old converters raise whatever the odd file makes them stumble over
            raw = None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise UnreadableError(
            f"{name} is JSON but not a notebook: it has no cells. Hand in the file that Jupyter saved.",
            unread=len(json.dumps(raw)) > _WORDY,
        )
    return raw["cells"]


def _cell(raw: dict[str, Any]) -> SubmittedCell:
    kind = raw.get("cell_type")
    nbgrader = _mapping(_mapping(raw.get("metadata")).get("nbgrader"))
    return SubmittedCell(
        kind=kind if kind in ("code", "markdown") else "raw",
        source=_text(raw.get("source")),
        label=_text(nbgrader.get("grade_id")),
        cell_id=_text(raw.get("id")),
        attachments=_attachments(raw.get("attachments")),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A string, or a list of strings joined; anything else is "". Half characters become question marks."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _attachments(value: Any) -> dict[str, dict[str, str]]:
    """Pictures pasted into a text cell, by file name and type, base64."""
    pictures = {}
    for name, by_type in _mapping(value).items():
        kept = {kind: _text(data) for kind, data in _mapping(by_type).items() if kind.startswith("image/")}
        if kept:
            pictures[_text(name)] = kept
    return pictures
