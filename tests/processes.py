"""Whose a server is, and how a test sees that it is gone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_jobstatus.servers import launcher

as_somebody_else = pytest.mark.skipif(
    launcher.unprivileged() is None,
    reason="only root starts servers as somebody else; who is not root has no such case",
)


def is_alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def assert_gone(processes: Iterable[int], folder: Path) -> None:
    """Wait until the processes and the folder are gone, for as long as that may take."""
    given = list(processes)
    deadline = time.monotonic() + 20
    while (any(map(is_alive, given)) or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [process for process in given if is_alive(process)] == []
    assert not folder.exists()
