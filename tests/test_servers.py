"""Servers: they start, whoever we are, and nothing is left of them, however their owner ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from pytest_jobstatus import Misuse, servers
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.servers import THROWAWAY, postgres_from_wheel

ROOT = Path(__file__).parent.parent
OWNER = """
import time
from pytest_jobstatus.servers import postgres_from_wheel
with postgres_from_wheel() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def folder_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def process_of(url: str) -> int:
    """The server's process, by its own file."""
    return int((folder_of(url) / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_answers_and_is_gone_afterwards() -> None:
    """The URL leads to a fresh server."""
    with postgres_from_wheel() as url:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        process = process_of(url)
    assert not folder_of(url).exists()
    assert not is_alive(process)


def test_each_test_has_a_database_of_its_own(postgres_url: str) -> None:
    """Fresh databases on one server are empty, know nothing of each other, and are gone afterwards, used or not."""
    with fresh_database(postgres_url) as one, fresh_database(postgres_url) as other:
        with psycopg.connect(one.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE jobs (id text)")
        with psycopg.connect(other.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT to_regclass('jobs')").fetchone() == (None,)
        left_open = psycopg.connect(other.replace("+psycopg", ""))
    left_open.close()
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    assert not {urlsplit(url).path.strip("/") for url in (one, other)} & set(names)


def test_a_durable_server_keeps_what_it_said_yes_to() -> None:
    """Its data is on the disk, and a commit waits for it."""
    with postgres_from_wheel(durable=True) as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert [connection.execute(f"SHOW {name}".encode()).fetchone() for name in THROWAWAY] == [("on",)] * 3
        assert folder_of(url).parent != servers.SHARED_MEMORY


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_owner(end: signal.Signals) -> None:
    """Neither Ctrl-C nor a kill leaves a server or a folder behind."""
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        process = process_of(url)
        owner.send_signal(end)
        owner.wait(20)
    deadline = time.monotonic() + 20
    while (is_alive(process) or folder_of(url).exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(process)
    assert not folder_of(url).exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_a_wheel_in_a_private_folder_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's user need not be able to read the environment."""
    package = servers._installed().parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, tmp_path / "private" / source.name)
    (tmp_path / "private").chmod(0o700)
    monkeypatch.setattr(servers, "_installed", lambda: tmp_path / "private" / package.name / "pginstall" / "bin")
    with postgres_from_wheel() as url, psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (folder_of(url) / package.name / "pginstall" / "bin" / "postgres").exists()


def test_without_shared_memory_it_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room in memory, the system's folder for temporary files serves."""
    monkeypatch.setattr(servers, "SHARED_MEMORY", tmp_path / "missing")
    with postgres_from_wheel() as url:
        assert folder_of(url).parent != Path("/dev/shm")


def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing wheel is misuse, in one line."""
    monkeypatch.setattr(servers, "WHEEL", "no-such-wheel")
    with (
        pytest.raises(Misuse, match="'no-such-wheel' is not installed: pip install no-such-wheel"),
        postgres_from_wheel(),
    ):
        pass


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words are in the message."""
    monkeypatch.setattr(servers, "THROWAWAY", {"fsync": "perhaps"})
    with pytest.raises(Misuse, match=r'did not start: (.|\n)*"fsync"'), postgres_from_wheel():
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
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as keeper:
        servers._await(tmp_path / "postmaster.pid", keeper)
        keeper.communicate("")
    assert next(looks, None) is None
