"""The table brought up to date: `jobstatus migrate URL`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect
from sqlalchemy.exc import DBAPIError

from reference_tracker.engine import engine_of, shown
from reference_tracker.schema import JOB_STATUS, VERSION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"
FIRST, WITH_POSITION = "0001", "0002"


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
    source = shown(engine)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            before = _version(connection)
            if before is None and inspect(connection).has_table(JOB_STATUS.name):
                before = _unversioned(connection, source)
                command.stamp(config, before)
            command.upgrade(config, "head")
            after = _version(connection)
    except CommandError as error:  # of a later release than this one
        raise ValueError(f"{source}: {error}; nothing was changed") from error
    except DBAPIError as error:
        raise ValueError(f"{source}: {' '.join(str(error.orig).split())}; nothing was changed") from error
    finally:
        engine.dispose()
    assert after is not None  # noqa: S101 - the upgrade has written it
    return before, after


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


def _unversioned(connection: Connection, source: str) -> str:
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
    raise ValueError(f"{source}: there is another table {JOB_STATUS.name!r}: its columns differ in {odd}; move it away")
