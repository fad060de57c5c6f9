"""A problem set whose questions changed after submissions were graded: the gradebook goes on with it.

nbgrader refuses ("Cannot add or remove cells"). Its tables hold what only people know: marks by hand, comments, extra
credit, extensions. Here the rows of this one problem set are brought to what it asks now, in one transaction and after
a copy of the whole file; then nbgrader takes it as it takes any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbformat import from_dict
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    TaskCell,
    new_uuid,
)
from sqlalchemy import delete, select

from autograder.course import Course
from autograder.gradebook.settings import store_of
from gradus.notebook.cells import is_answer, is_graded, is_locked, is_task, label_of, points_of
from gradus.notebook.form import read, source_of

_MIN_SOURCE = 40  # characters: what two cells with less text have in common proves nothing


@dataclass
class _Wanted:
    """The cells that a problem set has now, as nbgrader sorts them: the entries of a row, by name."""

    graded: dict[str, dict[str, Any]] = field(default_factory=dict)  # GradeCell or TaskCell, with "type"
    commented: dict[str, dict[str, Any]] = field(default_factory=dict)  # SolutionCell or TaskCell
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  # nbformat's
    full: dict[str, str] = field(default_factory=dict)  # with hidden tests

    @classmethod
    def of(cls, course: Course, problem_set: str) -> _Wanted:
        found = cls()
        for cell in map(from_dict, read(course.source_notebook(problem_set))["cells"]):
            if not label_of(cell):
                continue
            name, kind = cell.metadata.nbgrader["grade_id"], cell.cell_type
            points = {"cell_type": kind, "max_score": points_of(cell)}
            if is_graded(cell):
                found.graded[name] = {"type": GradeCell, **points}
            if is_answer(cell):
                found.commented[name] = {"type": SolutionCell}
            if is_task(cell):
                found.graded[name] = found.commented[name] = {"type": TaskCell, **points}
            if is_graded(cell) or is_answer(cell) or is_task(cell) or is_locked(cell):
                found.sources[name] = {"cell_type": kind}
                found.ids[name], found.full[name] = cell.get("id", ""), source_of(cell)
        return found


def migrate(course: Course, problem_set: str) -> list[str]:
    """Bring the recorded cells of a problem set to those that it has now. Submissions and students stay as they are.

    A cell is the same while it has its name; or, under another name, when it has the same nbformat id or the same text.
    What people entered for it is kept, whether it is marked by hand or by tests. What they entered for a cell that is
    no longer there is kept in the copy, and said.

    Returns:
        Sentences on what changed, for the instructor.

    Raises:
        GradusError: the copy could not be written; nothing has changed then.
    """
    wanted = _Wanted.of(course, problem_set)
    store = store_of(course)
    kept = store.copy_before(problem_set, course.root)
    said = []
    with Gradebook(store.address) as gradebook:
        db = gradebook.db()
        for notebook in gradebook.find_assignment(problem_set).notebooks:
            if notebook.name == problem_set:
                said = _bring_up_to_date(db, notebook, wanted, _ids_before(course, problem_set))
        db.commit()
    return [
        f"the questions of {problem_set} changed after submissions were graded ({''.join(said[:1])}): the gradebook "
        f"was brought up to date, and what people had entered is kept. {kept} is a copy of it as it was.",
        *said[1:],
    ]


def _bring_up_to_date(db: Any, notebook: Notebook, wanted: _Wanted, ids_before: dict[str, str]) -> list[str]:
    cells = list(notebook._base_cells)
    before = {cell.name for cell in cells} | {cell.name for cell in notebook.source_cells}
    renamed = _renamed(notebook, before, wanted, ids_before)
    _rename(db, notebook, renamed)

    # What people entered hangs on the cells; a cell of another kind and the same name takes it over.
    lost = _Lost()
    graded, commented = _rows(db, cells, Grade), _rows(db, cells, Comment)
    by_type = {(type(cell), cell.name): cell for cell in cells}
    new_cells: dict[tuple[type[BaseCell], str], BaseCell] = {}
    for name, row in [*wanted.graded.items(), *wanted.commented.items()]:
        key = (row["type"], name)
        if key not in new_cells:  # a task is graded and commented on, and one cell
            new_cells[key] = by_type.get(key) or _added(db, notebook, name, row)
    db.flush()
    grades_of = {name: new_cells[row["type"], name].id for name, row in wanted.graded.items()}
    comments_of = {name: new_cells[row["type"], name].id for name, row in wanted.commented.items()}
    for grade, name in graded:
        _move(db, grade, grades_of.get(name), lambda row=grade, name=name: lost.mark(name, row))
    for comment, name in commented:
        _move(db, comment, comments_of.get(name), lambda row=comment, name=name: lost.comment(name, row))
    db.flush()
    _fill(db, notebook, grades_of.values(), comments_of.values())

    kept_ids = {cell.id for cell in new_cells.values()}
    for cell in cells:
        if cell.id not in kept_ids:
            _delete_cell(db, cell)
    for source in list(notebook.source_cells):
        if source.name not in wanted.sources:
            db.execute(delete(SourceCell).where(SourceCell.id == source.id))
    there = {source.name for source in notebook.source_cells}
    for name, row in wanted.sources.items():
        if name not in there:
            db.add(SourceCell(id=new_uuid(), name=name, notebook_id=notebook.id, source="", locked=False, **row))
    db.flush()
    db.expire_all()
    return [_what_changed(before, wanted, renamed), *lost.said()]


def _renamed(notebook: Notebook, before: set[str], wanted: _Wanted, ids_before: dict[str, str]) -> dict[str, str]:
    """Which cells have another name now: the new name by the old one."""
    gone, come = before - set(wanted.sources), set(wanted.sources) - before
    sources = {source.name: source.source or "" for source in notebook.source_cells}
    found: dict[str, str] = {}
    for old in sorted(gone):
        same = [new for new in come if ids_before.get(old) and wanted.ids[new] == ids_before[old]]
        if not same and len(sources.get(old, "").strip()) >= _MIN_SOURCE:
            same = [new for new in come if wanted.full[new].strip() == sources[old].strip()]
        if len(same) == 1 and same[0] not in found.values():
            found[old] = same[0]
    return found


def _ids_before(course: Course, problem_set: str) -> dict[str, str]:
    """The nbformat ids of labelled cells when submissions were graded: a graded notebook has those of its release."""
    for path in sorted(course.root.glob(f"autograded/*/{problem_set}/{problem_set}.ipynb")):
        try:
            cells = json.loads(path.read_bytes())["cells"]
            return {label_of(cell): str(cell.get("id", "")) for cell in cells if label_of(cell)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return {}


def _rename(db: Any, notebook: Notebook, renamed: dict[str, str]) -> None:
    for row in [*notebook._base_cells, *notebook.source_cells]:
        row.name = renamed.get(row.name, row.name)
    db.flush()


def _rows(db: Any, cells: list[BaseCell], table: type[Any]) -> list[tuple[Any, str]]:
    """The grades, or the comments, of these cells, with the names of their cells."""
    names = {cell.id: cell.name for cell in cells}
    return [(row, names[row.cell_id]) for row in db.scalars(select(table).where(table.cell_id.in_(list(names))))]


def _added(db: Any, notebook: Notebook, name: str, row: dict[str, Any]) -> BaseCell:
    rest = {key: value for key, value in row.items() if key != "type"}
    cell: BaseCell = row["type"](id=new_uuid(), name=name, notebook_id=notebook.id, **rest)
    db.add(cell)
    return cell


def _move(db: Any, row: Any, cell_id: str | None, lost: Any) -> None:
    if cell_id is None:
        lost()
        db.delete(row)
    elif row.cell_id != cell_id:
        row.cell_id = cell_id


def _fill(db: Any, notebook: Notebook, graded: Iterable[str], commented: Iterable[str]) -> None:
    """Give every submission a row for each cell: an added question waits to be graded."""
    for submission in notebook.submissions:
        have = set(db.scalars(select(Grade.cell_id).where(Grade.notebook_id == submission.id)))
        db.add_all(Grade(cell_id=cell, notebook_id=submission.id) for cell in graded if cell not in have)
        have = set(db.scalars(select(Comment.cell_id).where(Comment.notebook_id == submission.id)))
        db.add_all(Comment(cell_id=cell, notebook_id=submission.id) for cell in commented if cell not in have)


def _delete_cell(db: Any, cell: BaseCell) -> None:
    kind = type(cell)
    db.execute(delete(kind.__table__).where(kind.__table__.c.id == cell.id))
    db.execute(delete(BaseCell.__table__).where(BaseCell.__table__.c.id == cell.id))


@dataclass
class _Lost:
    """What people entered for cells that are no longer there, as text."""

    by_cell: dict[str, list[str]] = field(default_factory=dict)

    def mark(self, name: str, grade: Grade) -> None:
        given = [] if grade.manual_score is None else [f"{grade.manual_score:g}"]
        given += [f"{grade.extra_credit:+g}"] if grade.extra_credit else []
        if given:
            self.by_cell.setdefault(name, []).append(f"{grade.notebook.student.id} {' '.join(given)}")

    def comment(self, name: str, comment: Comment) -> None:
        if comment.manual_comment:
            self.by_cell.setdefault(name, []).append(f"{comment.notebook.student.id} a comment")

    def said(self) -> list[str]:
        return [
            f"`{name}` is no longer asked; what people had entered for it is in that copy alone: {', '.join(entries)}."
            for name, entries in self.by_cell.items()
        ]


def _what_changed(before: set[str], wanted: _Wanted, renamed: dict[str, str]) -> str:
    now, old = set(wanted.sources), before - set(renamed)
    new = now - set(renamed.values())
    parts = [f"`{one}` is now `{other}`" for one, other in renamed.items()]
    parts += [f"`{name}` is new" for name in sorted(new - old)]
    parts += [f"`{name}` has gone" for name in sorted(old - new)]
    return ", ".join(parts) or "some are now marked in another way"
