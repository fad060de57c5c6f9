"""A student's result as Gradescope's autograder reads it: `results.json`, a test a question."""

from __future__ import annotations

from typing import Any

from autograder.exporting.marks import ClassMarks, Mark


def results_of(mark: Mark, marks: ClassMarks) -> dict[str, Any]:
    """The content of `results.json`.

    What was taken off for being late is a test with a negative score, so that the sum is what the student gets. What
    waits for a person counts nothing yet, and is said.
    """
    tests = [_test(name, points, mark) for name, points in marks.points.items()]
    if mark.late_penalty:
        tests.append({"name": "Late", "score": -mark.late_penalty, "max_score": 0, "output": "Handed in late."})
    said = [*mark.problems]
    if mark.score is None:
        said.append("Written answers are still to be marked.")
    return {
        "score": mark.score if mark.score is not None else max(mark.raw_score - mark.late_penalty, 0.0),
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    }


def _test(name: str, points: float, mark: Mark) -> dict[str, Any]:
    given = mark.questions.get(name)
    text = mark.verdicts.get(name, "")
    if given is None:
        text = "To be marked by hand."
    return {
        "name": name,
        "score": given or 0.0,
        "max_score": points,
        "output": text,
        "output_format": "text",
        "visibility": "visible",
    }
