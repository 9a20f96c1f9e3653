"""The table brought up to date: `jobstatus migrate URL`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from reference_tracker.schema import JOB_STATUS, VERSION_TABLE
from reference_tracker.tracker import OtherDatabase, refuse_other_databases

MIGRATIONS = Path(__file__).parent / "migrations"
FIRST, WITH_POSITION = "0001", "0002"


ALLOWED = "allowed is a database URL of SQLAlchemy, postgresql+psycopg://me@localhost/jobs for instance"


def migrate(url: str) -> tuple[str | None, str]:
    """Take the steps that the database lacks, all or none; rows stay.

    Args:
        url: of the database, as SQLAlchemy takes it: "postgresql+psycopg://me@localhost/jobs" or "sqlite:///jobs.db".

    Returns:
        The version that was there, None where there was no table, and the one that is there now.

    Raises:
        ValueError: for a URL that cannot be used, a database that refuses, or a table of that name that is not ours.

    >>> migrate("sqlite://")
    (None, '0004')
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    engine = engine_of(url)
    if engine.dialect.name == "sqlite":
        _make_ddl_transactional(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    shown = _shown(engine)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            before = _version(connection)
            if before is None and inspect(connection).has_table(JOB_STATUS.name):
                before = _unversioned(connection, shown)
                command.stamp(config, before)
            command.upgrade(config, "head")
            after = _version(connection)
    except CommandError as error:  # of a later release than this one
        raise ValueError(f"{shown}: {error}; nothing was changed") from error
    except DBAPIError as error:
        raise ValueError(f"{shown}: {' '.join(str(error.orig).split())}; nothing was changed") from error
    finally:
        engine.dispose()
    assert after is not None  # noqa: S101 - the upgrade has written it
    return before, after


def engine_of(url: str) -> Engine:
    """An engine for the tracker's database.

    Args:
        url: as SQLAlchemy takes it.

    Raises:
        ValueError: for one that cannot be used, without its password.
    """
    try:
        made = make_url(url)
        refuse_other_databases(made.get_backend_name(), made.get_driver_name(), source=f"{made.drivername}://…")
        engine = create_engine(made, pool_reset_on_return=None)  # every connection comes back committed
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ValueError(f"{url.partition('://')[0]}://…: {error}; {ALLOWED}, its driver there") from error
    except OtherDatabase:
        raise
    except (ArgumentError, ValueError) as error:  # whose words may hold a piece of the password
        raise ValueError(f"the URL cannot be read; {ALLOWED}; % stands before codes of special characters") from error
    return engine


def try_out(url: str) -> None:
    """Connect to the tracker's database once.

    Raises:
        ValueError: for a URL that cannot be used, or a database that does not let us in.
    """
    engine = engine_of(url)
    try:
        engine.connect().close()
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())
        raise ValueError(f"{_shown(engine)}: {why}; allowed is a database that can be opened") from error
    finally:
        engine.dispose()


def _shown(engine: Engine) -> str:
    """The engine's URL without its password, and without its query, which may hold one too."""
    return engine.url.set(query={}).render_as_string()


def _make_ddl_transactional(engine: Engine) -> None:
    """Let SQLite's driver neither begin transactions nor end them by itself: a table is changed whole or not at all."""

    @event.listens_for(engine, "connect")
    def _by_hand(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _unversioned(connection: Connection, shown: str) -> str:
    """The version of a table that `create_table` made.

    Raises:
        ValueError: for a table that somebody else made.
    """
    found = {column["name"] for column in inspect(connection).get_columns(JOB_STATUS.name)}
    wanted = {column.name for column in JOB_STATUS.columns}
    if found == wanted:
        return WITH_POSITION
    if found == wanted - {"position"}:
        return FIRST
    odd = ", ".join(sorted(found ^ wanted))
    raise ValueError(f"{shown}: there is another table {JOB_STATUS.name!r}: its columns differ in {odd}; move it away")
