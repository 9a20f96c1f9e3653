"""How a test runs pytest on a small module of its own."""

from __future__ import annotations

import pytest

# pytester forgets what a run imported, but not what was there before it: without these two, the second run of a process
# would mix new modules with old ones.
import pytest_jobstatus.items
import reference_tracker.adapter  # noqa: F401

HEADER = """\
from pytest_jobstatus import Profile, Snapshot, conformance
from tests.small_trackers import LACKING, Reopening, Small
"""


def suite(pytester: pytest.Pytester, body: str, *, name: str = "test_jobs") -> str:
    """Write a test module and give its text."""
    text = f"{HEADER}\n{body.strip()}\n"
    (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
    return text


def run(pytester: pytest.Pytester, *arguments: str, cache: bool = False) -> pytest.RunResult:
    """Run pytest at quick effort on what was written."""
    always = ("-o", "asyncio_default_fixture_loop_scope=function", "--jobstatus-effort=quick")
    return pytester.runpytest(*always, *(() if cache else ("-p", "no:cacheprovider")), *arguments)


def line_of(text: str, piece: str) -> int:
    """The number of the one line that holds the piece."""
    (number,) = (number for number, line in enumerate(text.splitlines(), 1) if piece in line)
    return number
