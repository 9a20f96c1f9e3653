"""Servers: they start, whoever we are, and nothing is left of them, however their owner ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from pytest_jobstatus import Misuse
from pytest_jobstatus.servers import launcher, postgres_from_wheel, postgresql, valkey, valkey_from_wheel, wheels
from tests.processes import as_somebody_else, assert_gone, is_alive

ROOT = Path(__file__).parent.parent
OWNER = """
import os, time
from pytest_jobstatus.servers import SERVER
with SERVER() as url:
    if FORKS:
        os.fork()
    os.write(1, f"{url} {os.getpid()}\\n".encode())  # in one piece, whatever the other writes
    time.sleep(60)
"""


class Server(NamedTuple):
    """A kind of server, and how the tests ask it."""

    make: Callable[[], AbstractContextManager[str]]
    version: Callable[[str], str]
    process: Callable[[str], int]


def postgres_version(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return str(connection.execute("SHOW server_version").fetchone())


def postgres_process(url: str) -> int:
    """The server's process, by its own file."""
    return int((folder_of(url) / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def redis_info(url: str, name: str) -> str:
    with redis.Redis.from_url(url) as client:
        return str(client.info("server")[name])


SERVERS = {
    "postgres_from_wheel": Server(postgres_from_wheel, postgres_version, postgres_process),
    "valkey_from_wheel": Server(
        valkey_from_wheel,
        lambda url: redis_info(url, "redis_version"),
        lambda url: int(redis_info(url, "process_id")),
    ),
}
each_server = pytest.mark.parametrize("name", SERVERS)


def folder_of(url: str) -> Path:
    parts = urlsplit(url)
    return Path(parse_qs(parts.query)["host"][0]) if "host=" in parts.query else Path(parts.path).parent


@each_server
def test_it_answers_and_is_gone_afterwards(name: str) -> None:
    """The URL leads to a server, which ends and takes its folder with it."""
    server = SERVERS[name]
    with server.make() as url:
        assert server.version(url)
        process = server.process(url)
        assert is_alive(process)
    assert not folder_of(url).exists()
    assert not is_alive(process)


def test_texts_are_unicode() -> None:
    """Whatever the machine's language, PostgreSQL stores every text."""
    with postgres_from_wheel() as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_a_durable_server_keeps_what_it_said_yes_to() -> None:
    """Its data is on the disk, and a commit waits for it."""
    with postgres_from_wheel(durable=True) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            assert name in postgresql.THROWAWAY
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == ("on",)
        assert folder_of(url).parent != launcher.SHARED_MEMORY


@each_server
@pytest.mark.parametrize(
    ("end", "forks"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGKILL, False), (signal.SIGKILL, True)],
)
def test_it_ends_with_its_owner(name: str, end: signal.Signals, forks: bool) -> None:  # noqa: FBT001 - a table's column
    """Neither Ctrl-C nor a kill leaves a server or a folder behind, not even where the owner's child lives on."""
    program = OWNER.replace("SERVER", name).replace("FORKS", str(forks))
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout is not None
        processes = {int(process): url for url, process in (owner.stdout.readline().split() for _ in range(1 + forks))}
        url = processes.pop(owner.pid)
        process = SERVERS[name].process(url)
        owner.send_signal(end)
        owner.wait(20)
        assert_gone([process], folder_of(url))
        for child in processes:
            os.kill(child, signal.SIGKILL)


@each_server
def test_a_child_that_lives_on_keeps_nobody_waiting(name: str) -> None:
    """A test may leave a forked process behind, which holds all that its parent had open."""
    with SERVERS[name].make() as url:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not folder_of(url).exists()


@as_somebody_else
def test_a_wheel_in_a_private_folder_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's user need not be able to read the environment."""
    package = wheels._installed(wheels.POSTGRES_WHEEL, called="the test")
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, tmp_path / "private" / source.name)
    (tmp_path / "private").chmod(0o700)
    monkeypatch.setattr(wheels, "folder_of", lambda _: tmp_path / "private" / package.name)
    with postgres_from_wheel() as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (folder_of(url) / package.name / "pginstall" / "bin" / "postgres").exists()


@each_server
@pytest.mark.parametrize("length", [1, 120])
def test_without_shared_memory_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, length: int
) -> None:
    """Where there is no room in memory, the folder for temporary files serves, if a server can have a socket in it."""
    temporary = tmp_path / ("x" * length)
    temporary.mkdir()
    monkeypatch.setattr(launcher, "SHARED_MEMORY", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with SERVERS[name].make() as url:
        assert SERVERS[name].version(url)
        common = length > launcher.LONGEST or (name == "postgres_from_wheel" and launcher.unprivileged() is not None)
        assert folder_of(url).parent == (Path("/tmp") if common else temporary)


@pytest.mark.parametrize(
    ("name", "wheel"), [("postgres_from_wheel", "POSTGRES_WHEEL"), ("valkey_from_wheel", "REDIS_WHEEL")]
)
def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, name: str, wheel: str) -> None:
    """A missing wheel is misuse, in one line."""
    monkeypatch.setattr(wheels, wheel, "no-such-wheel")
    said = f"{name}: 'no-such-wheel' is not installed: pip install no-such-wheel"
    with pytest.raises(Misuse, match=said), SERVERS[name].make():
        pass


@pytest.mark.parametrize(
    ("name", "module", "setting", "said"),
    [
        ("postgres_from_wheel", postgresql, {"fsync": "perhaps"}, r'did not start: (.|\n)*"fsync"'),
        ("valkey_from_wheel", valkey, {"save": "perhaps"}, r"did not start: (.|\n)*Invalid save parameters"),
    ],
)
def test_a_server_that_does_not_start_says_why(
    monkeypatch: pytest.MonkeyPatch, name: str, module: ModuleType, setting: dict[str, str], said: str
) -> None:
    """Its own words are in the message."""
    monkeypatch.setattr(module, "SETTINGS", module.SETTINGS | setting)
    monkeypatch.setattr(postgresql, "THROWAWAY", {})
    with pytest.raises(Misuse, match=said), SERVERS[name].make():
        pass


def test_a_file_that_comes_and_goes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Initdb makes the server's file as well, and removes it: whoever looks must not stumble over that."""
    looks = iter(["1\nstarting", None, None, "1\nready   "])

    def read_text(_path: Path, encoding: str) -> str:
        shown = next(looks)
        if shown is None:
            raise FileNotFoundError(encoding)
        return shown

    monkeypatch.setattr(Path, "read_text", read_text)
    assert [postgresql.is_ready(tmp_path) for _ in range(4)] == [False, False, False, True]
    assert next(looks, None) is None


def test_a_server_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """Nobody waits for ever; what was started is ended."""
    waiting = launcher.running(
        [["sleep", "60"]], folder=tmp_path / "own", user=None, ready=lambda: False, called="slow", patience=0.3
    )
    (tmp_path / "own").mkdir()
    with pytest.raises(Misuse, match=r"slow: the server did not start within 0\.3 seconds"), waiting:
        pass
    assert not (tmp_path / "own").exists()
