"""The baselines: what one event costs without any of the product's code."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, text

SEED_SLEEPS = (0.5, 0.3)
"""In seconds: what the seed waits before it marks a job active, and before it marks it completed."""

Values = Sequence[Any]


def prepared(url: str, statement: str, events: Sequence[Values]) -> float:
    """Seconds for each event: the statement through psycopg, prepared, on one held connection, each committed.

    Args:
        url: of the server, as psycopg takes it.
        statement: with PostgreSQL's own placeholders, which psycopg does not have to look for.
        events: the parameters of each.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = psycopg.RawCursor(connection)
        began = time.perf_counter()
        for values in events:
            cursor.execute(statement.encode(), values, prepare=True)
        return (time.perf_counter() - began) / len(events)


SEPARATE_TABLE = """
CREATE TABLE separate_status (
    job_id text PRIMARY KEY, status text NOT NULL, created_at timestamptz, started_at timestamptz,
    completed_at timestamptz, failed_at timestamptz, progress jsonb
)"""
THREE = (
    "SELECT completed_at, failed_at, status FROM separate_status WHERE job_id = %s",
    "SELECT started_at, created_at FROM separate_status WHERE job_id = %s",
    "UPDATE separate_status SET status = 'active', started_at = now() WHERE job_id = %s AND completed_at IS NULL",
)


@contextmanager
def separate_table(url: str, jobs: Sequence[str]) -> Iterator[None]:
    """A table of the seed's shape with a row for each job."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SEPARATE_TABLE)
        connection.cursor().executemany(
            "INSERT INTO separate_status (job_id, status) VALUES (%s, 'pending')",
            [(job,) for job in dict.fromkeys(jobs)],
        )
        yield
        connection.execute("DROP TABLE separate_status")


def separate(url: str, jobs: Sequence[str], *, sleeps: Sequence[float] = (0.0,)) -> float:
    """Seconds for each event: SELECT, SELECT, UPDATE in statements of their own, as the seed does it.

    Args:
        url: of the server, as psycopg takes it.
        jobs: whose event it is; see `separate_table`.
        sleeps: in seconds, in turn: before each event.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        began = time.perf_counter()
        for number, job in enumerate(jobs):
            if sleeps[number % len(sleeps)]:
                time.sleep(sleeps[number % len(sleeps)])
            for statement in THREE:
                cursor.execute(statement, (job,), prepare=True)
        return (time.perf_counter() - began) / len(jobs)


def requests(engine: Engine, jobs: Sequence[str]) -> float:
    """The same through SQLAlchemy, each statement a request of its own, as the seed's are.

    Args:
        engine: its pool hands out a connection for each.
        jobs: whose event it is.
    """
    statements = [text(statement.replace("%s", ":job")) for statement in THREE]
    began = time.perf_counter()
    for job in jobs:
        for statement in statements:
            with engine.begin() as connection:
                connection.execute(statement, {"job": job})
    return (time.perf_counter() - began) / len(jobs)


def held_sqlite(file: Path, statement: str, events: Sequence[Values]) -> float:
    """Seconds for each event: the statement through sqlite3 on one held connection, each committed to the log.

    Args:
        file: the database, with its table.
        statement: with sqlite3's placeholders.
        events: the parameters of each.
    """
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        began = time.perf_counter()
        for values in events:
            connection.execute(statement, values)
        return (time.perf_counter() - began) / len(events)
    finally:
        connection.close()
