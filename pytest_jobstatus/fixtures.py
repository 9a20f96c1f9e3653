"""The fixtures for application tests. They are loaded with the plugin; what they do stands in `served`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_jobstatus.servers.choice import Server
    from reference_tracker.tracker import JobStatusTracker


@pytest.fixture(scope="session")
def jobstatus_postgres_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The PostgreSQL server that --jobstatus-postgres chose: its `url`, and what is `said` of it."""
    from pytest_jobstatus.served import served

    yield from served("postgres", pytestconfig)


@pytest.fixture(scope="session")
def jobstatus_redis_server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The Redis server that --jobstatus-redis chose: its `url`, and what is `said` of it."""
    from pytest_jobstatus.served import served

    yield from served("redis", pytestconfig)


@pytest.fixture
def jobstatus_postgres(request: pytest.FixtureRequest, jobstatus_postgres_server: Server) -> Iterator[str]:
    """A PostgreSQL database of the test's own, empty, dropped afterwards: its URL for SQLAlchemy."""
    from pytest_jobstatus.served import fresh

    yield from fresh("postgres", request, jobstatus_postgres_server)


@pytest.fixture
def jobstatus_redis(request: pytest.FixtureRequest, jobstatus_redis_server: Server) -> Iterator[str]:
    """A Redis database of the test's own, empty, emptied afterwards: its URL for redis-py."""
    from pytest_jobstatus.served import fresh

    yield from fresh("redis", request, jobstatus_redis_server)


@pytest.fixture
def jobstatus_tracker(jobstatus_postgres: str) -> Iterator[JobStatusTracker]:
    """The reference tracker, with an empty table, on the database of jobstatus_postgres."""
    from sqlalchemy import create_engine, make_url

    from reference_tracker.tracker import JobStatusTracker

    engine = create_engine(make_url(jobstatus_postgres).set(drivername="postgresql+psycopg"))
    try:
        tracker = JobStatusTracker(engine)
        tracker.create_table()
        yield tracker
    finally:
        engine.dispose()
