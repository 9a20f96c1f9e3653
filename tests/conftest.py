"""What the tests share: pytester, which runs pytest inside a test, golden files, and servers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pytest_jobstatus.servers.choice import Server
from tests.golden_files import UPDATE, Golden

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten."""
    parser.addoption(UPDATE, action="store_true", help="rewrite the files in tests/golden from what is printed now")


def pytest_configure() -> None:
    """Take Ctrl-C, which a shell's background jobs ignore and hand on: tests interrupt what they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The golden files, to compare a text with."""
    return Golden(update=pytestconfig.getoption(UPDATE))


@pytest.fixture(scope="session")
def postgres_url(jobstatus_postgres_server: Server) -> str:
    """A PostgreSQL server, one for the run or for each worker of xdist."""
    return jobstatus_postgres_server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database of the test's own, for each database that the reference tracker runs on."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'jobs.db'}" if sqlite else request.getfixturevalue("jobstatus_postgres")
    made = create_engine(url)
    yield made
    made.dispose()
