"""Each test has a database of its own, whoever else uses the server, and errors show no password."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from redis import Redis, ResponseError

from pytest_jobstatus import Misuse, redis_databases
from pytest_jobstatus.databases import fresh_database, postgres_version
from pytest_jobstatus.redis_databases import fresh_redis, numbered, redis_version
from pytest_jobstatus.servers import valkey_from_wheel

ROOT = Path(__file__).parent.parent


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def refusal(database: AbstractContextManager[str]) -> str:
    """Why there is no such database, in words without the password "secret"."""
    with pytest.raises(Misuse) as caught, database:
        pass
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A server that nobody else uses: some tests take all that it has."""
    with valkey_from_wheel() as url:
        yield url


def test_postgresql_databases_are_apart_and_gone_afterwards(postgres_url: str) -> None:
    """Fresh databases on one server are empty, know nothing of each other, and are gone afterwards, used or not."""
    with fresh_database(postgres_url) as one, fresh_database(postgres_url) as other:
        with psycopg.connect(plain(one)) as connection:
            connection.execute("CREATE TABLE jobs (id text)")
        with psycopg.connect(plain(other)) as connection:
            assert connection.execute("SELECT to_regclass('jobs')").fetchone() == (None,)
        left_open = psycopg.connect(plain(other))
    left_open.close()
    with psycopg.connect(plain(postgres_url)) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    assert not {urlsplit(url).path.strip("/") for url in (one, other)} & set(names)


def test_a_url_without_a_driver_gets_psycopg(postgres_url: str) -> None:
    """Both spellings that others use are understood."""
    for scheme in ("postgres", "postgresql"):
        with fresh_database(postgres_url.replace("postgresql+psycopg", scheme)) as url:
            assert url.startswith("postgresql+psycopg://")
            assert postgres_version(url, source="test").startswith("PostgreSQL ")


def test_a_user_who_may_not_create_databases_is_told_so(postgres_url: str) -> None:
    """The error says what is missing, and keeps the password to itself."""
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        connection.execute("CREATE ROLE humble LOGIN PASSWORD 'secret'")
        try:
            url = postgres_url.replace("postgres@", "humble:secret@")
            said = refusal(fresh_database(url, source="--jobstatus-postgres"))
        finally:
            connection.execute("DROP ROLE humble")
    assert said.startswith("--jobstatus-postgres: postgresql+psycopg://humble:***@")
    assert "permission denied to create database; each test gets a database of its own: let the user" in said


def test_redis_databases_are_apart_and_empty_afterwards(redis_url: str) -> None:
    """Whatever a test leaves, connections included, the next one finds an empty database."""
    for _ in range(2 * len(redis_databases.NUMBERS)):
        with fresh_redis(redis_url) as one, fresh_redis(redis_url) as other:
            left_open = Redis.from_url(one)
            assert left_open.dbsize() == 0
            left_open.set("key", "value")
            with Redis.from_url(other) as client:
                assert client.get("key") is None
    with Redis.from_url(redis_url) as client:
        assert client.info("keyspace") == {}
    left_open.close()


def test_no_redis_database_with_anything_in_it_is_touched(redis_url: str) -> None:
    """What was there before stays, also where the URL names that database; so is one that somebody is in let be."""
    with Redis.from_url(numbered(redis_url, 3)) as full, Redis.from_url(numbered(redis_url, 4)) as used:
        full.set("key", "value")
        assert used.ping()
        with ExitStack() as stack:
            urls = [stack.enter_context(fresh_redis(numbered(redis_url, 3))) for _ in range(13)]
            assert not {numbered(redis_url, number) for number in (3, 4)} & set(urls)
        assert full.get("key") == b"value"
        full.flushdb()


