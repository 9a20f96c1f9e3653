"""A Redis database of its own for a test, on a server that others use too.

A server has sixteen, by number. A test takes one that is empty and that nobody is in, and stays in it: that is how
others, workers of pytest-xdist for instance, see that it is taken, and the server forgets it when the process is gone.
Number 0 is left alone: every client is there until it has asked for another.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.urls import hidden

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("redis", "rediss", "unix")
EXAMPLE = "redis://:PASSWORD@HOST:PORT"
NUMBERS = range(1, 16)
NAME = "pytest-jobstatus"
"""What our connections are called: other workers look in, too."""
PATIENCE = 10
"""In seconds: how long a server may take to answer, and all databases may be taken."""


@contextmanager
def fresh_redis(url: str, *, source: str = "fresh_redis") -> Iterator[str]:
    """An empty database on a Redis server, empty again at the end: its URL.

    No database with anything in it is touched, whatever number the URL has. Channels of PUBLISH are not apart: a server
    has them once.

    Args:
        url: of the server, as redis-py takes it.
        source: where the URL came from, for errors.

    Raises:
        Misuse: where the URL is none of Redis, the server does not answer, or no database is free.
    """
    with _telling(url, source):
        number, client = _free(url, source)
    with client:
        try:
            yield numbered(url, number)
        finally:
            with _telling(url, source):
                for other in _others(client, number, but=NAME):
                    client.client_kill_filter(_id=other)
                client.flushdb()


def redis_version(url: str, *, source: str) -> str:
    """What answers at the URL: "Redis 8.2.3", "Valkey 9.1.2".

    Args:
        url: of the server, as redis-py takes it.
        source: where it came from, for errors.

    Raises:
        Misuse: where nothing does.
    """
    with _telling(url, source), _connected(url) as client:
        told: dict[str, Any] = client.info("server")
        name = "Valkey" if "valkey_version" in told else "Redis"
        return f"{name} {told.get('valkey_version', told.get('redis_version', ''))}"


def numbered(url: str, number: int) -> str:
    """The URL of another database on the same server.

    >>> numbered("redis://localhost:6379/0?db=1&timeout=2", 5)
    'redis://localhost:6379/5?timeout=2'
    >>> numbered("unix:///run/redis.sock", 5)
    'unix:///run/redis.sock?db=5'
    """
    parts = urlsplit(url)
    query = [each for each in parts.query.split("&") if each and not each.startswith("db=")]
    path = f"/{number}"
    if parts.scheme == "unix":
        path = parts.path
        query.append(f"db={number}")
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{'&'.join(query)}" if query else "")


def _free(url: str, source: str) -> tuple[int, Redis]:
    """A database that is empty and that nobody is in, and a connection that stays in it."""
    from redis import ResponseError

    numbers = list(NUMBERS)
    random.SystemRandom().shuffle(numbers)  # so that workers do not all ask for the same; a test's own seed is let be
    deadline = time.monotonic() + PATIENCE
    refusals: dict[int, str] = {}
    while len(refusals) < len(numbers) and time.monotonic() < deadline:
        for number in numbers:
            with ExitStack() as stack:
                try:
                    client = stack.enter_context(_connected(numbered(url, number)))
                    # In this order: whoever comes into it from now on sees that we are there.
                    if not _others(client, number) and client.dbsize() == 0:
                        stack.pop_all()
                        return number, client
                except ResponseError as error:  # where there are fewer of them, or some are forbidden
                    refusals[number] = str(error)
        time.sleep(0.05)
    why = "; ".join(sorted(set(refusals.values())))
    raise Misuse(
        f"{source}: {hidden(url)}: none of the databases {NUMBERS[0]} to {NUMBERS[-1]} is empty and unused"
        f"{f' ({why})' if why else ''}; each test gets one of its own, and none with anything in it is touched"
    )


def _connected(url: str) -> Redis:
    from redis import Redis

    return Redis.from_url(url, single_connection_client=True, socket_connect_timeout=PATIENCE, client_name=NAME)


def _others(client: Redis, number: int, *, but: str | None = None) -> list[str]:
    """Who else is in the database, but those of a name."""
    own = client.client_id()
    clients: list[dict[str, str]] = client.client_list()
    here = [each for each in clients if each["db"] == str(number) and each["id"] != str(own)]
    return [each["id"] for each in here if but is None or each.get("name") != but]


@contextmanager
def _telling(url: str, source: str) -> Iterator[None]:
    """Tell what goes wrong with the server in one line."""
    try:
        from redis import RedisError
    except ModuleNotFoundError:
        raise Misuse(f"{source}: redis is not installed: pip install 'pytest-jobstatus[redis]'") from None
    if not url.startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
        raise Misuse(f"{source}: {hidden(url)}: allowed is a URL of Redis: {EXAMPLE}")
    try:
        yield
    except RedisError as error:
        raise Misuse(f"{source}: {hidden(url)}: {' '.join(str(error).split())}") from None
    except Misuse:
        raise
    except ValueError:  # whose words may hold a piece of the password
        raise Misuse(
            f"{source}: not a URL: allowed is {EXAMPLE}; % stands before codes of special characters"
        ) from None
