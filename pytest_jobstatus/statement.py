"""Known-good SQL: one right tracker statement for PostgreSQL and SQLite, put together from its columns.

Parameters are named as SQLAlchemy's `text()` and sqlite3 take them: `:kind`, `:attempt`, `:at` are the event's own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from textwrap import indent, wrap
from typing import NamedTuple

WIDTH = 90


class Column(NamedTuple):
    """What a column is made of.

    Args:
        definition: its type and constraints.
        value: what the event alone would make it; empty where the database computes it.
        merged: what it becomes where the job has a row; empty where it never changes.
        check: a constraint that only a wrong merge can break.
    """

    definition: str
    value: str = ""
    merged: str = ""
    check: str = ""


Columns = Mapping[str, Column]
"""The columns of one database's table, in order, by name."""


class Words(NamedTuple):
    """What the databases say differently.

    GREATEST and LEAST skip NULL; SQLite's max and min of several values are NULL with one of them.
    """

    text: str
    integer: str
    instant: str
    json: str
    bytewise: str
    greatest: str
    as_json: str
    created: str
    started: str
    ended: str


IN_POSTGRESQL = Words(
    text="text",
    integer="integer",
    instant="timestamptz",
    json="jsonb",
    bytewise='COLLATE "C"',
    greatest="GREATEST",
    as_json="CAST({} AS jsonb)",
    created="LEAST(excluded.created_at, job_status.started_at, job_status.ended_at)",
    started="""\
LEAST(
  GREATEST(excluded.started_at, job_status.created_at),
  job_status.started_at, job_status.ended_at)""",
    ended="GREATEST(excluded.ended_at, job_status.started_at, job_status.created_at)",
)
IN_SQLITE = Words(
    text="TEXT",
    integer="INTEGER",
    instant="TEXT",
    json="TEXT",
    bytewise="COLLATE BINARY",
    greatest="max",
    as_json="{}",
    created="""\
min(excluded.created_at,
  coalesce(job_status.started_at, job_status.ended_at, '9999'))""",
    started="""\
min(
  max(excluded.started_at, coalesce(job_status.created_at, '')),
  coalesce(job_status.started_at, job_status.ended_at, '9999'))""",
    ended="""\
max(excluded.ended_at,
  coalesce(job_status.started_at, job_status.created_at, ''))""",
)

OVER = "('completed', 'failed', 'cancelled')"
AHEAD = "excluded.position > job_status.position"
STATUS_OF_KIND = """\
CASE :kind
  WHEN 'created' THEN 'pending'
  WHEN 'progress' THEN 'active'
  WHEN 'retrying' THEN 'delayed'
  WHEN 'stalled' THEN 'pending'
  ELSE :kind END"""
POSITION = f"""\
GENERATED ALWAYS AS (CASE
  WHEN status IN {OVER} THEN 1000000
  WHEN status = 'active' THEN 3 * attempt + 1
  WHEN attempt > 0 THEN 3 * attempt + 2
  ELSE 0 END) STORED"""
READ = """\
SELECT status, attempt, created_at, started_at,
  CASE WHEN status = 'completed' THEN ended_at END AS completed_at,
  CASE WHEN status = 'failed' THEN ended_at END AS failed_at,
  CASE WHEN status = 'cancelled' THEN ended_at END AS cancelled_at,
  updated_at, error, progress, cancelled_by
FROM job_status WHERE job_id = :job_id"""
"""What a reader asks."""
READ_OF_TENANT = READ.replace("WHERE ", "WHERE tenant = :tenant AND ")
"""What a tenant's reader asks."""


def _columns(words: Words) -> Columns:
    text, integer, instant, json_type = words.text, words.integer, words.instant, words.json
    return {
        "job_id": Column(f"{text} {words.bytewise} NOT NULL PRIMARY KEY", ":job_id"),
        "status": Column(f"{text} NOT NULL", STATUS_OF_KIND, _if(AHEAD, "status")),
        "attempt": Column(
            f"{integer} NOT NULL",
            ":attempt",
            _if(AHEAD, "attempt", f"{words.greatest}(job_status.attempt, excluded.attempt)"),
        ),
        "position": Column(f"{integer} {POSITION}"),
        "created_at": Column(
            instant,
            "CASE WHEN :kind = 'created' THEN :at END",
            _if("job_status.created_at IS NULL AND excluded.created_at IS NOT NULL", "created_at", words.created),
        ),
        "started_at": Column(
            instant,
            "CASE WHEN :kind = 'active' THEN :at END",
            _if("excluded.started_at IS NOT NULL", "started_at", words.started),
            "CHECK (created_at <= started_at)",
        ),
        "ended_at": Column(
            instant,
            f"CASE WHEN :kind IN {OVER}\n  THEN :at END",
            _if("job_status.ended_at IS NULL AND excluded.ended_at IS NOT NULL", "ended_at", words.ended),
            f"CHECK (created_at <= ended_at), CHECK (started_at <= ended_at),\n"
            f"CHECK ((ended_at IS NOT NULL) = (status IN {OVER}))",
        ),
        "updated_at": Column(
            f"{instant} NOT NULL", ":now", f"{words.greatest}(job_status.updated_at, excluded.updated_at)"
        ),
        "error": Column(
            json_type,
            words.as_json.format(":error"),
            _if(f"{AHEAD}\n  AND excluded.status IN ('delayed', 'failed')", "error"),
        ),
        "progress": _newest("progress", json_type, words.as_json.format(":progress")),
        "progress_attempt": _newest("progress_attempt", integer, ":attempt"),
        "progress_at": _newest("progress_at", instant, ":at"),
        "cancelled_by": Column(text, ":cancelled_by", _if(AHEAD, "cancelled_by")),
    }


