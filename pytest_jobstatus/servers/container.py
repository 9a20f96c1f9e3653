"""Runs one container for as long as it is not interrupted: a program, run by its path as if it were the server itself.

So the keeper ends the container as it ends any server, whatever became of the tests. That is why testcontainers' own
reaper, a second container that needs an image and the engine's socket, is left out unless it is asked for.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LOCAL = ("localhost", "127.0.0.1", "::1")
LAX = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
"""For data that need not survive a power cut."""


def main(kind: str, image: str, file: Path) -> int:
    """Run a container until SIGINT.

    Args:
        kind: "postgres" or "redis".
        image: what to run.
        file: where to write the server's URL once it takes connections.
    """
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # before the import, which reads it
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        engine = DockerClient().client.api
        _run(kind, image, file, engine)
    except KeyboardInterrupt:
        return 0
    except (DockerException, OSError, TimeoutError) as error:
        sys.stderr.write(f"{image}: {type(error).__name__}: {error}\n")
        return 1


def _run(kind: str, image: str, file: Path, engine: Any) -> NoReturn:
    from docker.errors import NotFound

    name = f"jobstatus-{secrets.token_hex(6)}"
    try:
        container = {"postgres": _postgres, "redis": _redis}[kind](image).with_name(name)
        _publish_here(container)
        container.start()
        written = file.with_suffix(".new")
        written.write_text(_url(container), encoding="utf-8")
        written.rename(file)
        while True:
            signal.pause()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(NotFound):  # by name: an interrupted start may have made one that nobody has in hand
            engine.remove_container(name, force=True, v=True)


def _postgres(image: str) -> Any:
    from testcontainers.community.postgres import PostgresContainer

    return PostgresContainer(
        image, driver="psycopg", username="postgres", password=secrets.token_hex(8), dbname="postgres"
    ).with_command(LAX)


def _redis(image: str) -> Any:
    from testcontainers.community.redis import RedisContainer

    return RedisContainer(image, password=secrets.token_hex(8))


def _publish_here(container: Any) -> None:
    """Publish the port on loopback alone, where that is where it will be asked for."""
    from testcontainers.core.config import ConnectionMode

    client = container.get_docker_client()
    if client.get_connection_mode() == ConnectionMode.docker_host and client.host() in LOCAL:
        container.ports = dict.fromkeys(container.ports, ("127.0.0.1",))


def _url(container: Any) -> str:
    if hasattr(container, "get_connection_url"):
        return str(container.get_connection_url())
    host = container.get_container_host_ip()
    return f"redis://:{container.password}@{host}:{container.get_exposed_port(container.port)}/0"


def ping() -> int:
    """Whether an engine answers, as an exit code."""
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        return 0 if DockerClient(timeout=5).client.ping() else 1
    except (DockerException, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(ping() if sys.argv[1:] == ["ping"] else main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
