"""The merge of `lifecycle` as one SQL statement: INSERT … ON CONFLICT DO UPDATE, for PostgreSQL and SQLite."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Dialect,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from reference_tracker.lifecycle import REOPENED
from reference_tracker.schema import JOB_STATUS

Value = ColumnElement[Any]
COLUMNS = tuple(column.name for column in JOB_STATUS.columns if column.computed is None)
"""What an event writes, in the order of a `Row`."""


class Words(NamedTuple):
    """How a database says it.

    Args:
        insert: SQLAlchemy's, which knows ON CONFLICT.
        tick: the least by which two instants differ.
        latest, earliest: of several instants, of which all but the first may be NULL and are then left out.
    """

    insert: Callable[..., Any]
    tick: Value
    latest: Callable[..., Value]
    earliest: Callable[..., Value]


WORDS = {
    "postgresql": Words(  # GREATEST and LEAST skip NULL
        insert=postgresql.insert,
        tick=literal_column("interval '1 microsecond'"),
        latest=func.greatest,
        earliest=func.least,
    ),
    "sqlite": Words(  # max and min of several values are NULL with one of them
        insert=sqlite.insert,
        tick=literal_column("1"),
        latest=lambda first, *others: func.max(first, *(func.coalesce(other, first) for other in others)),
        earliest=lambda first, *others: func.min(first, *(func.coalesce(other, first) for other in others)),
    ),
}


def driver_of(dialect: str) -> Dialect:
    """The dialect with placeholders in order: PostgreSQL's own `$1`, which psycopg hands on as they are where its
    RawCursor is used (others it would look for again in each execution of a long statement), or sqlite3's `?`.
    """
    if dialect == "postgresql":
        return psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return sqlite.dialect(paramstyle="qmark")


@cache
def merge_statement(dialect: str, *, reopening: bool = False) -> str:
    """The statement for the driver; its parameters are a `Row`'s values, in order.

    Args:
        dialect: "postgresql" or "sqlite".
        reopening: whether what stands there counts as `reopened`.
    """
    words = WORDS[dialect]
    upsert = words.insert(JOB_STATUS).values({name: bindparam(name) for name in COLUMNS})
    merged = upsert.on_conflict_do_update(
        index_elements=["tenant", "job_id"],
        set_=_merged(_reopened() if reopening else JOB_STATUS.c, upsert.excluded, words),
    )
    return str(merged.compile(dialect=driver_of(dialect)))


@cache
def batch_statement() -> str:
    """The same for many rows at once on PostgreSQL; its parameters are arrays, one for each column."""
    single = merge_statement("postgresql")
    merging = single[single.index(" ON CONFLICT ") :]
    arrays = ", ".join(f"${place}::{_postgresql_type(name)}[]" for place, name in enumerate(COLUMNS, 1))
    values = ", ".join(f"{name}::json" if name == "progress" else name for name in COLUMNS)
    names = ", ".join(COLUMNS)
    rows = f"SELECT {values} FROM unnest({arrays}) AS told ({names}) ORDER BY tenant, job_id"  # noqa: S608 - our names
    return f"INSERT INTO job_status ({names}) {rows}{merging}"


def _postgresql_type(name: str) -> str:
    if name.endswith("_at"):
        return "timestamptz"
    return {"attempt": "integer", "progress_attempt": "integer", "cancelled": "boolean"}.get(name, "text")


def _merged(old: Any, new: Any, words: Words) -> dict[str, Value]:
    """Each column's value after the event; `new` is the row that the event would make alone."""
    ahead = new.position > old.position
    fails = and_(ahead, _is(new.status, "delayed", "failed"), not_(new.cancelled))
    older = or_(
        new.progress_at.is_(None),
        tuple_(new.progress_attempt, new.progress_at) < tuple_(old.progress_attempt, old.progress_at),
    )
    values: dict[str, Value] = {
        "status": case((ahead, new.status), else_=old.status),
        "attempt": case((and_(ahead, new.attempt > old.attempt), new.attempt), else_=old.attempt),
        "created_at": _created(old, new, words),
        "started_at": _started(old, new, words),
        "updated_at": words.latest(old.updated_at, new.updated_at),
        "cancelled": case((ahead, new.cancelled), else_=old.cancelled),
        "cancelled_by": case((ahead, new.cancelled_by), else_=old.cancelled_by),
        "queue": func.coalesce(old.queue, new.queue),
        "job_type": func.coalesce(old.job_type, new.job_type),
    }
    for name in ("completed_at", "failed_at", "cancelled_at"):
        end = words.latest(new[name], old.created_at + words.tick, old.started_at + words.tick)
        values[name] = case((and_(ahead, new[name].is_not(None)), end), else_=old[name])
    for name in ("error_type", "error_message", "error_traceback"):
        values[name] = case((fails, new[name]), else_=old[name])
    for name in ("progress", "progress_attempt", "progress_at"):
        values[name] = case((older, old[name]), else_=new[name])
    return values


class _Columns(dict[str, Value]):
    """Columns by name, as items and as attributes."""

    __getattr__ = dict.__getitem__


def _reopened() -> _Columns:
    """The row's columns as `lifecycle.reopened` has them."""
    columns = JOB_STATUS.c
    known: dict[str, Value] = {
        name: cast(null(), columns[name].type) if value is None else literal_column(f"'{value}'")
        for name, value in REOPENED.items()
    } | {"attempt": literal_column("0"), "position": literal_column("0"), "cancelled": false()}
    return _Columns({**columns, **known})


def _is(status: Value, *names: str) -> Value:
    # Literals, not parameters: the driver gets the values of the new row and nothing else.
    return or_(*(status == literal_column(f"'{name}'") for name in names))


def _ended(row: Any) -> Value:
    return func.coalesce(row.completed_at, row.failed_at)


def _created(old: Any, new: Any, words: Words) -> Value:
    ended = _ended(old)
    return case(
        (or_(old.created_at.is_not(None), new.created_at.is_(None)), old.created_at),
        (ended.is_not(None), words.earliest(new.created_at, func.coalesce(old.started_at, ended) - words.tick)),
        else_=new.created_at,
    )


def _started(old: Any, new: Any, words: Words) -> Value:
    created, latest = _created(old, new, words), _ended(old) - words.tick
    kept = case(
        (
            and_(old.started_at.is_not(None), old.created_at.is_(None), latest.is_(None)),
            words.latest(old.started_at, new.created_at + words.tick),
        ),
        else_=old.started_at,
    )
    inside = words.earliest(words.latest(new.started_at, created + words.tick), latest)
    no_room = latest <= created
    return case((or_(new.started_at.is_(None), no_room), kept), else_=words.earliest(inside, kept))
