"""Runs one container for as long as it is not interrupted: a program, run by its path as if it were the server itself.

So the keeper ends the container as it ends any server, whatever became of the tests. That is why testcontainers' own
reaper, a second container that needs an image and the engine's socket, is left out unless it is asked for.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LOCAL = ("localhost", "127.0.0.1", "::1")
LATE = 5
"""In seconds: how long an engine may take to make a container; less than the keeper's patience."""
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

    password = secrets.token_hex(8)
    try:
        engine = DockerClient().client.api
        _run({"postgres": _postgres, "redis": _redis}[kind](image, password), file, engine)
    except KeyboardInterrupt:
        return 0
    except (DockerException, ImportError, OSError, RuntimeError) as error:
        sys.stderr.write(f"{image}: {error}\n".replace(password, "***"))
        return 1


def _run(container: Any, file: Path, engine: Any) -> NoReturn:
    from docker.errors import NotFound

    name = f"jobstatus-{secrets.token_hex(6)}"
    try:
        _publish_here(container.with_name(name))
        _start(container, engine, name)
        written = file.with_suffix(".new")
        written.write_text(_url(container), encoding="utf-8")
        written.rename(file)
        while True:
            signal.pause()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(NotFound):  # by name, since an interrupted start leaves nothing in hand
            engine.remove_container(name, force=True, v=True)


def _start(container: Any, engine: Any, name: str) -> None:
    """Start it; if it does not get ready, tell what it said itself."""
    from docker.errors import APIError, NotFound

    try:
        container.start()
    except KeyboardInterrupt:
        # The engine may be about to make what it was asked for; it has to be there to be removed.
        deadline = time.monotonic() + LATE
        while time.monotonic() < deadline:
            with suppress(NotFound):
                engine.inspect_container(name)
                break
            time.sleep(0.05)
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, main tells it
        with suppress(APIError):  # there may be no container
            sys.stderr.write(engine.logs(name, tail=20).decode(errors="replace"))
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def _postgres(image: str, password: str) -> Any:
    from testcontainers.community.postgres import PostgresContainer

    return PostgresContainer(
        image, driver="psycopg", username="postgres", password=password, dbname="postgres"
    ).with_command(LAX)


def _redis(image: str, password: str) -> Any:
    from testcontainers.community.redis import RedisContainer

    return RedisContainer(image, password=password)


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
