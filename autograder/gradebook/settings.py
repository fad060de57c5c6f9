"""nbgrader's options for a course: ours, which every entrance has, and those of the instructor."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import Course
from autograder.feedback.template import TEMPLATE, TEMPLATES
from autograder.files.writing import write_whole
from autograder.gradebook.store import FileStore, Store, store_at
from gradus.errors import GradusError

if TYPE_CHECKING:
    from autograder.gradebook.late import LatePenalties

NEVER_COPIED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "variants"]
STUB = "# YOUR CODE HERE\nraise NotImplementedError"
OWN_FILE = "nbgrader_config.py"
_OWN_CONFIG = '''\
"""nbgrader's configuration for this course, written by `gradus grade` where there was none; add options below.

With it, `nbgrader autograde` and formgrader, started in this folder, grade as `gradus grade` does. Without it nbgrader
would run submissions with all the rights of your account, and would not know what the hidden questions ask for.
"""

from pathlib import Path

from autograder.course import Course
from autograder.nbgrader_bridge.settings import configure

c = get_config()
configure(c, Course(Path(__file__).parent{folders}))
'''


def set_options(c: Config, course: Course) -> Config:
    """Set nbgrader's options in `c` for `course`, prepare the environment that nbgrader expects, and return `c`.

    What of ours nbgrader is to load is named by its path, as nbgrader's own configuration does: it is imported when
    nbgrader makes one, and this room knows no more of it.
    """
    _find_our_programs()
    warnings.filterwarnings("ignore", "Object of type <Submitted", module="nbgrader")  # SQLAlchemy, of nbgrader's ways
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.db_url = course.gradebook_url  # nbgrader would take a `?` in the path for options
    # Relative, because formgrader makes links of them, and nbgrader escapes `root` but not these in its patterns.
    c.CourseDirectory.source_directory = os.path.relpath(course.solutions, course.root)
    c.CourseDirectory.release_directory = os.path.relpath(course.exercises, course.root)
    c.CourseDirectory.ignore = NEVER_COPIED

    c.ClearSolutions.code_stub = {"python": STUB}
    c.GenerateAssignment.exporter_class = "autograder.nbgrader_bridge.exporters.ReleaseExporter"
    c.Autograde.exporter_class = "autograder.nbgrader_bridge.exporters.SubmissionExporter"
    c.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_bridge.stage.Grade",
        "nbgrader.preprocessors.SaveAutoGrades",
        "autograder.gradebook.late.CarefulPenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.HTMLExporter.filters = {  # formgrader's
        "highlight_code": "autograder.feedback.code_shown.highlighted",
        "strip_files_prefix": "autograder.feedback.code_shown.as_it_is",
    }
    c.FeedbackExporter.template_name = TEMPLATE
    c.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    c.FeedbackExporter.exclude_anchor_links = True
    c.GenerateFeedback.preprocessors = ["autograder.nbgrader_bridge.given_marks.GivenMarks"]
    c.GenerateFeedback.exporter_class = "autograder.feedback.pages.FeedbackExporter"
    c.ExchangeFactory.release_feedback = "autograder.nbgrader_bridge.released_feedback.ReleaseFeedback"
    return c


def nbgrader_options(course: Course) -> Config:
    """nbgrader's options for `course`: ours, and what the course folder's own nbgrader_config.py adds.

    It is written where there is none: nbgrader's own pages say that its command is to be started in that folder.

    Raises:
        GradusError: that file fails.
    """
    config = set_options(Config(), course)
    own = course.root / OWN_FILE
    if not own.exists():
        write_whole(own, _own_config(course).encode())
    if not has_own_options(course):
        return config
    try:
        config.merge(PyFileConfigLoader(str(own)).load_config())  # with a `path` it would expand variables in it
    except Exception as error:
        raise GradusError(f"{own} fails with {type(error).__name__}: {error}; mend it.") from None
    return config


def has_own_options(course: Course) -> bool:
    """Whether the course folder's nbgrader_config.py may set more than we do: it is not as we write it."""
    try:
        return (course.root / OWN_FILE).read_bytes() != _own_config(course).encode()
    except OSError:
        return True


def store_of(course: Course) -> Store:
    """Where the gradebook is: in the course folder, unless its nbgrader_config.py sets nbgrader's `db_url`.

    Raises:
        GradusError: that file fails, or names what cannot hold a gradebook.
    """
    if not (course.root / OWN_FILE).exists() or not has_own_options(course):
        return FileStore(course.gradebook)
    return store_at(nbgrader_options(course).CourseDirectory.db_url, course.root)


def course_zone(config: Config) -> str:
    """The time zone that the instructor has set for nbgrader; "" for none."""
    zones = (config.get(section, {}).get("timezone") for section in ("NbGraderAPI", "Exchange"))
    return next((zone for zone in zones if isinstance(zone, str)), "")


def late_penalties(course: Course, config: Config) -> LatePenalties | None:
    """What the instructor takes off for being late; nbgrader takes nothing off unless it is told to."""
    if not has_own_options(course):
        return None
    from autograder.gradebook.late import LatePenalties

    return LatePenalties(config)


def _own_config(course: Course) -> str:
    usual = Course(course.root)
    if (course.solutions, course.exercises) == (usual.solutions, usual.exercises):
        return _OWN_CONFIG.format(folders="")
    return _OWN_CONFIG.format(folders=f", Path({str(course.solutions)!r}), Path({str(course.exercises)!r})")


def _find_our_programs() -> None:
    """nbgrader starts `alembic` by name and Jupyter looks for the kernel `python3`: both must be this environment's."""
    _put_first("PATH", Path(sys.executable).parent)
    _put_first("JUPYTER_PATH", Path(sys.prefix) / "share" / "jupyter")


def _put_first(variable: str, folder: Path) -> None:
    others = [entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry and entry != str(folder)]
    os.environ[variable] = os.pathsep.join([str(folder), *others])
