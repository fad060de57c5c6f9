"""What a hidden test of the stock course calls, inside the student's kernel: nbgrader has no other place for it.

It asks the same questions with the same seed as our grader, of the submission and of the solution, and gives the mark
as a float, which stock nbgrader takes for the score of the cell. The solution's answers cost hundredths of a second.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from autograder.answers.stream import run_test
from autograder.judging.judge import judge

_reference: dict[str, Any] = {}


def share(facts: str, question: str, namespace: dict[str, Any]) -> float:
    """The mark of one question, within [0, its points].

    Args:
        facts: a JSON file with `seed`, `solution` (Python that defines the reference) and, by question, the `visible`
            lines of its test cell, which cost nothing when they fail, its hidden `tests` and its `points`.
        question: the grade_id of the test cell.
        namespace: the kernel's own.
    """
    known = json.loads(Path(facts).read_text(encoding="utf-8"))
    if not _reference:
        exec(compile(known["solution"], "<solution>", "exec"), _reference)
    try:
        exec(compile(known["visible"][question], "<visible>", "exec"), namespace)
    except Exception:
        traceback.print_exc(file=sys.stdout)
    streams = []
    for names in (_reference, namespace):
        frames: list[bytes] = []
        run_test(known["tests"][question], names, known["seed"], frames.append, question=question)
        streams.append(frames)
    return judge(*streams, known["points"][question]).score
