"""Fixtures that are missing, raise, or give no tracker: items fail with one clear message."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.inner import QUICK, assert_refused, line_of, run, suite

FIXTURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown fixture": ("", ("conformance('tracker'): there is no fixture of that name",)),
    "fixture wants an unknown fixture": (
        """
        @pytest.fixture
        def tracker(database): ...
        """,
        ("tracker", "there is no fixture 'database'"),
    ),
    "fixture gives a number": (
        """
        @pytest.fixture
        def tracker():
            return 42
        """,
        ("fixture tracker", "42"),
    ),
    "fixture gives half a tracker": (
        """
        @pytest.fixture
        def tracker():
            class Half:
                def apply(self, event): ...
            return Half()
        """,
        ("fixture tracker", "Half object at"),
    ),
    "fixture of a broken tracker": (
        """
        @pytest.fixture
        def tracker():
            class Mine(Small):
                def read(self, job_id):
                    return 7
            return Mine()
        """,
        ("fixture tracker: read('job-1-", ") gave 7, a int: allowed are a Snapshot, a mapping or None"),
    ),
}


@pytest.mark.parametrize("case", FIXTURES)
def test_a_broken_fixture_fails_its_items_without_a_verdict(pytester: pytest.Pytester, case: str) -> None:
    """A fixture that is missing, or gives no tracker, is named."""
    body, said = FIXTURES[case]
    text = suite(pytester, f"import pytest\n\n{dedent(body)}\ntest_it = conformance('tracker')")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    assert_refused(result, f"test_jobs.py:{line_of(text, '= conformance(')}: ", said)


def test_a_fixture_that_raises_shows_its_own_error(pytester: pytest.Pytester) -> None:
    """What a fixture raises is shown as pytest shows it, and the suite's line is the user's."""
    body = """
    import pytest

    @pytest.fixture
    def tracker():
        raise RuntimeError("no database")

    test_it = conformance("tracker")

    # The traceback must not point here,
    # nor here.
    """
    text = suite(pytester, body)
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1")
    assert result.parseoutcomes() in ({"failed": 1}, {"errors": 1})
    output = result.stdout.str()
    assert "E       RuntimeError: no database" in output
    assert "must not point here" not in output
    assert f"test_jobs.py:{line_of(text, 'raise RuntimeError')}: RuntimeError" in output
