"""The merge of `lifecycle` as one SQL statement: INSERT … ON CONFLICT DO UPDATE."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Table, and_, bindparam, case, func, literal_column, not_, null, or_
from sqlalchemy.dialects.sqlite import insert

from reference_tracker.lifecycle import OVER
from reference_tracker.schema import JOB_STATUS

TICK: ColumnElement[int] = literal_column("1")
Value = ColumnElement[Any]


def merge_statement(dialect: Dialect) -> str:
    """The statement for the driver; its parameters are a `Row`'s values, in order.

    Args:
        dialect: of the database.
    """
    columns = [column.name for column in JOB_STATUS.columns]
    upsert = insert(JOB_STATUS).values({name: bindparam(name) for name in columns})
    merged = upsert.on_conflict_do_update(
        index_elements=["job_id"],
        set_=_merged(JOB_STATUS, upsert.excluded),
    )
    return str(merged.compile(dialect=dialect))


def _merged(row: Table, new: Any) -> dict[str, Value]:
    """Each column's value after the event; `new` is the row that the event would make alone."""
    old = row.c
    over = _is(old.status, *OVER)
    ahead = and_(not_(over), or_(_is(new.status, *OVER), _after(new, old)))
    ended = func.coalesce(old.completed_at, old.failed_at)
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
        "created_at": _created(old, new, over, ended),
        "started_at": _started(old, new, over, ended),
        "updated_at": _later(old.updated_at, new.updated_at),
        "cancelled": case((ahead, new.cancelled), else_=old.cancelled),
        "cancelled_by": case((ahead, new.cancelled_by), else_=old.cancelled_by),
        "queue": func.coalesce(old.queue, new.queue),
        "job_type": func.coalesce(old.job_type, new.job_type),
    }
    for name in ("completed_at", "failed_at", "cancelled_at"):
        values[name] = case((ahead, _end(new[name], old)), else_=old[name])
    for name in ("error_type", "error_message", "error_traceback"):
        values[name] = case((fails, new[name]), else_=old[name])
    for name in ("progress", "progress_attempt", "progress_at"):
        values[name] = case((newer, new[name]), else_=old[name])
    return values


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


def _created(old: Any, new: Any, over: Value, ended: Value) -> Value:
    return case(
        (old.created_at.is_not(None), old.created_at),
        (over, _earlier(new.created_at, func.coalesce(old.started_at, ended) - TICK)),
        else_=new.created_at,
    )


def _started(old: Any, new: Any, over: Value, ended: Value) -> Value:
    start = _later(new.started_at, old.created_at + TICK)
    inside = _earlier(start, ended - TICK)
    return case(
        (
            and_(new.created_at.is_not(None), old.created_at.is_(None), not_(over)),
            _later(old.started_at, new.created_at + TICK),
        ),
        (new.started_at.is_(None), old.started_at),
        (and_(over, old.created_at.is_not(None), inside <= old.created_at), old.started_at),
        (over, _earlier(inside, old.started_at)),
        else_=_earlier(start, old.started_at),
    )


def _end(at: Any, old: Any) -> Value:
    """The end time behind creation and start; NULL where the event is not of this kind."""
    return _later(_later(at, old.created_at + TICK), old.started_at + TICK)


def _later(one: Value, other: Value) -> Value:
    """The later of two instants; `one` where the other is NULL, NULL where `one` is."""
    return case((one.is_(None), null()), (other > one, other), else_=one)


def _earlier(one: Value, other: Value) -> Value:
    """The earlier of two instants; `one` where the other is NULL, NULL where `one` is."""
    return case((one.is_(None), null()), (other < one, other), else_=one)
