"""How a server of ours runs: in a folder of its own, kept by a process that ends it when we are gone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_jobstatus import keeper
from pytest_jobstatus.misuse import Misuse

NOBODY = 65534
"""The user id that a server has where we are root and it refuses to run as root."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where it exists, a folder of our own is made in it
ROOM = 100 * 2**20
"""In bytes: what a small database takes."""
PATIENCE = 60
"""In seconds: how long a server may take to start."""
LONGEST = 80
"""In characters: the path of a folder that a socket's path, of some hundred at most, may begin with."""


def unprivileged() -> int | None:
    """The user id for a server that refuses to run as root; None where we are not root, and ours will do."""
    return NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None


@contextmanager
def own_folder(user: int | None, *, runnable: bool = False, on_disk: bool = False) -> Iterator[Path]:
    """A folder that nobody but the server's user can enter, in memory if there is room, gone at the end.

    Args:
        user: whose it is; None for ours.
        runnable: whether programs will be run from it, which some machines forbid in shared memory.
        on_disk: whether it must not be in memory.
    """
    memory = not on_disk and SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= ROOM
    if memory and runnable:
        memory = not os.statvfs(SHARED_MEMORY).f_flag & os.ST_NOEXEC
    usual = Path(tempfile.gettempdir())
    if user is not None or len(str(usual)) > LONGEST:
        usual = Path("/tmp")  # noqa: S108 - a folder of our own is made in it; root's own may be closed to the user
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-", dir=SHARED_MEMORY if memory else usual))
    try:
        if user is not None:
            os.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    commands: Sequence[Sequence[str]],
    *,
    folder: Path,
    user: int | None,
    ready: Callable[[], bool],
    called: str,
    patience: float = PATIENCE,
) -> Iterator[None]:
    """Run commands, of which the last is a server, until the end, or until we are gone, whatever ends us.

    Args:
        commands: program and arguments of each.
        folder: the server's own.
        user: the id to run them as; None for ours.
        ready: whether the server takes connections.
        called: by what name an error speaks of it.
        patience: in seconds: how long it may take to start.

    Raises:
        Misuse: where it does not start.
    """
    given = {"folder": str(folder), "commands": commands, "user": user, "owner": os.getpid()}
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    kept = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", keeper.__file__, json.dumps(given)],
        env=env,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _await(ready, kept, called, patience)
        yield
    finally:
        # A word, not only the end of the input: a child that a test forked may hold the other end open.
        kept.communicate("end\n")


def _await(ready: Callable[[], bool], kept: subprocess.Popen[str], called: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if kept.poll() is not None:
            said = kept.stderr.read() if kept.stderr is not None else ""
            raise Misuse(f"{called}: the server did not start: {said.strip()}")
        if ready():
            return
        time.sleep(0.01)
    raise Misuse(f"{called}: the server did not start within {patience} seconds")
