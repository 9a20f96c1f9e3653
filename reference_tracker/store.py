"""Reading and writing rows: one atomic statement per event, through the engine's pool."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Engine, bindparam, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from reference_tracker.batch import rounds
from reference_tracker.change import Change, as_json
from reference_tracker.lifecycle import Row, first
from reference_tracker.query import one_job, page
from reference_tracker.schema import JOB_STATUS, METADATA
from reference_tracker.statement import batch_statement, merge_statement

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INSTANTS = [place for place, name in enumerate(Row._fields) if name.endswith("_at")]
PROGRESS, CANCELLED, FIRST_SEEN = map(Row._fields.index, ("progress", "cancelled", "first_seen_at"))


Result = TypeVar("Result")


class Store:
    """The rows of a database. It works below SQLAlchemy's expression layer, which costs more than the statement, but
    not around its pool.

    Args:
        engine: SQLAlchemy's, for PostgreSQL through psycopg 3 or for SQLite; its pool hands out every connection.
        row_security: whether each read tells the database the tenant, as the policy for readers wants it.

    Raises:
        ValueError: for row security on a database that has none.
    """

    def __init__(self, engine: Engine, *, row_security: bool = False) -> None:
        """Prepare the statements; nothing is executed."""
        if row_security and engine.dialect.name != "postgresql":
            raise ValueError(f"row_security=True: allowed on postgresql, the engine is for {engine.dialect.name}")
        self._engine = engine
        self._row_security = row_security
        self._name = engine.dialect.name
        self._database = DATABASES[self._name]
        self._merge = merge_statement(self._name)
        self._errors = engine.dialect.loaded_dbapi.Error

    def create_table(self) -> None:
        """Create the table where it does not exist."""
        METADATA.create_all(self._engine)

    def write(self, change: Change, *, now: datetime, reopening: bool = False) -> None:
        """Merge one event into its row, in one statement and one round trip.

        Args:
            change: the event.
            now: the tracker's own time.
            reopening: whether what stands there counts as `reopened`.
        """
        parameters = self.parameters(first(change, now=now))
        statement = merge_statement(self._name, reopening=True) if reopening else self._merge
        self._run(lambda pooled: self._database.execute(pooled, statement, parameters), again=not reopening)

    def write_many(self, changes: Sequence[Change], *, now: datetime) -> None:
        """Merge several events, all or none, with the same result as one by one (see `rounds`)."""
        told = [[self.parameters(row) for row in each] for each in rounds(changes, now=now)]
        if told:
            self._run(lambda pooled: self._database.write_many(pooled, told))

    def read(self, job_id: str, *, tenant: str = "") -> Row | None:
        """The job's row; None where nothing is known."""
        found = self._fetched(one_job(self._name), (tenant, job_id))
        return found[0] if found else None

    def page(self, *, tenant: str = "", status: str | None = None, after: Row | None = None, many: int) -> list[Row]:
        """The newest rows of a tenant, at most so many.

        Args:
            tenant: whose jobs.
            status: as a reader names it; None for all.
            after: the last row of the page before.
            many: how many.
        """
        begin = () if after is None else (self.parameters(after)[FIRST_SEEN], after.job_id)
        return self._fetched(page(self._name, status=status, after=after is not None), (tenant, *begin, many))

    def _fetched(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        """What a statement finds, whose first parameter is the tenant."""
        execute = _as_tenant if self._row_security else self._database.execute

        def work(pooled: Any) -> list[Any]:
            cursor = execute(pooled, statement, parameters)
            found: list[Any] = cursor.fetchall()
            cursor.close()
            return found

        return [self._row(each) for each in self._run(work)]

    def parameters(self, row: Row) -> list[Any]:
        """A row as the statement's parameters."""
        values: list[Any] = list(row)
        for place in INSTANTS:
            if values[place] is not None:
                values[place] = self._database.stored(values[place])
        values[PROGRESS] = None if row.progress_at is None else as_json(row.progress)
        return values

    def _row(self, found: Sequence[Any]) -> Row:
        values = list(found)
        for place in INSTANTS:
            if values[place] is not None:
                values[place] = self._database.instant(values[place])
        if values[PROGRESS] is not None:
            values[PROGRESS] = self._database.progress(values[PROGRESS])
        values[CANCELLED] = bool(values[CANCELLED])
        return Row._make(values)

    def forget(self, job_ids: Sequence[str], *, tenant: str = "") -> None:
        """Delete the rows of these jobs."""
        if not job_ids:
            return
        wanted = JOB_STATUS.c
        deleted = JOB_STATUS.delete().where(wanted.tenant == tenant, wanted.job_id == bindparam("gone"))
        with self._engine.begin() as connection:
            connection.execute(deleted, [{"gone": job_id} for job_id in job_ids])

    def _run(self, work: Callable[[Any], Result], *, again: bool = True) -> Result:
        """What comes of it on a connection of the pool, on which each statement is a transaction of its own.

        A connection that turns out to be lost leaves the pool, and the work is done again, at last on a new one: what
        was written and not confirmed is merged a second time, which changes nothing but what another writer made of
        the job in between: progress of the same instant, a removal, a status set by hand.

        Args:
            work: is given the connection.
            again: whether it may be done twice.

        Raises:
            sqlalchemy.exc.DBAPIError: for whatever the database says, without the statement and its parameters.
        """
        errors, left = self._errors, None
        while True:
            pooled = None
            try:
                pooled = self._engine.raw_connection()
                return self._alone(pooled, work)
            except errors as error:
                dialect = self._engine.dialect
                lost = pooled is not None and dialect.is_disconnect(error, pooled.dbapi_connection, None)
                if pooled is not None and lost:
                    pooled.invalidate(error)
                left = (self._idle() + 1 if again else 0) if left is None else left - 1
                if not (lost and left):
                    raise DBAPIError.instance(
                        None, None, error, errors, connection_invalidated=lost, dialect=dialect
                    ) from error
            finally:
                if pooled is not None:
                    pooled.close()

    def _idle(self) -> int:
        """How many connections wait in the pool: each of them may be lost as well."""
        pool = self._engine.pool
        return pool.checkedin() if isinstance(pool, QueuePool) else 0

    def _alone(self, pooled: Any, work: Callable[[Any], Result]) -> Result:
        """What comes of it where each statement is a transaction; the connection is left as it was."""
        driver = pooled.driver_connection
        before = self._database.autocommit(driver)
        try:
            return work(pooled)
        finally:
            self._database.restore(driver, before)


def _sqlite_autocommit(connection: Any) -> Any:
    before = connection.isolation_level
    connection.isolation_level = None
    return before


def _sqlite_restore(connection: Any, before: Any) -> None:
    connection.isolation_level = before


def _psycopg_autocommit(connection: Any) -> Any:
    before = connection.autocommit
    if not before:  # the driver looks whether it may be changed, each time
        connection.autocommit = True
    return before


def _psycopg_restore(connection: Any, before: Any) -> None:
    if not before and not connection.closed:
        connection.autocommit = False


def _write_many_sqlite(pooled: Any, told: Sequence[Sequence[Sequence[Any]]]) -> None:
    cursor = pooled.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    try:
        for each in told:
            cursor.executemany(merge_statement("sqlite"), each)
        cursor.execute("COMMIT")
    finally:
        if pooled.driver_connection.in_transaction:
            cursor.execute("ROLLBACK")


def _write_many_postgresql(pooled: Any, told: Sequence[Sequence[Sequence[Any]]]) -> None:
    connection = pooled.driver_connection
    with connection.pipeline(), connection.transaction():  # one round trip
        for each in told:
            _execute_psycopg(pooled, batch_statement(), [list(column) for column in zip(*each, strict=True)])


def _execute_psycopg(pooled: Any, statement: str, parameters: Sequence[Any]) -> Any:
    from psycopg import RawCursor

    cursor: RawCursor[Any] = RawCursor(pooled.driver_connection)
    return cursor.execute(statement.encode(), parameters, prepare=True)


def _as_tenant(pooled: Any, statement: str, parameters: Sequence[Any]) -> Any:
    """The same with the tenant told to the database, for this transaction only, in one round trip."""
    connection = pooled.driver_connection
    with connection.pipeline(), connection.transaction():
        _execute_psycopg(pooled, "SELECT set_config('jobstatus.tenant', $1, true)", parameters[:1])
        return _execute_psycopg(pooled, statement, parameters)


class Database(NamedTuple):
    """What the drivers do differently.

    Args:
        stored: an instant as it is stored.
        instant: the instant from what was fetched, in UTC.
        progress: the value from what was fetched.
        execute: runs a statement on a connection and gives the cursor.
        write_many: writes rounds of rows in one transaction.
        autocommit: makes a connection's statements transactions of their own, and gives what was set before.
        restore: sets that again.
    """

    stored: Callable[[datetime], Any]
    instant: Callable[[Any], datetime]
    progress: Callable[[Any], Any]
    execute: Callable[[Any, str, Sequence[Any]], Any]
    write_many: Callable[[Any, Sequence[Sequence[Sequence[Any]]]], None]
    autocommit: Callable[[Any], Any]
    restore: Callable[[Any, Any], None]


DATABASES = {
    "sqlite": Database(
        stored=lambda at: (at - EPOCH) // MICROSECOND,
        instant=lambda found: EPOCH + timedelta(microseconds=found),
        progress=json.loads,
        execute=lambda pooled, statement, values: pooled.driver_connection.execute(statement, values),
        write_many=_write_many_sqlite,
        autocommit=_sqlite_autocommit,
        restore=_sqlite_restore,
    ),
    "postgresql": Database(
        stored=lambda at: at,
        instant=lambda found: found.astimezone(UTC),
        progress=lambda found: found,  # psycopg has decoded it
        execute=_execute_psycopg,
        write_many=_write_many_postgresql,
        autocommit=_psycopg_autocommit,
        restore=_psycopg_restore,
    ),
}


def prepare_sqlite(engine: Engine) -> None:
    """Let writers and readers work side by side: write-ahead log, synced at checkpoints."""
    if not event.contains(engine, "connect", _set_pragmas):
        event.listen(engine, "connect", _set_pragmas)


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
