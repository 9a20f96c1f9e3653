"""The merge of `lifecycle` as one SQL statement: INSERT … ON CONFLICT DO UPDATE, for PostgreSQL and SQLite."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Dialect, and_, bindparam, case, cast, false, func, literal_column, not_, null, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from reference_tracker.lifecycle import OVER, REOPENED
from reference_tracker.schema import JOB_STATUS

Value = ColumnElement[Any]
COLUMNS = tuple(column.name for column in JOB_STATUS.columns)


class Words(NamedTuple):
    """How a database says it.

    Args:
        insert: SQLAlchemy's, which knows ON CONFLICT.
        tick: the least by which two instants differ.
        later, earlier: the later and the earlier of two instants: the first where the second is NULL, NULL where the
            first is.
    """

    insert: Callable[..., Any]
    tick: Value
    later: Callable[[Value, Value], Value]
    earlier: Callable[[Value, Value], Value]


WORDS = {
    "postgresql": Words(  # GREATEST and LEAST skip NULL
        insert=postgresql.insert,
        tick=literal_column("interval '1 microsecond'"),
        later=lambda one, other: case((one.is_not(None), func.greatest(one, other))),
        earlier=lambda one, other: case((one.is_not(None), func.least(one, other))),
    ),
    "sqlite": Words(  # max and min of several values are NULL with one of them
        insert=sqlite.insert,
        tick=literal_column("1"),
        later=lambda one, other: func.max(one, func.coalesce(other, one)),
        earlier=lambda one, other: func.min(one, func.coalesce(other, one)),
    ),
}


def driver_of(dialect: str) -> Dialect:
    """The dialect with the driver's placeholders, in order: psycopg's `%s`, or sqlite3's `?`."""
    if dialect == "postgresql":
        return psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
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
    arrays = ", ".join(f"%s::{_postgresql_type(name)}[]" for name in COLUMNS)
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
    over = _is(old.status, *OVER)
    ahead = and_(not_(over), or_(_is(new.status, *OVER), _after(new, old)))
    fails = and_(ahead, _is(new.status, "delayed", "failed"), not_(new.cancelled))
    newer = and_(
        new.progress_at.is_not(None),
        or_(
            old.progress_at.is_(None),
            new.progress_attempt > old.progress_attempt,
            and_(new.progress_attempt == old.progress_attempt, new.progress_at >= old.progress_at),
        ),
    )
    values: dict[str, Value] = {
        "status": case((ahead, new.status), else_=old.status),
        "attempt": case((and_(ahead, new.attempt > old.attempt), new.attempt), else_=old.attempt),
        "created_at": _created(old, new, words),
        "started_at": _started(old, new, words),
        "updated_at": words.later(old.updated_at, new.updated_at),
        "cancelled": case((ahead, new.cancelled), else_=old.cancelled),
        "cancelled_by": case((ahead, new.cancelled_by), else_=old.cancelled_by),
        "queue": func.coalesce(old.queue, new.queue),
        "job_type": func.coalesce(old.job_type, new.job_type),
    }
    for name in ("completed_at", "failed_at", "cancelled_at"):
        values[name] = case((ahead, _end(new[name], old, words)), else_=old[name])
    for name in ("error_type", "error_message", "error_traceback"):
        values[name] = case((fails, new[name]), else_=old[name])
    for name in ("progress", "progress_attempt", "progress_at"):
        values[name] = case((newer, new[name]), else_=old[name])
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
    } | {"attempt": literal_column("0"), "cancelled": false()}
    return _Columns({**columns, **known})


def _after(new: Any, old: Any) -> Value:
    """Whether the event's position is beyond the row's, both being open."""
    return or_(new.attempt > old.attempt, and_(new.attempt == old.attempt, _phase(new) > _phase(old)))


def _phase(row: Any) -> Value:
    zero: Value = literal_column("0")
    one: Value = literal_column("1")
    two: Value = literal_column("2")
    return case((_is(row.status, "active"), one), (row.attempt == zero, zero), else_=two)


def _is(status: Value, *names: str) -> Value:
    # Literals, not parameters: the driver gets the values of the new row and nothing else.
    return or_(*(status == literal_column(f"'{name}'") for name in names))


def _ended(row: Any) -> Value:
    return func.coalesce(row.completed_at, row.failed_at)


def _created(old: Any, new: Any, words: Words) -> Value:
    return case(
        (old.created_at.is_not(None), old.created_at),
        (
            _ended(old).is_not(None),
            words.earlier(new.created_at, func.coalesce(old.started_at, _ended(old)) - words.tick),
        ),
        else_=new.created_at,
    )


def _started(old: Any, new: Any, words: Words) -> Value:
    start = words.later(new.started_at, old.created_at + words.tick)
    inside = words.earlier(start, _ended(old) - words.tick)
    return case(
        (
            and_(new.created_at.is_not(None), old.created_at.is_(None), _ended(old).is_(None)),
            words.later(old.started_at, new.created_at + words.tick),
        ),
        (new.started_at.is_(None), old.started_at),
        (and_(_ended(old).is_not(None), old.created_at.is_not(None), inside <= old.created_at), old.started_at),
        else_=words.earlier(inside, old.started_at),
    )


def _end(at: Any, old: Any, words: Words) -> Value:
    """The end time behind creation and start; NULL where the event is not of this kind."""
    return words.later(words.later(at, old.created_at + words.tick), old.started_at + words.tick)
