"""Reading and writing rows: one atomic statement per event, through the engine's pool."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, event, select

from reference_tracker.lifecycle import Change, Row, first
from reference_tracker.schema import JOB_STATUS, METADATA
from reference_tracker.statement import merge_statement

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INSTANTS = ("created_at", "started_at", "completed_at", "failed_at", "updated_at", "progress_at", "cancelled_at")
COLUMNS = tuple(column.name for column in JOB_STATUS.columns)


class Store:
    """The rows of a database. It works below SQLAlchemy's expression layer, which costs more than the statement, but
    not around its pool.

    Args:
        engine: SQLAlchemy's; its pool hands out every connection.
    """

    def __init__(self, engine: Engine) -> None:
        """Prepare the statements; nothing is executed."""
        self._engine = engine
        self._merge, self._parameters = merge_statement(engine.dialect)
        reading = select(JOB_STATUS).where(JOB_STATUS.c.job_id == "?").compile(dialect=engine.dialect)
        self._read = str(reading)

    def create_table(self) -> None:
        """Create the table where it does not exist."""
        METADATA.create_all(self._engine)

    def write(self, change: Change, *, now: datetime) -> None:
        """Merge one event into its row, in one statement."""
        values = _values(first(change, now=now))
        parameters = [values[name] for name in self._parameters]
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute(self._merge, parameters)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()

    def read(self, job_id: str) -> Row | None:
        """The job's row; None where nothing is known."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._read, (job_id,))
            found = cursor.fetchone()
            cursor.close()
        finally:
            connection.close()
        return None if found is None else _row(found)

    def forget(self, job_ids: list[str]) -> None:
        """Delete the rows of these jobs."""
        with self._engine.begin() as connection:
            deleted = JOB_STATUS.delete().where(JOB_STATUS.c.job_id == bindparam("gone"))
            connection.execute(deleted, [{"gone": job_id} for job_id in job_ids])


def prepare_sqlite(engine: Engine) -> None:
    """Let writers and readers work side by side: write-ahead log, synced at checkpoints."""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")


def _values(row: Row) -> dict[str, Any]:
    values = dict(row.__dict__)
    for name in INSTANTS:
        if values[name] is not None:
            values[name] = (values[name] - EPOCH) // MICROSECOND
    values["progress"] = None if row.progress_at is None else json.dumps(row.progress)
    return values


def _row(found: tuple[Any, ...]) -> Row:
    values = dict(zip(COLUMNS, found, strict=True))
    for name in INSTANTS:
        if values[name] is not None:
            values[name] = EPOCH + timedelta(microseconds=values[name])
    if values["progress"] is not None:
        values["progress"] = json.loads(values["progress"])
    values["cancelled"] = bool(values["cancelled"])
    return Row(**values)
