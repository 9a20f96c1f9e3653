"""Trackers that run the known-good statement as it is shown, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from copy import copy
from datetime import datetime
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from pytest_jobstatus import Event, JobError, Profile
from pytest_jobstatus.statement import (
    POSTGRESQL,
    READ,
    READ_OF_TENANT,
    SQLITE,
    Columns,
    checked_id,
    checked_progress,
    in_utc,
    storable,
    table,
    upsert,
    with_tenant,
)

TIMES = ("created_at", "started_at", "completed_at", "failed_at", "cancelled_at", "updated_at")


def given(event: Event) -> dict[str, Any]:
    """The statement's parameters: what the event carries, by the clock of the worker that tells it."""
    error = event.error
    texts = error and [part and storable(part) for part in (error.type, error.message, error.traceback)]
    return {
        "job_id": checked_id(event.job_id),
        "kind": str(event.kind),
        "attempt": event.attempt,
        "at": event.occurred_at,
        "now": event.occurred_at,
        "error": texts and json.dumps(texts),
        "progress": checked_progress(event.progress),
        "cancelled_by": event.cancelled_by and storable(event.cancelled_by),
    }


class OnSqlite:
    """On SQLite, in memory.

    Args:
        columns: the table's.
    """

    profile = Profile()

    def __init__(self, columns: Columns = SQLITE) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute(table(columns))
        self.upsert, self.reading = upsert(columns), READ

    def given(self, event: Event) -> dict[str, Any]:
        """The statement's parameters."""
        return given(event)

    def asked(self, job_id: str) -> dict[str, Any]:
        """The reader's parameters."""
        return {"job_id": job_id}

    def apply(self, event: Event) -> None:
        values = self.given(event)
        self.connection.execute(self.upsert, values | {name: in_utc(values[name]) for name in ("at", "now")})

    def read(self, job_id: str) -> dict[str, Any] | None:
        found = self.connection.execute(self.reading, self.asked(job_id)).fetchone()
        if found is None:
            return None
        row = dict(found)
        for name in ("error", "progress"):
            row[name] = row[name] and json.loads(row[name])
        return row | {
            **{name: row[name] and datetime.fromisoformat(row[name]) for name in TIMES},
            "error": row["error"] and JobError(*row["error"]),
        }

    def close(self) -> None:
        self.connection.close()


class OnPostgresql:
    """On PostgreSQL, in a schema of its own.

    Args:
        url: where.
        columns: the table's.
    """

    profile = Profile()

    def __init__(self, url: str, columns: Columns = POSTGRESQL) -> None:
        self.connection: psycopg.Connection[dict[str, Any]] = psycopg.Connection.connect(
            url.replace("+psycopg", "", 1), autocommit=True, row_factory=dict_row
        )
        self.schema = f"known_good_{secrets.token_hex(6)}"
        self.connection.execute(self.sql(f"CREATE SCHEMA {self.schema}"))
        self.connection.execute(self.sql(f"SET search_path TO {self.schema}"))
        self.connection.execute(self.sql(table(columns)))
        self.upsert, self.reading = self.sql(upsert(columns)), self.sql(READ)

    @staticmethod
    def sql(text: str) -> bytes:
        """The text with psycopg's names for parameters."""
        return re.sub(r":(\w+)", r"%(\1)s", text).encode()

    def given(self, event: Event) -> dict[str, Any]:
        """The statement's parameters."""
        return given(event)

    def asked(self, job_id: str) -> dict[str, Any]:
        """The reader's parameters."""
        return {"job_id": job_id}

    def apply(self, event: Event) -> None:
        self.connection.execute(self.upsert, self.given(event), prepare=True)

    def read(self, job_id: str) -> dict[str, Any] | None:
        row = self.connection.execute(self.reading, self.asked(job_id), prepare=True).fetchone()
        return row and row | {"error": row["error"] and JobError(*row["error"])}

    def close(self) -> None:
        self.connection.execute(self.sql(f"DROP SCHEMA {self.schema} CASCADE"))
        self.connection.close()


class _Tenants:
    """Tells the statement whose job it is."""

    tenant = ""

    def for_tenant(self, name: str) -> Self:
        """The same for one tenant."""
        own = copy(self)
        own.tenant = name
        own.close = lambda: None  # type: ignore[attr-defined]  # the connection is the first one's
        return own

    def given(self, event: Event) -> dict[str, Any]:
        """The statement's parameters."""
        return given(event) | {"tenant": self.tenant}

    def asked(self, job_id: str) -> dict[str, Any]:
        """The reader's parameters."""
        return {"tenant": self.tenant, "job_id": job_id}


class TenantsOnSqlite(_Tenants, OnSqlite):
    """The same for several tenants."""

    def __init__(self, columns: Columns = SQLITE) -> None:
        super().__init__(with_tenant(columns))
        self.reading = READ_OF_TENANT


class TenantsOnPostgresql(_Tenants, OnPostgresql):
    """The same for several tenants."""

    def __init__(self, url: str, columns: Columns = POSTGRESQL) -> None:
        super().__init__(url, with_tenant(columns))
        self.reading = self.sql(READ_OF_TENANT)


class TenantsWithoutColumn(_Tenants, OnSqlite):
    """For several tenants, in a table that has none."""
