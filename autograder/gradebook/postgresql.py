"""A gradebook on a PostgreSQL server: whether a run can write its marks to it, and what its refusals mean."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from autograder.gradebook.gradebook_file import RESTORE, TABLES, known_versions
from gradus.errors import GradusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

_PATIENCE = 5  # seconds: formgrader holds a row for a moment whenever a mark is given
_CONNECTING = 10  # seconds

# PostgreSQL's codes (or the beginnings of them, for a class) and the cures.
_CURES = {
    "55P03": "another program has locked it: close what has it open (formgrader, a database browser, another run)",
    "40P01": "another program wrote to it at the same time: close what has it open",
    "25006": "it may only be read (a standby, or default_transaction_read_only): let it be written to",
    "53100": "the server's disk is full: make room there",
    "53300": "the server has too many connections: close some",
    "42501": "its user may not write there: grant what is missing",
    "28": "the server does not let this user in: mend user or password in db_url, or the password in ~/.pgpass",
    "3D000": "there is no such database: make it with `createdb`",
    "42P01": "an older nbgrader made it: run `nbgrader db upgrade` in the course folder",
    "42703": "an older nbgrader made it: run `nbgrader db upgrade` in the course folder",
    "57": "the server was stopped, or ended the connection: start it",
    "08": "the connection broke: see that the server runs and can be reached",
    "XX": f"it is damaged: {RESTORE}",
}
# Before there is a connection, there is no code; the server's sentences are told by these words.
_WORDS = {
    "authentication failed": "28",
    "no password supplied": "28",
    "no pg_hba.conf entry": "28",
    "role ": "28",
    "database ": "3D000",
    "too many": "53300",
    "terminating connection": "57",
    "starting up": "57",
    "shutting down": "57",
}


def with_patience(url: str) -> str:
    """The address, password and all, with limits on the wait for a connection and for a lock where it has none."""
    address = make_url(url)
    limits = {"connect_timeout": str(_CONNECTING), "options": f"-c lock_timeout={_PATIENCE}s"}
    missing = {name: value for name, value in limits.items() if name not in address.query}
    return address.update_query_dict(missing).render_as_string(hide_password=False)


@contextmanager
def _connected(address: str) -> Iterator[Connection]:
    """A connection for a moment, whose transaction is taken back; a refusal is a GradusError."""
    try:
        engine = create_engine(address)
    except ModuleNotFoundError as error:
        raise GradusError(
            f"a gradebook on PostgreSQL takes the package {error.name}, which is not here; run `pip install "
            "'psycopg[binary]'`, or `make install`."
        ) from None
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise GradusError(what_is_wrong(address, error)) from None
    finally:
        engine.dispose()


def has_tables(address: str) -> bool:
    """Whether a gradebook was made in it."""
    with _connected(address) as connection:
        return set(inspect(connection).get_table_names()) >= TABLES


def require_sound(address: str) -> None:
    """Raise a GradusError that says what is wrong with a gradebook on a server and how to mend it; there may be none.

    Nothing is changed.
    """
    with _connected(address) as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            _require_room(address, connection)
            return
        if not tables >= TABLES:
            named = ", ".join(sorted(tables)[:3])
            raise GradusError(
                f"{_shown(address)} is another program's database (its tables: {named}, …); name another."
            )
        _require_version(address, connection)
        # Written as it is, and taken back: that finds a lock, a missing right, and what may only be read.
        connection.execute(text("LOCK TABLE grade, submitted_assignment IN ROW EXCLUSIVE MODE"))
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def _require_room(address: str, connection: Connection) -> None:
    may = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
    if not connection.execute(text(may)).scalar():
        raise GradusError(
            f"{_shown(address)} is empty, and its user may not make tables in it; let it own the database, or run "
            "`GRANT CREATE ON SCHEMA public TO …` there."
        )


def _require_version(address: str, connection: Connection) -> None:
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    known, newest = known_versions()
    if not known or version == newest:
        return
    if version and version not in known:
        raise GradusError(
            f"{_shown(address)} was made by a newer nbgrader (its version {version}); install that one here."
        )
    raise GradusError(
        f"{_shown(address)} was made by an older nbgrader; copy it (`pg_dump`), then run `nbgrader db upgrade` in the "
        "course folder."
    )


def what_is_wrong(url: str, error: BaseException) -> str:
    """A sentence on why the server refused, and the cure. `error` may be SQLAlchemy's, which has psycopg's in it."""
    original = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(original).splitlines() if line.strip()] or [type(original).__name__]
    why = lines[0] if getattr(original, "sqlstate", None) else lines[-1].rpartition("FATAL:")[2].strip()
    return f"{_shown(url)} could not be written ({why}): {_cure(original, why)}, and start again; results are kept."


def _cure(original: BaseException, why: str) -> str:
    code = getattr(original, "sqlstate", None) or next((code for word, code in _WORDS.items() if word in why), "")
    if not code:
        return "it cannot be reached: start the server, or mend the address in db_url"
    return _CURES.get(code) or _CURES.get(code[:2]) or "mend that"


def _shown(url: str) -> str:
    """The address as people wrote it, but for the password and our own limits."""
    return make_url(url).difference_update_query(["connect_timeout", "options"]).render_as_string()
