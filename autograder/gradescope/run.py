"""What runs in Gradescope's container: one submission is graded as in a class of one, and `results.json` written.

    python -m autograder.gradescope.run /autograder

Gradescope puts what a student handed in into `submission/`, and reads `results/results.json`. Where that is missing it
tells student and instructor that the autograder failed, and gives no mark: so it is where the grader cannot grade.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from autograder.collecting.placing import place
from autograder.collecting.platforms import Handed, Who
from autograder.collecting.sources import Refused, files_in
from autograder.course import REPOSITORY, Course
from autograder.exporting.gradescope import results_of
from autograder.exporting.marks import ClassMarks
from autograder.files.writing import write_result
from autograder.gradescope.pack import SETTINGS
from autograder.grading.grade import RunOptions, grade
from gradus.errors import GradusError
from gradus.printable import on_one_line

_STUDENT = "student"  # there is but one in a container
_PLATFORM = "Gradescope"


def main(root: Path) -> int:
    """Grade what lies in `root/submission`; 0 when its result is written."""
    try:
        said = json.loads((REPOSITORY / SETTINGS).read_bytes())
        course, problem_set = Course.from_environment(), str(said["problem_set"])
        left_out = _hand_in(course, problem_set, root / "submission")
        report = grade(course, problem_set, RunOptions(workers=1, feedback=False, sandbox=bool(said["sandbox"])))
        if report.failures:
            raise GradusError(f"{report.failures[0]}.")
        marks = ClassMarks.of(report.as_dict())
        results = results_of(marks.marks[0], marks)
        results["output"] = "\n".join(filter(None, [*left_out, results["output"]]))
        (root / "results").mkdir(exist_ok=True)
        write_result(root / "results" / "results.json", json.dumps(results, ensure_ascii=False).encode())
    except GradusError as error:
        print(f"gradus: {error}", file=sys.stderr)
        return 2
    return 0


def _hand_in(course: Course, problem_set: str, folder: Path) -> list[str]:
    """Put the files where the grader looks for them; sentences on those that are not taken."""
    with tempfile.TemporaryDirectory(prefix="gradus-gradescope-") as copies:
        handed, said = [], []
        for file in files_in(folder, Path(copies)):
            name = "/".join(file.parts)
            if isinstance(file, Refused):
                said.append(f"{on_one_line(name)} {file.reason}.")
            else:
                handed.append(Handed(Who(_STUDENT), name, file, _PLATFORM))
        course.submitted_notebook(_STUDENT, problem_set).parent.mkdir(parents=True, exist_ok=True)
        place(course, _STUDENT, problem_set, handed, "", pretend=False)
    return said


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
