"""JupyterHub's options for a course; who logs in how, and where servers run, is each hub's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

from autograder.course import Course

SETTINGS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class CourseHub:
    """A course on a hub.

    `exchange` is nbgrader's folder between the class and the course. `settings` holds the folders `everyone` and
    `students` of this room, where students' servers can read them. `account` is the system's user who owns the course
    folder and grades, "" for whoever starts the hub. The course's server listens on `port` of this machine.
    """

    course: Course
    exchange: Path
    instructors: Sequence[str]
    students: Sequence[str]
    port: int
    course_id: str = "gradus"
    settings: Path = SETTINGS
    account: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What `everyone/nbgrader_config.py` reads, and where Jupyter finds it."""
        return {
            "GRADUS_COURSE_ID": self.course_id,
            "GRADUS_EXCHANGE": str(self.exchange),
            "JUPYTER_CONFIG_PATH": str(self.settings / "everyone"),
        }


def configure(c: Config, hub: CourseHub) -> Config:
    """Set JupyterHub's options in `c` for the course of `hub`, and return `c`.

    Everybody has a server with nbgrader's Assignment List and Validate. Formgrader is in the course's own server, which
    starts in the course folder, and which the group `formgrade-<course_id>` alone may open.
    """
    teaching = f"formgrade-{hub.course_id}"
    c.JupyterHub.load_groups = {
        teaching: {"users": list(hub.instructors)},
        f"nbgrader-{hub.course_id}": {"users": list(hub.students)},
    }
    c.JupyterHub.load_roles = [
        {"name": "formgrader", "groups": [teaching], "scopes": [f"access:services!service={hub.course_id}"]}
    ]
    c.JupyterHub.services = [_course_server(hub)]
    paths = [str(hub.settings / "students"), hub.environment["JUPYTER_CONFIG_PATH"]]
    c.Spawner.environment = hub.environment | {"JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}
    c.Spawner.default_url = "/lab"
    return c


def _course_server(hub: CourseHub) -> dict[str, object]:
    server: dict[str, object] = {
        "name": hub.course_id,
        "url": f"http://127.0.0.1:{hub.port}",
        "command": [str(program("jupyterhub-singleuser")), "--ServerApp.default_url=/formgrader", *if_root()],
        "cwd": str(hub.course.root),
        "environment": hub.environment,
        "oauth_no_confirm": True,
    }
    return server | ({"user": hub.account} if hub.account else {})


def program(name: str) -> Path:
    """A program of this environment, whatever PATH says."""
    return Path(sys.executable).parent / name


def if_root() -> list[str]:
    """What Jupyter wants to hear before root may start it."""
    return ["--allow-root"] if os.geteuid() == 0 else []
