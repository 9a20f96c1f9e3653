"""How fast the reference tracker writes and lists, beside baselines in the same run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import Engine, create_engine, text

from pytest_jobstatus.servers import postgres_from_wheel
from reference_tracker.change import Change, Kind
from reference_tracker.lifecycle import first
from reference_tracker.statement import merge_statement
from reference_tracker.store import Store, prepare_sqlite
from reference_tracker.tracker import JobStatusTracker
from tests.benchmarks import bare
from tests.benchmarks.figure import Figure

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROUNDS = 9
JOBS = 60
LIFE: tuple[tuple[Kind, int], ...] = (
    ("created", 0), ("active", 1), ("progress", 1), ("progress", 1), ("completed", 1),
)  # fmt: skip
"""What is told of each job."""

_numbers = count()


def events() -> list[Change]:
    """The lives of some jobs that nobody has heard of yet, one after the other."""
    batch = next(_numbers)
    return [
        Change(
            job_id=f"job-{batch}-{job}",
            kind=kind,
            at=NOON + timedelta(seconds=place),
            attempt=attempt,
            progress=20 * place if kind == "progress" else None,
        )
        for job in range(JOBS)
        for place, (kind, attempt) in enumerate(LIFE)
    ]


def one_by_one(tracker: JobStatusTracker, told: Sequence[Change]) -> float:
    """Seconds for each event."""
    began = perf_counter()
    for change in told:
        tracker.apply(change)
    return (perf_counter() - began) / len(told)


def in_hundreds(tracker: JobStatusTracker, told: Sequence[Change]) -> float:
    """Seconds for each event, a hundred at a time."""
    began = perf_counter()
    for place in range(0, len(told), 100):
        tracker.apply_many(told[place : place + 100])
    return (perf_counter() - began) / len(told)


class Writes(NamedTuple):
    """How many times as fast as the baseline, round by round.

    Args:
        bare: one event beside the same statement through the driver.
        requests: beside SELECT, SELECT, UPDATE, each through the same engine.
        separate: beside the same on one held connection.
        asleep: beside these with the seed's sleeps.
        many: `apply_many` of a hundred beside one by one.
    """

    bare: list[float]
    requests: list[float]
    separate: list[float]
    asleep: list[float]
    many: list[float]


@cache
def on_postgresql() -> Writes:
    """Everything that is measured on one durable server, baseline and product in turn."""
    with postgres_from_wheel(durable=True) as url, engine_on(url) as engine:
        tracker, plain = JobStatusTracker(engine), url.replace("+psycopg", "", 1)
        tracker.create_table()
        store = Store(engine)
        found = Writes([], [], [], [], [])
        for _ in range(ROUNDS):
            parameters = [store.parameters(first(change, now=NOON)) for change in events()]
            jobs = [change.job_id for change in events()]
            baseline = bare.prepared(plain, merge_statement(engine.dialect.name), parameters)
            own = one_by_one(tracker, events())
            with bare.separate_table(plain, jobs):
                requested = bare.requests(engine, jobs)
                apart = bare.separate(plain, jobs)
            found.bare.append(baseline / own)
            found.requests.append(requested / own)
            found.separate.append(apart / own)
            found.many.append(own / in_hundreds(tracker, events()))
        with bare.separate_table(plain, jobs):
            found.asleep.append(bare.separate(plain, jobs[:10], sleeps=bare.SEED_SLEEPS) / own)
        return found


@cache
def on_sqlite() -> Sequence[float]:
    """One event beside the same statement through sqlite3, both with a write-ahead log synced at checkpoints."""
    ratios = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.db"
        with engine_on(f"sqlite:///{file}") as engine:
            prepare_sqlite(engine)
            tracker, store = JobStatusTracker(engine), Store(engine)
            tracker.create_table()
            for _ in range(ROUNDS):
                parameters = [store.parameters(first(change, now=NOON)) for change in events()]
                baseline = bare.held_sqlite(file, merge_statement(engine.dialect.name), parameters)
                ratios.append(baseline / one_by_one(tracker, events()))
    return ratios


@contextmanager
def engine_on(url: str) -> Iterator[Engine]:
    """An engine, let go at the end."""
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


class Crowd(NamedTuple):
    """How many times as long it takes with a million jobs in the table as with a thousand.

    Args:
        write: one event.
        page: one page of `list_jobs`, by status and all.
    """

    write: Sequence[float]
    page: Sequence[float]


FILL = """
INSERT INTO job_status (tenant, job_id, status, attempt, created_at, updated_at, cancelled, first_seen_at)
SELECT '', 'old-' || n, CASE WHEN n % 3 = 0 THEN 'active' ELSE 'pending' END, (n % 3 = 0)::int, at, at, false, at
FROM (
    SELECT n, timestamptz '2025-01-01' + n * interval '1 second' AS at FROM generate_series({first}, {last}) AS n
) AS told
"""


@cache
def crowded() -> Crowd:
    """Latency with a thousand jobs in the table, then with a million."""
    with postgres_from_wheel(durable=True) as url, engine_on(url) as engine:
        tracker = JobStatusTracker(engine)
        tracker.create_table()
        taken = []
        for begin, end in ((1, 1_000), (1_001, 1_000_000)):
            with engine.begin() as connection:
                connection.execute(text(FILL.format(first=begin, last=end)))
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE job_status"))
            one_by_one(tracker, events())
            writes = [one_by_one(tracker, events()) for _ in range(ROUNDS)]
            pages = [page_of(tracker) for _ in range(ROUNDS * 10)]
            taken.append((median(writes), median(pages)))
        (small_write, small_page), (large_write, large_page) = taken
        return Crowd([large_write / small_write], [large_page / small_page])


def page_of(tracker: JobStatusTracker) -> float:
    """Seconds for a page of all, the next, and one of a status."""
    began = perf_counter()
    page = tracker.list_jobs(limit=50)
    tracker.list_jobs(limit=50, after=page[-1])
    tracker.list_jobs(limit=50, status="active")
    return perf_counter() - began


AS_FAST = (
    ("one event on PostgreSQL beside the same statement through psycopg, prepared", 0.8, lambda: on_postgresql().bare),
    ("one event on PostgreSQL beside SELECT, SELECT, UPDATE, three requests", 1.5, lambda: on_postgresql().requests),
    ("the same beside these on one held psycopg connection", 1.5, lambda: on_postgresql().separate),
    ("the same beside these with the seed's sleeps", 1.5, lambda: on_postgresql().asleep),
    ("apply_many of a hundred on PostgreSQL beside one by one", 10, lambda: on_postgresql().many),
    ("one event on SQLite beside the same statement through sqlite3", 0.5, on_sqlite),
)
"""How many times as fast, at least."""
AS_LONG = (
    ("one event with a million jobs in the table, beside a thousand", 1.5, lambda: crowded().write),
    ("list_jobs with a million jobs in the table, beside a thousand", 1.5, lambda: crowded().page),
)
"""How many times as long, at most."""
FIGURES = tuple(
    Figure(name=name, goal=goal, unit="×", measure=measure, at_least=table is AS_FAST)
    for table in (AS_FAST, AS_LONG)
    for name, goal, measure in table
)
