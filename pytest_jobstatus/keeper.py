"""Keeps a server for as long as its owner lives: run as a process of its own, by its path, with the standard library.

The owner holds the other end of the keeper's standard input, and writes a word when it needs the server no more. If it
ends in another way, by Ctrl-C or SIGKILL, the system closes that end, and gives the keeper another parent, which tells
where a child of the owner's still holds it. Then the keeper ends the server and removes its folder.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PATIENCE = 10
"""In seconds: how long a server may take to end."""


def keep(folder: Path, commands: list[list[str]], user: int | None, owner: int) -> int:
    """Run all commands, of which the last is the server, until the owner is gone; 1 if one of them fails.

    Args:
        folder: the server's own; what the commands print goes into its `log`, and it is removed at the end.
        commands: what to run in it, one after the other.
        user: the id to run them as; None for the keeper's own.
        owner: the process that they run for.
    """
    groups: list[int] | None = None if user is None else []
    server = None
    try:
        with (folder / "log").open("wb") as log:
            for command in commands:
                server = subprocess.Popen(  # noqa: S603 - the owner's commands
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    user=user,
                    group=user,
                    extra_groups=groups,
                )
                if _orphaned(server, owner) or server.returncode:
                    break
        if server is not None and server.poll():
            sys.stderr.write((folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:])
            return 1
        return 0
    finally:
        if server is not None:
            _end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _orphaned(server: subprocess.Popen[bytes], owner: int) -> bool:
    """Wait for the command; True if the owner was gone before it ended."""
    while server.poll() is None:
        if select.select([sys.stdin], [], [], 0.05)[0] or os.getppid() != owner:
            return True
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        # PostgreSQL's "fast" shutdown: sessions are ended, nothing is waited for. Redis takes it as SIGTERM.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


if __name__ == "__main__":
    # Ctrl-C is the owner's affair. Not SIG_IGN, which the server would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    given = json.loads(sys.argv[1])
    sys.exit(keep(Path(given["folder"]), given["commands"], given["user"], given["owner"]))
