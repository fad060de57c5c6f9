"""The marks for nbgrader's `generate_feedback`, with what waits for a person told apart from a mark of 0."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades


class GivenMarks(GetGrades):
    """Replaces nbgrader's `GetGrades`, which puts 0 where there is no mark yet: here it is None."""

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(
            cell.metadata.nbgrader.grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        if grade.auto_score is None and grade.manual_score is None:
            cell.metadata.nbgrader["score"] = None
