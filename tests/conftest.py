"""What the tests share: pytester, which runs pytest inside a test, golden files, and a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_jobstatus.servers import postgres_from_wheel
from tests.golden_files import UPDATE, Golden

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten."""
    parser.addoption(UPDATE, action="store_true", help="rewrite the files in tests/golden from what is printed now")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The golden files, to compare a text with."""
    return Golden(update=pytestconfig.getoption(UPDATE))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server, one for the run or for each worker of xdist."""
    with postgres_from_wheel() as url:
        yield url