def test_without_a_free_redis_database_it_says_so(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some patience: the one that is free next may be free in a moment."""
    monkeypatch.setattr(redis_databases, "PATIENCE", 0.3)
    with ExitStack() as stack:
        for _ in redis_databases.NUMBERS:
            stack.enter_context(fresh_redis(redis_url))
        said = "none of the databases 1 to 15 is empty and unused; each test gets one of its own"
        with pytest.raises(Misuse, match=said), fresh_redis(redis_url):
            pass


def test_a_user_who_may_not_look_is_told_so(redis_url: str) -> None:
    """Where commands are forbidden, the server's words are in the error, at once."""
    with Redis.from_url(redis_url) as client:
        client.acl_setuser(
            "humble", enabled=True, passwords=["+secret"], categories=["+@all"], commands=["-client|list"]
        )
        try:
            url = redis_url.replace("unix://", "unix://humble:secret@")
            said = refusal(fresh_redis(url, source="--jobstatus-redis"))
        finally:
            client.acl_deluser("humble")
    assert said.startswith("--jobstatus-redis: unix://humble:***@/")
    assert "client|list" in said


TAKER = """
import sys, time
from pytest_jobstatus.redis_databases import fresh_redis
with fresh_redis(sys.argv[1]) as url:
    print(url, flush=True)
    time.sleep(60)
"""


def test_a_killed_process_gives_its_redis_database_back(redis_url: str) -> None:
    """A claim ends with the connection that it is."""
    command = [sys.executable, "-c", TAKER, redis_url]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as taker:
        assert taker.stdout is not None
        taken = taker.stdout.readline().strip()
        with ExitStack() as stack:
            others = [stack.enter_context(fresh_redis(redis_url)) for _ in range(14)]
            assert taken not in others
            taker.kill()
            assert stack.enter_context(fresh_redis(redis_url)) == taken


def test_a_server_with_fewer_databases_serves(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that the server does not have is passed over."""
    monkeypatch.setattr(redis_databases, "NUMBERS", range(15, 17))
    for _ in range(5):
        with fresh_redis(redis_url) as url:
            assert url == numbered(redis_url, 15)
    monkeypatch.setattr(redis_databases, "NUMBERS", range(16, 17))
    with pytest.raises(Misuse, match=r"\(DB index is out of range\)"), fresh_redis(redis_url):
        pass


def test_the_seed_of_a_test_is_let_be(redis_url: str) -> None:
    """Choosing a database draws nothing from the random numbers that the application sees."""
    before = random.getstate()
    with fresh_redis(redis_url):
        assert random.getstate() == before


def test_what_a_test_raises_is_its_own(postgres_url: str, redis_url: str) -> None:
    """An error of the body is neither swallowed nor told as the server's."""
    with pytest.raises(psycopg.OperationalError, match="mine"), fresh_database(postgres_url):
        raise psycopg.OperationalError("mine")
    with pytest.raises(ResponseError, match="mine"), fresh_redis(redis_url):
        raise ResponseError("mine")


NO_ANSWER = "Connection refused"
BAD_POSTGRES = {
    "postgresql+nosuch://me:secret@h/db": "SQLAlchemy has no driver 'nosuch': allowed is postgresql+psycopg://USER",
    "postgresql+asyncpg://me:secret@h/db": "its driver needs asyncpg, which is not installed",
    "mysql://me:secret@h/db": "mysql://me:***@h/db: allowed is a URL of PostgreSQL: postgresql+psycopg://USER",
    "nonsense": "not a URL: allowed is postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    "postgresql://me:secret@h:port/db": "not a URL: allowed is postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
    "postgresql://me:secret@127.0.0.1:PORT/db": NO_ANSWER,
    "postgresql://me:se/secret@127.0.0.1:PORT/db": NO_ANSWER,
    "postgresql://me:se?secret@127.0.0.1:PORT/db": NO_ANSWER,
    "postgresql://me@/db?host=127.0.0.1:PORT&password=secret": NO_ANSWER,
    "postgresql://me:secret@127.0.0.1:PORT/db?sslmod=1": 'invalid connection option "sslmod"',
}
BAD_REDIS = {
    "redis://:secret@127.0.0.1:PORT/0": NO_ANSWER,
    "redis://:se/secret@127.0.0.1:PORT/0": "not a URL: allowed is redis://:PASSWORD@HOST:PORT",
    "redis://:secret@[::1": "not a URL: allowed is redis://:PASSWORD@HOST:PORT",
    "http://me:secret@h": "http://me:***@h: allowed is a URL of Redis: redis://:PASSWORD@HOST:PORT",
    "unix:///nowhere": "No such file or directory",
    "nonsense": "nonsense: allowed is a URL of Redis",
}


@pytest.fixture
def closed_port() -> Iterator[str]:
    """A port that nobody else takes and that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield str(held.getsockname()[1])


@pytest.mark.parametrize(
    ("version", "url", "said"),
    [(postgres_version, *row) for row in BAD_POSTGRES.items()] + [(redis_version, *row) for row in BAD_REDIS.items()],
)
def test_a_bad_url_is_told_in_one_line_without_its_password(
    version: Callable[..., str], url: str, said: str, closed_port: str
) -> None:
    """The error names where the URL came from, and what is allowed or what happened."""
    with pytest.raises(Misuse) as caught:
        version(url.replace("PORT", closed_port), source="the source")
    text = str(caught.value)
    assert text.startswith("the source: ")
    assert said in text
    assert "\n" not in text
    assert "secret" not in text


def test_workers_do_not_disturb_each_other(redis_url: str) -> None:
    """Databases are taken and given back side by side, and a client of another application is let be."""
    bystander = Redis.from_url(redis_url)
    bystander.ping()

    def take(number: int) -> None:
        for _ in range(25):
            with fresh_redis(redis_url) as url, Redis.from_url(url) as client:
                assert client.incr("count") == 1, number

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(take, range(6)))
    assert bystander.connection_pool._available_connections
    bystander.ping()
    bystander.close()


def test_a_database_named_in_the_query_is_not_the_servers_own(postgres_url: str) -> None:
    """Whatever the URL names and where, the test's URL names the database of its own."""
    with fresh_database(f"{postgres_url}&dbname=postgres") as url, psycopg.connect(plain(url)) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
    assert name.startswith("jobstatus_")
