"""nbgrader's configuration, for `nbgrader` commands that are run in this folder.

The course folder is `autograder/course`; the environment variable GRADUS_COURSE names another. Each course folder also
gets an `nbgrader_config.py` of its own, for what is started there, as formgrader must be.
"""

from autograder.course import Course
from autograder.nbgrader_bridge.settings import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it while it reads this file)
configure(c, Course.from_environment())
