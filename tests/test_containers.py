"""Servers from containers: the only tests that may be skipped, where Docker does not answer.

The images can be others: JOBSTATUS_POSTGRES_IMAGE, JOBSTATUS_REDIS_IMAGE.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import Misuse
from pytest_jobstatus.databases import fresh_database
from pytest_jobstatus.redis_databases import fresh_redis
from pytest_jobstatus.servers import containers
from pytest_jobstatus.servers.choice import KINDS, POSTGRES, Kind, server
from tests.inner import run
from tests.test_served import APPLICATION

ABSENT = containers.absent()
pytestmark = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))
ROOT = Path(__file__).parent.parent
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@pytest.fixture(autouse=True)
def _no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS.values():
        monkeypatch.delenv(kind.variable, raising=False)


def ours() -> dict[str, Any]:
    """The containers that we made, by name, those that do not run included."""
    from docker import from_env

    client = from_env()
    found = client.api.containers(all=True, filters={"name": "jobstatus-"})
    client.close()
    return {each["Names"][0]: each for each in found}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Testcontainers' own setting of how often to ask whether a server is ready, once a second."""
    monkeypatch.setenv("TC_MAX_TRIES", "3")


def assert_no_more_than(before: dict[str, Any]) -> None:
    deadline = time.monotonic() + 20
    while ours().keys() - before.keys() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not ours().keys() - before.keys()


@each_kind
def test_auto_takes_a_container_where_docker_answers(kind: Kind) -> None:
    """It gives fresh databases, on loopback alone, and is gone afterwards."""
    before = ours()
    with server(kind, source="the option") as taken:
        assert taken.source == "the option=containers"
        image = containers.image(kind.name)
        assert taken.said.endswith(f" from a container of {image} (no URL in {kind.variable})")
        fresh = fresh_database if kind is POSTGRES else fresh_redis
        with fresh(taken.url) as one, fresh(taken.url) as other:
            assert one != other
            assert kind.version(one, source="the test") in taken.said
        (name,) = ours().keys() - before.keys()
        if "localhost" in taken.url:
            assert [each["IP"] for each in ours()[name]["Ports"]] == ["127.0.0.1"]
    assert_no_more_than(before)


@each_kind
def test_an_image_that_cannot_be_had_is_told(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the image, and no container is left."""
    monkeypatch.setenv(f"JOBSTATUS_{kind.name.upper()}_IMAGE", "localhost:1/no-such-image:1")
    before = ours()
    with (
        pytest.raises(Misuse, match=r"^the option=containers: .*did not start: localhost:1/no-such-image:1: "),
        server(kind, "containers", source="the option"),
    ):
        pass
    assert_no_more_than(before)


@pytest.mark.usefixtures("hasty")
@each_kind
def test_a_container_that_does_not_get_ready_tells_what_it_said(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the password that was drawn for it. Here each runs the other's image, which says something else."""
    other = "postgres" if kind.name == "redis" else "redis"
    monkeypatch.setenv(f"JOBSTATUS_{kind.name.upper()}_IMAGE", containers.image(other))
    before = ours()
    with pytest.raises(Misuse) as caught, server(kind, "containers", source="the option"):
        pass
    assert str(caught.value).startswith("the option=containers: containers: the server did not start: ")
    assert f"{containers.image(other)}: " in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert not re.search("[0-9a-f]{16}'", str(caught.value))
    assert_no_more_than(before)


OWNER = """
import sys, time
from pytest_jobstatus.servers.choice import KINDS, server
print("started", flush=True)
with server(KINDS[sys.argv[1]], "containers", source="the option") as taken:
    print(taken.url, flush=True)
    time.sleep(60)
"""


@each_kind
@pytest.mark.parametrize("moment", ["while it starts", "afterwards"])
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_container_ends_with_its_owner(kind: Kind, end: signal.Signals, moment: str) -> None:
    """However the owner ends, and whenever."""
    before = ours()
    command = [sys.executable, "-c", OWNER, kind.name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        if moment == "afterwards":
            assert b"://" in owner.stdout.readline()
        while not ours().keys() - before.keys():
            assert owner.poll() is None, "there was no container"
            time.sleep(0.01)
        os.kill(owner.pid, end)
        owner.wait(30)
        assert_no_more_than(before)


def test_the_fixtures_take_containers(pytester: pytest.Pytester) -> None:
    """With workers too, each of which has its own."""
    before = ours()
    pytester.makepyfile(APPLICATION)
    result = run(pytester, "-n", "2")
    result.assert_outcomes(passed=4)
    assert len([line for line in result.outlines if " from a container of " in line]) == 2, result.outlines
    assert_no_more_than(before)
