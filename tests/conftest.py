"""What the tests share: pytester, which runs pytest inside a test, and golden files."""

from __future__ import annotations

import pytest

from tests.golden_files import UPDATE, Golden

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten."""
    parser.addoption(UPDATE, action="store_true", help="rewrite the files in tests/golden from what is printed now")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The golden files, to compare a text with."""
    return Golden(update=pytestconfig.getoption(UPDATE))
