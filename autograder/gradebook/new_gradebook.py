"""An empty gradebook, or a copy of one, in a file or on a server: whole, or not there."""

from __future__ import annotations

from pathlib import Path

import nbgrader.api
from nbgrader.api import Base, Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection

from autograder.course import url_of_file
from autograder.files.writing import UNFINISHED
from autograder.gradebook.gradebook_file import is_only_begun

_ROWS = 1000  # that are copied at a time


def schema_version() -> str:
    """The version that a new gradebook is marked with: the newest of nbgrader's migrations.

    nbgrader starts the program `alembic` to be told it. That takes as long as grading a dozen submissions, and a Ctrl-C
    meanwhile ends in its traceback.
    """
    from alembic.config import Config  # only for a gradebook that is made
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR.replace("%", "%%"))
    return str(ScriptDirectory.from_config(config).get_current_head())


stock_schema_version = nbgrader.api.get_alembic_version
nbgrader.api.get_alembic_version = schema_version


def make_file(path: Path) -> None:
    """Make an empty gradebook where there is none, in one step: an interrupt leaves none, and not a part of one."""
    if path.exists() and not is_only_begun(path):
        return
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    unfinished.unlink(missing_ok=True)
    Gradebook(url_of_file(unfinished)).close()
    unfinished.replace(path)


def make_on_server(address: str) -> None:
    """Make the tables of a gradebook in an empty database, in one transaction.

    A problem set belongs to the course "" unless nbgrader's `course_id` is set. nbgrader adds no course of that name,
    which SQLite does not mind; a server refuses a reference to what is not there.
    """
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                _make_tables(connection)
            connection.execute(text("INSERT INTO course (id) VALUES ('') ON CONFLICT DO NOTHING"))
    finally:
        engine.dispose()


def _make_tables(connection: Connection) -> None:
    """As nbgrader makes them, which commits between the tables and their version."""
    Base.metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:new)"), {"new": schema_version()})


def copy_into_file(address: str, path: Path) -> None:
    """Write all rows of a gradebook into a file of SQLite's, which nbgrader reads as any other; whole or not at all."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    unfinished.unlink(missing_ok=True)
    server, file = create_engine(address), create_engine(url_of_file(unfinished))
    try:
        with server.connect() as before, file.begin() as after:
            before.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))  # all tables as of one moment
            _make_tables(after)
            for table in Base.metadata.sorted_tables:
                for rows in before.execute(table.select()).mappings().partitions(_ROWS):
                    after.execute(table.insert(), [dict(row) for row in rows])
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
        server.dispose()
        file.dispose()
