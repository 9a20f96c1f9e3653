"""What the fixtures do: a server for each process that runs tests, and on it a database of its own for each test.

A worker of pytest-xdist is such a process: it has a server of its own, unless one is given by URL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import pytest

from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.marks import SERVER
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.options import configured
from pytest_jobstatus.redis_databases import fresh_redis
from pytest_jobstatus.servers.choice import KINDS, Server, check_choice, server

FRESH: dict[str, Callable[..., AbstractContextManager[str]]] = {"postgres": fresh_database, "redis": fresh_redis}
Given = TypeVar("Given")


def served(name: str, config: pytest.Config) -> Iterator[Server]:
    """The server that was chosen; one of our own ends with the iterator.

    Args:
        name: "postgres" or "redis".
        config: pytest's.
    """
    __tracebackhide__ = True
    choice, source = chosen(name, config)
    with ExitStack() as stack:
        yield _entered(server(KINDS[name], choice, source=source), stack)


def fresh(name: str, request: pytest.FixtureRequest, given: Server) -> Iterator[str]:
    """The URL of an empty database, which ends with the iterator.

    Args:
        name: "postgres" or "redis".
        request: of the test. Its report tells the server, so that the summary has it, with pytest-xdist too.
        given: the server.
    """
    __tracebackhide__ = True
    with ExitStack() as stack:
        url = _entered(FRESH[name](given.url, source=given.source), stack)
        request.node.user_properties.append((SERVER, given.said))
        yield url


def chosen(name: str, config: pytest.Config) -> tuple[str, str]:
    """Which server was chosen, and where that was said, for errors.

    Args:
        name: "postgres" or "redis".
        config: pytest's.

    Raises:
        pytest.UsageError: for a bad choice.
    """
    source = f"--jobstatus-{name}"
    try:
        given = config.getoption(f"jobstatus_{name}")
        if given is not None:
            check_choice(KINDS[name], given, source=source)
            return given, source
        table = configured(config.rootpath)
    except Misuse as error:
        raise pytest.UsageError(str(error)) from None
    return (table[name], f"[tool.jobstatus] {name}") if name in table else ("auto", source)


def _entered(context: AbstractContextManager[Given], stack: ExitStack) -> Given:
    """What the context gives; misuse is an error that shows its message alone."""
    __tracebackhide__ = True
    try:
        return stack.enter_context(context)
    except Misuse as error:
        misuse = str(error)
    pytest.fail(misuse, pytrace=False)
