"""A PostgreSQL server of the tests' own, from Debian's package, which listens on a socket in a scratch folder alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from autograder.course import Course
from autograder.gradebook.settings import OWN_FILE

USER = "gradus"
_RUN_BY = "postgres"  # Debian's user: the server refuses to be run by root
_CONFIG = """\
from pathlib import Path

from autograder.course import Course
from autograder.nbgrader_bridge.settings import configure

c = get_config()
configure(c, Course(Path(__file__).parent, Path({solutions!r}), Path({exercises!r})))
c.CourseDirectory.db_url = {url!r}
"""


class Server:
    """Databases by name, each made from another one or empty."""

    def __init__(self, programs: Path, folder: Path, as_user: list[str]) -> None:
        self._programs, self.folder, self._as_user = programs, folder, as_user

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / program), *arguments]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60)
        assert run.returncode == 0, f"{' '.join(command)}:\n{run.stdout}{run.stderr}"

    def make(self) -> None:
        options = ["-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self.folder / "data"), *options)

    def start(self) -> None:
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        # The server would keep the pipes of whoever starts it open.
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", settings, "-l", str(self.folder / "log"), "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def url(self, name: str, user: str = USER) -> str:
        return f"postgresql:///{name}?host={self.folder}&user={user}"

    def sql(self, statement: str, name: str = "postgres") -> None:
        with psycopg.connect(host=str(self.folder), user=USER, dbname=name, autocommit=True) as connection:
            connection.execute(statement)

    def database(self, name: str, template: str = "template1") -> str:
        """A new database, in the place of an older one; its address."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)


def keep_in(course: Course, url: str) -> Course:
    """Have a course keep its gradebook there, as its instructor would."""
    text = _CONFIG.format(solutions=str(course.solutions), exercises=str(course.exercises), url=url)
    (course.root / OWN_FILE).write_text(text, encoding="utf-8")
    return course


def programs() -> Path | None:
    """Where the newest server's programs lie, which Debian puts into no folder of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which("initdb")
    return Path(path).parent if path else None


@contextmanager
def running() -> Iterator[Server]:
    """A server while this lasts; without its programs the test is skipped, and fails where nobody would notice that."""
    if (folder_of_programs := programs()) is None:
        reason = "no PostgreSQL server on this machine (Debian: apt install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # A short name: that of a socket has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="gradus-pg-") as name:
        folder, as_user = Path(name), []
        if os.geteuid() == 0:
            as_user = ["runuser", "-u", _RUN_BY, "--"]
            os.chown(folder, pwd.getpwnam(_RUN_BY).pw_uid, -1)
            folder.chmod(0o755)  # for the socket in it
        server = Server(folder_of_programs, folder, as_user)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
