"""Servers from the machine's own binaries: on PATH, or where Debian keeps PostgreSQL's."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.servers.postgresql import postgres
from pytest_jobstatus.servers.valkey import valkey

DEBIAN = Path("/usr/lib/postgresql")
"""A folder for each version, which Debian keeps off PATH."""
PROGRAMS = ("valkey-server", "redis-server")


def postgres_from_here() -> AbstractContextManager[str]:
    """A fresh PostgreSQL from the machine's own binaries, gone at the end: SQLAlchemy's URL for psycopg.

    Raises:
        Misuse: where there are none, or the server does not start.
    """
    return _from_here(postgres_binaries(), postgres, missing=f"no initdb and postgres on PATH or under {DEBIAN}")


def redis_from_here() -> AbstractContextManager[str]:
    """A fresh Redis from the machine's own binary, gone at the end: its URL for redis-py.

    Raises:
        Misuse: where there is none, or the server does not start.
    """
    return _from_here(redis_program(), valkey, missing=f"no {' or '.join(PROGRAMS)} on PATH")


@contextmanager
def _from_here(found: Path | None, start: Callable[..., AbstractContextManager[str]], *, missing: str) -> Iterator[str]:
    if found is None:
        raise Misuse(missing)
    with start(found, called=str(found)) as url:
        yield url


def postgres_binaries() -> Path | None:
    """The folder of initdb and postgres: the one on PATH, else the newest of Debian's; None where there is none."""
    on_path = shutil.which("initdb")
    folders = [] if on_path is None else [Path(on_path).resolve().parent]
    folders += sorted(DEBIAN.glob("*/bin"), key=lambda folder: _version(folder.parent.name), reverse=True)
    return next((each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None)


def _version(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def redis_program() -> Path | None:
    """The server's program, Valkey's before Redis's; None where there is none."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return None if found is None else Path(found)
