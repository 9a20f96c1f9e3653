"""How a test runs pytest on a small module of its own."""

from __future__ import annotations

from textwrap import dedent

import pytest

# pytester forgets what a run imported, but not what was there before it: without these two, the second run of a process
# would mix new modules with old ones.
import pytest_jobstatus.items  # noqa: F401
import reference_tracker.adapter  # noqa: F401
from pytest_jobstatus.rules import TOTAL

HEADER = """\
from pytest_jobstatus import Profile, Snapshot, conformance
from tests.small_trackers import LACKING, Reopening, Small
"""


def suite(pytester: pytest.Pytester, body: str, *, name: str = "test_jobs") -> str:
    """Write a test module and give its text."""
    text = f"{HEADER}\n{dedent(body).strip()}\n"
    (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
    return text


QUICK = "--jobstatus-effort=quick"


def run(pytester: pytest.Pytester, *arguments: str, cache: bool = False) -> pytest.RunResult:
    """Run pytest on what was written, without the plugins that only cost time."""
    quiet = ("-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:hypothesispytest", "-p", "no:valkey")
    return pytester.runpytest(*quiet, *(() if cache else ("-p", "no:cacheprovider")), *arguments)


def line_of(text: str, piece: str) -> int:
    """The number of the one line that holds the piece."""
    (number,) = (number for number, line in enumerate(text.splitlines(), 1) if piece in line)
    return number


def assert_refused(result: pytest.RunResult, where: str, said: tuple[str, ...]) -> None:
    """Both items are errors: the message alone, in one line that begins with the place of the suite."""
    result.assert_outcomes(errors=2)
    output = result.stdout.str()
    lines = [line for line in result.outlines if line.startswith(where)]
    assert len(lines) == 2, output
    for piece in said:
        assert piece in lines[0], f"{piece!r} is missing in: {lines[0]}"
    for noise in ("During handling", "Traceback", "items.py", f"of {TOTAL} rules judged"):
        assert noise not in output, output
