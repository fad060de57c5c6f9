"""A hub for trying: its folder, ports and passwords, and the problem sets in its exchange."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from autograder.course import Course
from autograder.gradebook.gradebook import register
from autograder.gradebook.settings import nbgrader_options
from autograder.hub.settings import CourseHub, program
from gradus.errors import GradusError

VARIABLE = "GRADUS_HUB_TRIAL"
CONFIGURATION = Path(__file__).with_name("jupyterhub_config.py")


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@dataclass(frozen=True)
class Ports:
    """Where the hub's parts listen, on 127.0.0.1: `public` is the one that people open."""

    public: int
    hub: int
    proxy: int
    course: int

    @classmethod
    def free(cls, public: int = 0) -> Ports:
        """Free ports, and `public` as it is unless it is 0."""
        free = _free_ports(4)
        return cls(public or free[0], *free[1:])


@dataclass(frozen=True)
class Passwords:
    """One for all students, one for those who teach; new ones for each start."""

    students: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    instructors: str = field(default_factory=lambda: secrets.token_urlsafe(27))


@dataclass(frozen=True)
class Trial:
    """A hub in `folder`, which gets `exchange/`, `homes/` and what JupyterHub keeps, for a course anywhere."""

    folder: Path
    course: Course
    ports: Ports = field(default_factory=Ports.free)
    passwords: Passwords = field(default_factory=Passwords)
    students: tuple[str, ...] = ("ada", "emmy")
    instructors: tuple[str, ...] = ("instructor",)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports.public}"

    @property
    def exchange(self) -> Path:
        return self.folder / "exchange"

    @property
    def log(self) -> Path:
        return self.folder / "hub.log"

    @property
    def course_hub(self) -> CourseHub:
        return CourseHub(self.course, self.exchange, self.instructors, self.students, self.ports.course)

    def as_json(self) -> str:
        """What `from_json` reads."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """The trial whose parts these are."""
        return cls(
            Path(said["folder"]),
            Course(**{name: Path(path) for name, path in said["course"].items()}),
            Ports(**said["ports"]),
            Passwords(**said["passwords"]),
            tuple(said["students"]),
            tuple(said["instructors"]),
        )

    def prepare(self) -> list[str]:
        """Make the folders, put every released problem set into exchange and gradebook, and return their names.

        Raises:
            GradusError: the course folder's nbgrader_config.py fails, or no problem set is released.
        """
        for folder in (self.course.root, self.exchange, self.folder / "homes"):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # nbgrader opens an exchange to everybody, and here one account is at work
        options = nbgrader_options(self.course)
        options.CourseDirectory.course_id = self.course_hub.course_id
        options.Exchange.root = str(self.exchange)
        names = [name for name in self.course.problem_sets() if self.course.released_notebook(name).exists()]
        if not names:
            raise GradusError(f"{self.course.exercises} has no problem set; run `gradus release` first.")

        from nbgrader.coursedir import CourseDirectory
        from nbgrader.exchange import ExchangeFactory

        for name in names:
            register(self.course, name)  # else formgrader could not grade before `gradus grade` has
            options.CourseDirectory.assignment_id = name
            options.ExchangeReleaseAssignment.force = True
            where = CourseDirectory(config=options)
            ExchangeFactory(config=options).ReleaseAssignment(
                coursedir=where, authenticator=None, config=options
            ).start()
        return names

    def start(self) -> subprocess.Popen[bytes]:
        """Start JupyterHub, away from the terminal's Ctrl-C; `stop` ends it. What it logs goes to `log`."""
        command = [str(program("jupyterhub")), "--config", str(CONFIGURATION)]
        environment = os.environ | {VARIABLE: self.as_json()}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                process_group=0,
            )  # fmt: skip

    def wait_until_open(self, hub: subprocess.Popen[bytes], patience: float = 120.0) -> None:
        """Return when the course's server and the hub answer.

        Raises:
            GradusError: the hub has ended, or nothing answers after so many seconds.
        """
        until = time.monotonic() + patience
        while hub.poll() is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/hub/login", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise GradusError(f"the hub does not start; {self.log} says why.")


def stop(hub: subprocess.Popen[bytes]) -> None:
    """End a hub as Ctrl-C does: it ends its proxy, the course's server and those of the users before it is gone."""
    if hub.poll() is None:
        hub.send_signal(signal.SIGINT)
    hub.wait()
