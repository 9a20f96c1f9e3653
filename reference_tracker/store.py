"""Reading and writing rows: one atomic statement per event, through the engine's pool."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, event, select

from reference_tracker.lifecycle import Change, Row, first
from reference_tracker.schema import JOB_STATUS, METADATA
from reference_tracker.statement import merge_statement

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INSTANTS = [place for place, name in enumerate(Row._fields) if name.endswith("_at")]
PROGRESS, CANCELLED = Row._fields.index("progress"), Row._fields.index("cancelled")


class Store:
    """The rows of a database. It works below SQLAlchemy's expression layer, which costs more than the statement, but
    not around its pool.

    Args:
        engine: SQLAlchemy's; its pool hands out every connection.
    """

    def __init__(self, engine: Engine) -> None:
        """Prepare the statements; nothing is executed."""
        self._engine = engine
        self._merge = merge_statement(engine.dialect)
        reading = select(JOB_STATUS).where(JOB_STATUS.c.job_id == "?").compile(dialect=engine.dialect)
        self._read = str(reading)

    def create_table(self) -> None:
        """Create the table where it does not exist."""
        METADATA.create_all(self._engine)

    def write(self, change: Change, *, now: datetime) -> None:
        """Merge one event into its row, in one statement."""
        parameters = _values(first(change, now=now))
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute(self._merge, parameters)
            connection.commit()
        finally:
            connection.close()  # the pool rolls back what was not committed

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
        if not job_ids:
            return
        with self._engine.begin() as connection:
            deleted = JOB_STATUS.delete().where(JOB_STATUS.c.job_id == bindparam("gone"))
            connection.execute(deleted, [{"gone": job_id} for job_id in job_ids])


def prepare_sqlite(engine: Engine) -> None:
    """Let writers and readers work side by side: write-ahead log, synced at checkpoints."""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")


def _values(row: Row) -> list[Any]:
    values: list[Any] = list(row)
    for place in INSTANTS:
        if values[place] is not None:
            values[place] = (values[place] - EPOCH) // MICROSECOND
    values[PROGRESS] = None if row.progress_at is None else json.dumps(row.progress)
    return values


def _row(found: Sequence[Any]) -> Row:
    values = list(found)
    for place in INSTANTS:
        if values[place] is not None:
            values[place] = EPOCH + timedelta(microseconds=values[place])
    if values[PROGRESS] is not None:
        values[PROGRESS] = json.loads(values[PROGRESS])
    values[CANCELLED] = bool(values[CANCELLED])
    return Row._make(values)
