"""The child process: its pipes never fill, Ctrl-C is ours alone, and nothing is left of it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

import pytest

from pytest_jobstatus import Event, EventKind, JobError, Misuse, check
from pytest_jobstatus.adapters import stdio_child
from pytest_jobstatus.adapters.stdio import stdio
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.smoke import smoke

PROGRAM = """
import json, os, signal, subprocess, sys, time

def note(text):
    with open(sys.argv[1], "a") as log:
        print(text, file=log)

note(os.getpid())
BEFORE
for line in sys.stdin.buffer:
    asked = json.loads(line)
    reply = {"id": asked["id"], "reply": asked["request"]}
    if asked["request"] == "hello":
        reply |= {"protocol": "jobstatus-stdio/1", "spec": "JSL/1", "methods": ["forget"]}
    if asked["request"] == "read":
        reply["snapshot"] = None
    if asked["request"] == "forget":
        note("forgot " + " ".join(asked["job_ids"]))
    end = "\\n"
    EACH
    sys.stdout.write(json.dumps(reply) + end)
    sys.stdout.flush()
AFTER
note("ended")
"""
"""A tracker without rows, with room for what a test wants to happen."""

Made = Callable[..., Factory]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the child notes: its process, then what happened."""
    return tmp_path / "log"


@pytest.fixture
def made(tmp_path: Path, log: Path) -> Made:
    """Makes the factory of a child in which something happens before, with each request, or after."""

    def factory(*, before: str = "", each: str = "", after: str = "", timeout: float = 10) -> Factory:
        text = PROGRAM.replace("BEFORE", before).replace("    EACH", indent(each, "    ")).replace("AFTER", after)
        (tmp_path / "child.py").write_text(text, encoding="utf-8")
        return stdio([sys.executable, "-S", str(tmp_path / "child.py"), str(log)], timeout=timeout)

    return factory


def noted(log: Path) -> list[str]:
    """What was noted, and none of the processes is there any more, as a zombie of ours either."""
    lines = log.read_text(encoding="utf-8").splitlines()
    processes = [int(line) for line in lines if line.isdigit()]
    deadline = time.monotonic() + 5  # what the child had started is not ours to wait for
    while any(map(is_left, processes[1:])) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [process for process in processes if is_left(process)] == []
    return [line for line in lines if not line.isdigit()]


def is_left(process: int) -> bool:
    """Whether there is such a process; one that is dead, and another's to wait for, is not."""
    try:
        state, parent = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" or int(parent) == os.getpid()


def failed(job_id: str, text: str) -> Event:
    return Event(EventKind.FAILED, job_id, datetime.now(UTC), attempt=1, error=JobError("ValueError", text))


FINE = [
    ("nothing", {}),
    ("ends late", {"after": "time.sleep(0.3)"}),
    ("ends with another status", {"after": "note('ended'); sys.exit(3)"}),
    ("Windows line ends", {"each": "end = '\\r\\n'"}),
    ("logs a lot", {"each": "print('x' * 200_000, file=sys.stderr, flush=True)"}),
    ("logs a lot before it reads", {"before": "print('x' * 2_000_000, file=sys.stderr, flush=True)"}),
    ("closes its standard error", {"before": "os.close(2)"}),
    ("replies in pieces", {"each": "os.write(1, b' '); time.sleep(0.01); os.write(1, b' '); time.sleep(0.01)"}),
    ("a long line", {"each": "end = ' ' * 3_000_000 + '\\n'"}),
]  # fmt: skip


@pytest.mark.parametrize(("told", "how"), FINE, ids=[told for told, _ in FINE])
def test_all_this_is_fine(told: str, how: dict[str, str], made: Made, log: Path) -> None:
    """It is asked, told to forget, and waited for."""
    with made(**how).open() as handle:
        job_id = handle.fresh(["job"])["job"]
        assert handle.apply(failed(job_id, "é" * 500_000)) is None
        assert handle.read(job_id) is None
    assert noted(log) == [f"forgot {job_id}", "ended"]


