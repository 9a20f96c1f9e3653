"""Servers from containers, by testcontainers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.servers import container
from pytest_jobstatus.servers.launcher import own_folder, running

IMAGES = {"postgres": "postgres:18-alpine", "redis": "redis:8-alpine"}
PATIENCE = 300
"""In seconds: how long a container may take to start; its image may have to be fetched."""
PROGRAM = (sys.executable, "-P", container.__file__)


def image(kind: str) -> str:
    """The image that is run: JOBSTATUS_POSTGRES_IMAGE, JOBSTATUS_REDIS_IMAGE, or one that is known to do.

    Args:
        kind: "postgres" or "redis".
    """
    return os.environ.get(f"JOBSTATUS_{kind.upper()}_IMAGE") or IMAGES[kind]


def absent() -> str | None:
    """Why there can be no container; None where Docker answers."""
    if find_spec("testcontainers") is None:
        return "testcontainers is not installed"
    try:
        done = subprocess.run([*PROGRAM, "ping"], capture_output=True, check=False, timeout=30)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired:
        return "Docker does not answer"
    return None if done.returncode == 0 else "Docker does not answer"


@contextmanager
def from_container(kind: str) -> Iterator[str]:
    """A fresh server in a container, gone at the end: its URL.

    Args:
        kind: "postgres" or "redis".

    Raises:
        Misuse: where testcontainers is not installed, or the container does not start.
    """
    if find_spec("testcontainers") is None:
        raise Misuse("testcontainers is not installed: pip install 'pytest-jobstatus[containers]'")
    with own_folder(None) as folder:
        file = folder / "url"
        command = [*PROGRAM, kind, image(kind), str(file)]
        with running([command], folder=folder, user=None, ready=file.exists, called="containers", patience=PATIENCE):
            yield file.read_text(encoding="utf-8")
