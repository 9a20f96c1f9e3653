"""A child that breaks the protocol is a broken adapter, told in one line, and never a verdict."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pytest_jobstatus import Misuse, Verdict, check
from pytest_jobstatus.adapters.stdio import stdio
from pytest_jobstatus.smoke import smoke
from tests.golden_files import Golden
from tests.stdio.broken import WAYS

BROKEN = Path(__file__).parent / "stdio" / "broken.py"
SLOW = {"hangs", "does not flush", "half a line", "closes its output"}
"""The ways in which a reply is waited for in vain."""


def message(way: str) -> str:
    """What is said of a child, without what differs from one machine or run to the next."""
    with pytest.raises(Misuse) as caught:
        smoke(stdio([sys.executable, "-S", str(BROKEN), way], timeout=2 if way in SLOW else 10))
    said = str(caught.value).replace(f"{sys.executable} -S {BROKEN} ", "broken.py ")
    said = re.sub(r"job-1-[0-9a-f]{6}", "job-1", said)
    return re.sub(r"\d{4}-\d{2}-\d{2}T12:", "DAY-T12:", said)


@pytest.mark.parametrize("way", WAYS)
def test_it_says_what_is_broken(way: str, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, what is wrong, the line sent, what came back, what became of the child and what it said last."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # a child would flush of itself
    said = message(way)
    assert said.startswith("stdio:broken.py ")
    assert "\n" not in said
    golden.compare("stdio_broken.txt", f"{way} → {said}", part=f"{way} → ")


def test_one_that_dies_for_a_tenant() -> None:
    """It has not refused the tenant."""
    factory = stdio([sys.executable, "-S", str(BROKEN), "dies for a tenant"])
    with pytest.raises(
        Misuse, match=r'it ended, .*; sent {"id":\d+,"request":"for_tenant","tenant":"\S+"}; .* \(at ISO-2\)'
    ):
        check(factory, rules="ISO-2")


def test_one_that_refuses_a_tenant() -> None:
    """That is an answer, and leaves the rule unexercised."""
    report = check(stdio([sys.executable, "-S", str(BROKEN), "refuses a tenant"]), rules="ISO-2")
    assert report["ISO-2"].verdict is Verdict.INCONCLUSIVE
    assert report["ISO-2"].reason is not None
    assert "raised NoTenant: not here" in report["ISO-2"].reason
