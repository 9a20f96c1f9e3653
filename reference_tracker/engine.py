"""Engines for the databases that the tracker runs on."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

DATABASES = (("sqlite", "pysqlite"), ("postgresql", "psycopg"))
"""What it runs on, each with its driver."""
ALLOWED = "allowed is a database URL of SQLAlchemy, postgresql+psycopg://me@localhost/jobs for instance"


def refuse_other_databases(database: str, driver: str, *, source: str) -> None:
    """Refuse a database or a driver that the tracker does not run on.

    Args:
        database: its name for SQLAlchemy, "postgresql" for instance.
        driver: its name for SQLAlchemy, "psycopg" for instance.
        source: who was given it, for the message.

    Raises:
        ValueError: naming both and those that are allowed.
    """
    if (database, driver) not in DATABASES:
        allowed = " and ".join("+".join(each) for each in DATABASES)
        raise ValueError(f"{source}: the engine is for {database}+{driver}: allowed are {allowed}")


def engine_of(url: str, *, autocommit: bool = False) -> Engine:
    """An engine for the tracker's database.

    Args:
        url: as SQLAlchemy takes it.
        autocommit: whether every statement is a transaction of its own, as the tracker's are: then its connections need
            not be switched for each.

    Raises:
        ValueError: for one that cannot be used, without its password.
    """
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):  # whose words may hold a piece of the password
        raise ValueError(f"the URL cannot be read; {ALLOWED}; % stands before codes of special characters") from None
    try:
        refuse_other_databases(made.get_backend_name(), made.get_driver_name(), source=f"{made.drivername}://…")
        level = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
        return create_engine(made, pool_reset_on_return=None, **level)  # every connection comes back committed
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ValueError(f"{made.drivername}://…: {error}; {ALLOWED}, its driver there") from error


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
        raise ValueError(f"{shown(engine)}: {why}; allowed is a database that can be opened") from error
    finally:
        engine.dispose()


def shown(engine: Engine) -> str:
    """The engine's URL without its password, and without its query, which may hold one too."""
    return engine.url.set(query={}).render_as_string()
