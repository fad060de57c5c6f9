"""What `gradus export` writes, and what it says of whom it could not place."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.collecting.roster import Roster
from autograder.exporting.gradescope import results_of
from autograder.exporting.marks import ClassMarks
from autograder.exporting.tables import Filled, Platform, as_table, fill
from autograder.files.writing import write_result
from gradus.errors import GradusError
from gradus.printable import some_of


def write_filled(
    marks: ClassMarks, listed: Path, platform: Platform, roster: Roster | None, column: str, target: Path
) -> tuple[list[str], bool]:
    """Write a platform's list with the marks to `target`; sentences on it, and whether nobody was left out."""
    if not listed.is_file():
        raise GradusError(f"{listed} is not there: export {platform.name}'s list of marks, and give that.")
    if target.exists() and target.samefile(listed):
        raise GradusError(f"{target} is the list itself; write to another file.")
    filled = fill(marks, listed, platform, roster, column)
    write_result(target, b"\xef\xbb\xbf" + filled.text.encode())
    said = [f"{target}: {len(marks.marks) - len(filled.unlisted)} marks, for {platform.name}.", *_said(filled)]
    return said, not filled.unlisted


def _said(filled: Filled) -> list[str]:
    said = []
    if filled.unlisted:
        said.append(f"With a mark, and in no line of the list: {some_of(filled.unlisted)}.")
    if filled.unknown:
        said.append(f"In the list, and without a mark: {some_of(filled.unknown)}.")
    if filled.waiting:
        said.append(f"Left empty, since written answers are to be marked: {some_of(filled.waiting)}.")
    return said


def write_table(marks: ClassMarks, target: Path) -> list[str]:
    write_result(target, b"\xef\xbb\xbf" + as_table(marks).encode())
    waiting = f", {len(marks.waiting)} not whole yet" if marks.waiting else ""
    return [f"{target}: {len(marks.marks)} students{waiting}."]


def write_results(marks: ClassMarks, folder: Path) -> list[str]:
    """A file `<student>/results.json` each."""
    for mark in marks.marks:
        path = folder / mark.student / "results.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_result(path, (json.dumps(results_of(mark, marks), indent=1, ensure_ascii=False) + "\n").encode())
    return [f"{folder}: results.json of {len(marks.marks)} students."]
