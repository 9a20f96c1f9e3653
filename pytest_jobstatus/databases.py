"""A database of its own for a test, on a server that others use too."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """An empty database on a PostgreSQL server, gone at the end: its URL.

    Args:
        url: of the server, as SQLAlchemy takes it; its user may create databases.
    """
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"jobstatus_{secrets.token_hex(6)}"
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
