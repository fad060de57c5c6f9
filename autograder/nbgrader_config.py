"""nbgrader's configuration: run `nbgrader` in this folder, or give JupyterLab `JUPYTER_CONFIG_PATH=autograder`.

The course folder is `autograder/course`; the environment variable GRADUS_COURSE names another. A course that lies
elsewhere can also carry its own `nbgrader_config.py` with these lines and a `Course` of its own.
"""

from autograder.course import Course
from autograder.nbgrader_bridge.settings import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it while it reads this file)
configure(c, Course.from_environment())