def _if(condition: str, name: str, taken: str = "") -> str:
    then = indent(f"THEN {taken or f'excluded.{name}'}", "  ")
    return f"CASE WHEN {condition}\n{then}\n  ELSE job_status.{name} END"


def _newest(name: str, definition: str, value: str) -> Column:
    merged = (
        "CASE WHEN excluded.progress_at IS NULL\n"
        "  OR (excluded.progress_attempt, excluded.progress_at)\n"
        "   < (job_status.progress_attempt, job_status.progress_at)\n"
        f"  THEN job_status.{name}\n"
        f"  ELSE excluded.{name} END"
    )
    return Column(definition, f"CASE WHEN :kind = 'progress' THEN {value} END", merged)


POSTGRESQL: Columns = _columns(IN_POSTGRESQL)
SQLITE: Columns = _columns(IN_SQLITE)


def with_tenant(columns: Columns) -> Columns:
    """The columns of a table for several tenants: one id in two of them is two jobs.

    >>> "PRIMARY KEY (tenant, job_id)" in table(with_tenant(SQLITE))
    True
    """
    own = columns["job_id"]
    definition = own.definition.removesuffix(" PRIMARY KEY")
    key = Column(definition, own.value, check="PRIMARY KEY (tenant, job_id)")
    return {"tenant": Column(definition, ":tenant"), **columns, "job_id": key}


def table(columns: Columns, *, shown: Collection[str] | None = None) -> str:
    """The table's definition; what is not among `shown` is left out, with an ellipsis in its place."""
    lines = {name: f"{name} {column.definition}" for name, column in columns.items()}
    checks = {f"{name} checked": column.check for name, column in columns.items() if column.check}
    chosen = None if shown is None else {*shown, *(f"{name} checked" for name in shown)}
    return f"CREATE TABLE job_status (\n{_list(lines | checks, chosen)}\n)"


def upsert(columns: Columns, *, shown: Collection[str] | None = None) -> str:
    """The statement that takes one event, whatever stands there already; `shown` as for the table."""
    given = {name: column.value for name, column in columns.items() if column.value}
    merged = {name: f"{name} = {column.merged}" for name, column in columns.items() if column.merged}
    names = ", ".join(name or "…" for name in _chosen(given, shown))
    key = "tenant, job_id" if "tenant" in columns else "job_id"
    return "\n".join(
        [
            *wrap(f"INSERT INTO job_status ({names})", WIDTH, subsequent_indent="  "),
            f"VALUES (\n{_list(given, shown)}\n)",
            f"ON CONFLICT ({key}) DO UPDATE SET\n{_list(merged, shown)}",
        ]
    )


def _list(texts: Mapping[str, str], shown: Collection[str] | None) -> str:
    last = [*texts][-1]
    chosen = ("…" if name is None else texts[name] + "," * (name != last) for name in _chosen(texts, shown))
    return indent("\n".join(chosen), "  ")


def _chosen(names: Collection[str], shown: Collection[str] | None) -> Iterator[str | None]:
    """The names that are shown, and None for each gap between them."""
    for is_shown, group in groupby(names, key=lambda name: shown is None or name in shown):
        yield from group if is_shown else (None,)


def storable(text: str) -> str:
    """Text that every database takes: NUL and lone surrogates become readable escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def checked_progress(value: object) -> str:
    """The progress as JSON; what no database can hold is refused before the statement."""
    allowed = "JSON without NaN, Infinity, NUL and lone surrogates"
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()  # refuses lone surrogates
    except ValueError as error:
        raise ValueError(f"progress {value!a:.60}: allowed is {allowed}: {error}") from error
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError(f"progress {value!a:.60}: allowed is {allowed}")
    return text


def checked_id(job_id: str) -> str:
    """The id as it is; one that a database would have to change is refused."""
    if storable(job_id) != job_id:
        raise ValueError(f"job_id {job_id!a}: allowed is text without NUL and lone surrogates")
    return job_id


def in_utc(at: datetime) -> str:
    """An instant as text of one width, so that text is ordered as instants are."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
