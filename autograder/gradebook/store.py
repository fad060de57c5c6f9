"""Where a course's gradebook is: the file `gradebook.db` of its folder, or the database that nbgrader's `db_url` names.

`db_url` is set as for nbgrader itself, in the course folder's `nbgrader_config.py`, so that its commands and formgrader
look into the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.course import url_of_file
from autograder.gradebook import gradebook_file
from gradus.errors import GradusError


class Store(Protocol):
    """A database for a gradebook. As a string it is what people know it by, without a password."""

    @property
    def address(self) -> str:
        """What SQLAlchemy opens."""

    def require_sound(self) -> None:
        """Raise a GradusError that says what is wrong with it and how to mend it; nothing is changed."""

    def make_whole(self) -> None:
        """Make an empty gradebook where there is none, whole or not at all."""

    def is_there(self) -> bool:
        """Whether somebody has made a gradebook in it."""

    def copy_before(self, why: str, folder: Path) -> Path:
        """Write a copy into a file of the course folder, whole or not at all, and give its path.

        Raises:
            GradusError: there is no room, or no permission.
        """

    def what_is_wrong(self, error: BaseException) -> str:
        """A sentence on why it refused, and the cure."""


@dataclass(frozen=True)
class FileStore:
    """SQLite's, a file of its own."""

    path: Path

    @property
    def address(self) -> str:
        return url_of_file(self.path)

    def require_sound(self) -> None:
        gradebook_file.require_sound_gradebook(self.path)

    def make_whole(self) -> None:
        from autograder.gradebook.new_gradebook import make_file

        make_file(self.path)

    def is_there(self) -> bool:
        return self.path.is_file()

    def copy_before(self, why: str, folder: Path) -> Path:
        return gradebook_file.copy_of(self.path, why)

    def what_is_wrong(self, error: BaseException) -> str:
        return gradebook_file.what_is_wrong(self.path, error)

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class ServerStore:
    """PostgreSQL's, on a server; `url` is SQLAlchemy's, as people write it."""

    url: str

    @property
    def address(self) -> str:
        from autograder.gradebook.postgresql import with_patience

        return with_patience(self.url)

    def require_sound(self) -> None:
        from autograder.gradebook.postgresql import require_sound

        require_sound(self.address)

    def make_whole(self) -> None:
        from autograder.gradebook.new_gradebook import make_on_server

        make_on_server(self.address)

    def is_there(self) -> bool:
        from autograder.gradebook.postgresql import has_tables

        return has_tables(self.address)

    def copy_before(self, why: str, folder: Path) -> Path:
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.new_gradebook import copy_into_file

        path = gradebook_file.name_of_copy(folder, why)
        try:
            copy_into_file(self.address, path)
        except (OSError, SQLAlchemyError) as error:
            raise gradebook_file.not_copied(path, why, error) from None
        return path

    def what_is_wrong(self, error: BaseException) -> str:
        from autograder.gradebook.postgresql import what_is_wrong

        return what_is_wrong(self.url, error)

    def __str__(self) -> str:
        from sqlalchemy.engine import make_url

        return make_url(self.url).render_as_string()


def store_at(address: str, folder: Path) -> Store:
    """The database that `db_url` names; a file without a folder lies in `folder`, where nbgrader is started.

    Raises:
        GradusError: it is none that can hold a gradebook.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise GradusError("db_url in nbgrader_config.py is no address of a database; mend it.") from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return FileStore(folder / str(url.database))
    if kind == "postgresql":
        return ServerStore(address)
    raise GradusError(
        f"db_url in nbgrader_config.py is {url.render_as_string()!r}: a gradebook is a file of SQLite "
        "(sqlite:///gradebook.db) or a database of PostgreSQL (postgresql://user@host/name); mend it."
    )
