"""Redis, or Valkey that speaks the same, from its program, wherever it comes from."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_jobstatus.servers.launcher import own_folder, running

SETTINGS = {"port": "0", "unixsocketperm": "700", "save": "", "appendonly": "no", "daemonize": "no"}
"""A socket in a folder of its own instead of a port, and nothing on the disk."""


@contextmanager
def valkey(program: Path, *, called: str) -> Iterator[str]:
    """A fresh server, gone at the end: its URL as redis-py takes it, `unix://…`.

    Args:
        program: `valkey-server` or `redis-server`.
        called: by what name an error speaks of it.

    Raises:
        Misuse: where the server does not start.
    """
    with own_folder(None) as folder:
        path = folder / "redis.sock"
        settings = SETTINGS | {"dir": str(folder), "unixsocket": str(path)}
        server = [str(program), *(word for name, value in settings.items() for word in (f"--{name}", value))]
        with running([server], folder=folder, user=None, ready=lambda: is_ready(path), called=called):
            yield f"unix://{path}"


def is_ready(path: Path) -> bool:
    """Whether a server answers at the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        client.sendall(b"PING\r\n")
        return client.recv(100).startswith(b"+PONG")
