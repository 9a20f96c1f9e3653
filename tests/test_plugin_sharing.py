"""What the items of one suite share, and what each sees for itself."""

from __future__ import annotations

import re

import pytest

from tests.inner import QUICK, run, suite

COUNTING = """
told = []

class Listening(Small):
    def apply(self, event):
        told.append(event)
        super().apply(event)
"""
BY_CLASS = "test_conformance = conformance(Listening)"
BY_FIXTURE = """
import pytest

@pytest.fixture
def tracker():
    return Listening()

test_conformance = conformance("tracker")
"""


def told(pytester: pytest.Pytester, rules: str) -> int:
    """How many events the tracker is told by the items of these rules."""
    result = run(pytester, QUICK, "-s", f"--jobstatus-rules={rules}")
    result.assert_outcomes(passed=len(rules.split(",")) + 1)
    (count,) = re.findall(r"told (\d+) events", result.stdout.str())
    return int(count)


@pytest.mark.parametrize(("tracker", "shared"), [(BY_CLASS, True), (BY_FIXTURE, False)], ids=["a class", "a fixture"])
def test_each_plan_is_told_once(pytester: pytest.Pytester, tracker: str, shared: bool) -> None:  # noqa: FBT001 - of a table
    """Rules that ask for the same plans judge the same histories, unless a fixture may make another thing each time."""
    last = 'def test_told():\n    print(f"told {len(told)} events")'
    suite(pytester, f"{COUNTING}\n{tracker}\n{last}")
    apart = told(pytester, "TRACK-4") + told(pytester, "TRACK-6")
    together = told(pytester, "TRACK-4,TRACK-6")
    assert together < apart if shared else together == apart


def test_parameters_of_a_fixture_are_told_apart(pytester: pytest.Pytester) -> None:
    """What one database showed says nothing of another."""
    suite(
        pytester,
        """
        import pytest

        guarded = []

        @pytest.fixture(params=["guarded", "open"], autouse=True)
        def database(request):
            guarded[:] = [request.param == "guarded"]

        class Mine(Small):
            def apply(self, event):
                if not guarded[0]:
                    self.rows.pop(event.job_id, None)
                super().apply(event)

        test_conformance = conformance(Mine)
        """,
    )
    result = run(pytester, QUICK, "--jobstatus-rules=TERM-1,TERM-3,IDEM-2", "-rfp")
    failed = sorted(re.findall(r"^FAILED .*\[(\S+?)\]", result.stdout.str(), flags=re.MULTILINE))
    passed = sorted(re.findall(r"^PASSED .*\[(\S+?)\]", result.stdout.str(), flags=re.MULTILINE))
    assert [len(failed), len(passed)] == [3, 3], result.stdout.str()
    assert all("open" in each for each in failed)
    assert all("guarded" in each for each in passed)
