"""A database of its own for a test, on a server that others use too."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.urls import hidden

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import URL

EXAMPLE = "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
PATIENCE = 10
"""In seconds: how long a server may take to answer."""


@contextmanager
def fresh_database(url: str, *, source: str = "fresh_database") -> Iterator[str]:
    """An empty database on a PostgreSQL server, gone at the end: its URL, with the driver given.

    Args:
        url: of the server, as SQLAlchemy takes it; its user may create databases.
        source: where the URL came from, for errors.

    Raises:
        Misuse: where the URL is none of PostgreSQL, the server does not answer, or the user may not create databases.
    """
    made = postgres_url(url, source=source)
    name = f"jobstatus_{secrets.token_hex(6)}"
    connection = _connected(made, source)
    with connection:
        _execute(connection, f'CREATE DATABASE "{name}"', made, source)
        try:
            own = made.set(database=name).difference_update_query(["dbname"])  # which would win
            yield own.render_as_string(hide_password=False)
        finally:
            _execute(connection, f'DROP DATABASE "{name}" WITH (FORCE)', made, source)


def postgres_url(url: str, *, source: str) -> URL:
    """The URL, if it is one of PostgreSQL with a driver that is installed; without a driver, it gets psycopg.

    Args:
        url: as SQLAlchemy takes it.
        source: where it came from, for errors.

    Raises:
        Misuse: where it is not.
    """
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ModuleNotFoundError:
        raise _not_installed("SQLAlchemy", source) from None
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):  # whose words may hold a piece of the password
        raise Misuse(
            f"{source}: not a URL: allowed is {EXAMPLE}; % stands before codes of special characters"
        ) from None
    if made.drivername in ("postgres", "postgresql"):
        made = made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() != "postgresql":
        raise Misuse(f"{source}: {hidden(url)}: allowed is a URL of PostgreSQL: {EXAMPLE}")
    try:
        made.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise Misuse(
            f"{source}: {hidden(url)}: SQLAlchemy has no driver {made.get_driver_name()!r}: allowed is {EXAMPLE}"
        ) from None
    except ModuleNotFoundError as error:
        raise Misuse(f"{source}: {hidden(url)}: its driver needs {error.name}, which is not installed") from None
    return made


def postgres_version(url: str, *, source: str) -> str:
    """What answers at the URL: "PostgreSQL 18.6".

    Args:
        url: of the server, as SQLAlchemy takes it.
        source: where it came from, for errors.

    Raises:
        Misuse: where nothing does.
    """
    with _connected(postgres_url(url, source=source), source) as connection:
        return f"PostgreSQL {(connection.info.parameter_status('server_version') or '').split()[0]}"


def _connected(url: URL, source: str) -> Connection:
    """A connection by psycopg, whatever the URL's driver; SQLAlchemy reads the URL, so that both read it alike."""
    try:
        import psycopg
    except ModuleNotFoundError:
        raise _not_installed("psycopg", source) from None
    plain = url.set(drivername="postgresql+psycopg")
    _, given = plain.get_dialect()().create_connect_args(plain)
    try:
        return psycopg.connect(**{"connect_timeout": PATIENCE, **given, "autocommit": True})
    except psycopg.Error as error:
        raise _refused(url, source, error) from None


def _execute(connection: Connection, statement: str, url: URL, source: str) -> None:
    import psycopg

    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        said = f"{_one_line(error)}; each test gets a database of its own: let the user create them (CREATEDB)"
        raise Misuse(f"{source}: {hidden(url.render_as_string())}: {said}") from None
    except psycopg.Error as error:
        raise _refused(url, source, error) from None


def _refused(url: URL, source: str, error: Exception) -> Misuse:
    return Misuse(f"{source}: {hidden(url.render_as_string())}: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _not_installed(library: str, source: str) -> Misuse:
    return Misuse(f"{source}: {library} is not installed: pip install 'pytest-jobstatus[postgresql]'")