def test_its_standard_error_is_handed_on(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    """What it says there is seen, whole, also where a letter comes in two pieces and a byte is no letter."""
    halves = r"os.write(2, b'gr\xc3'); time.sleep(0.05); os.write(2, b'\xb6\xff\n')"
    smoke(made(before=halves))
    assert capfd.readouterr().err == "grö\\xff\n"


STAYING = [
    ("stays", {"after": "time.sleep(60)"}, []),
    (
        "does not obey",
        {"before": "signal.signal(signal.SIGTERM, lambda *_: note('told'))", "after": "while True: time.sleep(1)"},
        ["told"],
    ),
]


@pytest.mark.parametrize(("told", "how", "left"), STAYING, ids=[told for told, _, _ in STAYING])
def test_one_that_stays_is_ended(
    told: str, how: dict[str, str], left: list[str], made: Made, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its standard input is closed it may take its time, then it is asked to end, then it is killed."""
    monkeypatch.setattr(stdio_child, "PATIENCE", 1.0)
    smoke(made(**how))
    assert noted(log)[1:] == left


BROKEN = [
    ("time.sleep(60)", []),
    ("end = 'x\\n'", ["ended"]),
    ("sys.exit(1)", []),
    ("os.kill(os.getpid(), 9)", []),
    ("sys.stdout.close()", []),
]


@pytest.mark.parametrize(("how", "left"), BROKEN, ids=[how for how, _ in BROKEN])
def test_nothing_is_left_of_a_broken_one(how: str, left: list[str], made: Made, log: Path) -> None:
    """It ends by itself where it still listens, and is gone in every case."""
    with pytest.raises(Misuse):
        smoke(made(each=f"if asked['request'] == 'read': {how}", timeout=1 if "sleep" in how else 10))
    assert noted(log) == left


def test_what_it_started_is_ended_with_it(made: Made, log: Path) -> None:
    """Where a child hangs that has started another, both are."""
    with pytest.raises(Misuse, match="no reply within"):
        smoke(made(before="note(subprocess.Popen(['sleep', '60']).pid)", each="time.sleep(60)", timeout=2))
    assert len(log.read_text(encoding="utf-8").split()) == 2
    assert noted(log) == []


@pytest.mark.parametrize("exec_", ["", "exec "])
def test_a_wrapper_script(exec_: str, made: Made, log: Path, tmp_path: Path) -> None:
    """A shell script in between changes nothing, also where what it started hangs."""
    for each in ("", "if asked['request'] == 'read': time.sleep(60)"):
        words = made(each=each, timeout=2).name.removeprefix("stdio:")
        script = tmp_path / "adapter.sh"
        script.write_text(f"#!/bin/sh\n{exec_}{words}\n", encoding="utf-8")
        script.chmod(0o700)
        if each:
            with pytest.raises(Misuse, match=r"no reply within 2 s"):
                smoke(stdio([str(script)], timeout=2))
            noted(log)
        else:
            smoke(stdio([str(script)]))
            assert noted(log)[-1] == "ended"


def test_what_was_interrupted_is_cleaned_up(made: Made, log: Path) -> None:
    """Ctrl-C while a reply is awaited: it is still taken, then the rows are removed."""

    def ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    def interrupted() -> None:
        with made(each="if asked['request'] == 'apply': time.sleep(2)").open() as handle:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            handle.apply(failed("job-1", "no"))

    before = signal.signal(signal.SIGALRM, ctrl_c)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert noted(log) == ["forgot job-1", "ended"]


INTERRUPTED = [("at once", "", 1), ("slowly", "time.sleep(0.05)", 1), ("never", "if count > 2: time.sleep(60)", 2)]


@pytest.mark.parametrize(("told", "each", "times"), INTERRUPTED, ids=[f"replies {told}" for told, *_ in INTERRUPTED])
def test_ctrl_c_in_a_terminal_is_an_interruption(told: str, each: str, times: int, made: Made, log: Path) -> None:
    """A terminal sends it to the whole group: the check ends with 130, and does not say that the child died. Where the
    child hangs, a second one ends the check at once.
    """
    target = made(before="count = 0", each=f"count += 1\nnote('asked')\n{each}").name
    words = ["-m", "pytest_jobstatus.cli", "check", target, "--rules=TRACK-2,TERM", "--effort=thorough"]
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while not (log.exists() and log.read_text(encoding="utf-8").count("asked") > 2) and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(times):
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "interrupted" in out + err
    assert "Traceback" not in err
    assert "ended, or closed" not in out + err
    assert (noted(log)[-1] == "ended") is (told != "never")


def test_nothing_is_left_of_a_check(made: Made, log: Path) -> None:
    """Of none of its trackers, though it fails."""
    report = check(made(), rules="TRACK-1,TERM-1")
    assert report.failed
    assert noted(log).count("ended") == len([line for line in log.read_text().split() if line.isdigit()]) > 2


def test_nobody_listens_to_its_standard_error(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """That ours is closed is not taken for an error of the tracker's."""
    with Path(os.devnull).open("w", encoding="utf-8") as closed:
        pass
    monkeypatch.setattr(sys, "stderr", closed)
    with made(each="print('log', file=sys.stderr, flush=True)").open() as handle:
        assert handle.apply(failed("job-1", "no")) is None


UNSTARTABLE = [
    ("no-such-program tracker", "stdio:no-such-program tracker: 'no-such-program' cannot be started: No such file or"),
    ("./", "stdio:./: './' cannot be started: Permission denied; allowed is a program and its words"),
    ("''", "stdio:'': '' cannot be started: "),
    ("", "stdio:: there is no command; allowed is one with its words: stdio:node tracker.mjs"),
    (" ", "stdio: : there is no command"),
    ("node 'x", "stdio:node 'x: No closing quotation; allowed is a command, quoted as for a shell"),
    ("a --db=postgresql://me:pw@h/x", "stdio:a --db=postgresql://me:***@h/x: 'a' cannot be started"),
]


@pytest.mark.parametrize(("command", "said"), UNSTARTABLE, ids=[repr(command) for command, _ in UNSTARTABLE])
def test_a_command_that_cannot_be_started(command: str, said: str) -> None:
    """The command, why, and what is allowed; no password."""
    with pytest.raises(Misuse) as caught:
        smoke(stdio(command))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf", ""])
def test_a_time_that_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, its value and what is allowed."""
    monkeypatch.setenv("JOBSTATUS_STDIO_TIMEOUT", given)
    with pytest.raises(Misuse) as caught:
        stdio("true")
    assert str(caught.value) == f"JOBSTATUS_STDIO_TIMEOUT: {given!r}: allowed is a number of seconds above 0"


def test_the_time_is_read_from_the_environment(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in the call comes before it."""
    words = shlex.split(made(before="time.sleep(60)").name.removeprefix("stdio:"))
    monkeypatch.setenv("JOBSTATUS_STDIO_TIMEOUT", "0.25")
    with pytest.raises(Misuse, match=r"no reply within 0\.25 s \(JOBSTATUS_STDIO_TIMEOUT\)"):
        smoke(stdio(words))
    with pytest.raises(Misuse, match=r"no reply within 0\.125 s"):
        smoke(stdio(words, timeout=0.125))


def test_a_system_without_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has none."""
    monkeypatch.delattr("select.poll")
    with pytest.raises(Misuse, match=r"stdio:true: this system has no poll\(2\)"):
        smoke(stdio("true"))
