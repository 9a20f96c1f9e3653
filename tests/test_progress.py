"""How far a check is: a line of a terminal that is written anew, plain lines elsewhere, nothing in pytest."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from itertools import count
from pathlib import Path

import pytest

from pytest_jobstatus.progress import Progress
from pytest_jobstatus.verdict import Coverage

WAITING = """
import time
from tests.small_trackers import Small

class Waiting(Small):
    "Takes its time, so that somebody waits."
    def apply(self, event):
        time.sleep(0.0004)
        super().apply(event)
"""


def on_a_terminal(folder: Path, environment: dict[str, str], *, columns: int = 80) -> tuple[str, str]:
    """What a check prints to standard output, a pipe, and to a terminal as standard error."""
    (folder / "waiting.py").write_text(WAITING, encoding="utf-8")
    main_end, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "pytest_jobstatus.cli", "check", "waiting:Waiting", "--rules=TRACK-1,TRACK-3"]
    process = subprocess.Popen(
        [*command, "--effort=quick"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=end,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "TERM": "xterm"} | environment,
    )
    os.close(end)
    shown = b""
    while True:
        try:
            piece = os.read(main_end, 4096)
        except OSError:  # Linux says so that the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(main_end)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return out.decode(), shown.decode()


def screen(shown: str) -> list[str]:
    """What is left to see on a terminal that knows returns and line feeds."""
    lines = []
    for line in shown.split("\r\n"):
        left: list[str] = []
        for piece in line.split("\r"):
            left[: len(piece)] = piece
        lines.append("".join(left).rstrip())
    return lines


def test_a_terminal_shows_one_line_that_is_gone_at_the_end(tmp_path: Path) -> None:
    """While a rule is judged the line says rule, histories, events, failures and time; afterwards nothing is left."""
    out, shown = on_a_terminal(tmp_path, {})
    assert "TRACK-3: " in shown
    assert " histories, " in shown
    assert "; rules failed so far: 0; " in shown
    assert screen(shown) == ["jobstatus: rows will be written by waiting:Waiting", ""]
    assert "histories, " not in "".join(line for line in out.splitlines() if not line.startswith("judged"))
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", [30, 7, 0])
def test_a_narrow_terminal_gets_a_short_line(columns: int, tmp_path: Path) -> None:
    """The line never goes on in the next, where nothing could take it away."""
    _, shown = on_a_terminal(tmp_path, {}, columns=columns)
    written = [line for line in shown.partition("\n")[2].split("\r") if line]
    assert written
    assert max(map(len, written)) <= {30: 29, 7: 19, 0: 79}[columns]


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=["dumb", "no colour"])
def test_plain_terminals(environment: dict[str, str], tmp_path: Path) -> None:
    """A dumb terminal gets no line that is written anew; one without colours gets it, since it has none."""
    _, shown = on_a_terminal(tmp_path, environment)
    assert ("TRACK-3: " in shown) is ("NO_COLOR" in environment)
    assert "\x1b" not in shown


def test_elsewhere_a_plain_line_comes_now_and_then() -> None:
    """Where there is no terminal a line comes every half minute, and nothing has to be taken away."""
    stream = io.StringIO()
    seconds = count(0.0, 10.0)
    progress = Progress(stream, clock=lambda: next(seconds))
    for number in range(1, 8):
        progress.failed = number // 4
        progress("CONV-1", Coverage(histories=number, events=3 * number))
    progress.clear()
    assert stream.getvalue().splitlines() == [
        "jobstatus: CONV-1: 3 histories, 9 events; rules failed so far: 0; 30 s",
        "jobstatus: CONV-1: 6 histories, 18 events; rules failed so far: 1; 60 s",
    ]
