"""`python -m autograder.sample_class COURSE`: hand in the sample class to the course folder COURSE."""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.course import Course
from autograder.sample_class import make_sample_class


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    course = Course(Path(sys.argv[1]))
    handed_in = make_sample_class(course.released_notebook("ps4"), course.submitted)
    print(f"{len(handed_in)} sample submissions in {course.submitted}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
