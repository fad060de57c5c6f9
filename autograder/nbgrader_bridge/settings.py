"""How nbgrader's own programs are set up for Gradus: `nbgrader_config.py` and every course's own file call this."""

from __future__ import annotations

from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.settings import set_options


def configure(c: Config, course: Course) -> Config:
    """Set nbgrader's options in `c` for `course`, have nbgrader find and read submissions as we do, and return `c`.

    Every entrance (our command, nbgrader's command line, formgrader) has the same options, so all give the same marks.
    """
    from autograder.nbgrader_bridge import found_submissions  # noqa: F401  (tells nbgrader what there is)
    from autograder.nbgrader_bridge.readings import read_as_we_do

    read_as_we_do(course)
    return set_options(c, course)
