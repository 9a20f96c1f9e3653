"""A broken adapter is no verdict on the tracker: items fail with one clear message, naming target, call and value."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pytest_jobstatus.rules import TOTAL
from tests.inner import QUICK, assert_refused, line_of, run, suite

NO_PROFILE_TIME = "Profile(unsupported=dict.fromkeys(set(LACKING) - {'created_at'}, 'kept small'))"
BROKEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "factory raises": (
        """
        def Mine():
            raise RuntimeError("no database")
        """,
        ("test_jobs:Mine: the factory raised RuntimeError: no database; that is no verdict on the tracker",),
    ),
    "class wants arguments": (
        """
        class Mine(Small):
            def __init__(self, url):
                super().__init__()
        """,
        ("test_jobs:Mine: the factory raised TypeError: ", "missing 1 required positional argument: 'url'"),
    ),
    "generator yields nothing": (
        """
        def Mine():
            if False:
                yield
        """,
        ("test_jobs:Mine: the factory raised StopIteration",),
    ),
    "async generator yields nothing": (
        """
        async def Mine():
            if False:
                yield
        """,
        ("test_jobs:Mine: the factory raised StopAsyncIteration",),
    ),
    "factory makes nothing": (
        """
        def Mine():
            Small()
        """,
        ("test_jobs:Mine made None, which has no method 'apply': a tracker has apply and read",),
    ),
    "no read": (
        """
        class Mine:
            def apply(self, event): ...
        """,
        ("test_jobs:Mine made <test_jobs.Mine object", "which has no method 'read': a tracker has apply and read"),
    ),
    "a tracker instead of its factory": (
        """
        Mine = Small()
        """,
        ("<tests.small_trackers.Small object", "is no factory: give the class, or a function that makes a fresh"),
    ),
    "read gives a number": (
        """
        class Mine(Small):
            def read(self, job_id):
                return 7
        """,
        ("test_jobs:Mine: read('job-1-", ") gave 7, a int: allowed are a Snapshot, a mapping or None"),
    ),
    "unknown status": (
        """
        class Mine(Small):
            def read(self, job_id):
                return {"status": "running"}
        """,
        ("test_jobs:Mine: read('job-1-", ") gave status 'running': allowed are 'pending', 'active'"),
    ),
    "unknown key": (
        """
        class Mine(Small):
            def read(self, job_id):
                return {"status": "pending", "state": 1}
        """,
        ("test_jobs:Mine: read('job-1-", ") gave the key 'state': allowed are 'job_id', 'status', 'attempt'"),
    ),
    "naive time": (
        f"""
        import datetime

        class Mine(Small):
            profile = {NO_PROFILE_TIME}
            def read(self, job_id):
                return {{**super().read(job_id), "created_at": datetime.datetime(2026, 1, 5, 12)}}
        """,
        (
            "test_jobs:Mine: read('job-1-",
            ") gave created_at datetime.datetime(2026, 1, 5, 12, 0), which is naive",
            "Profile(timezone=…)",
        ),
    ),
    "NotImplemented for a declared kind": (
        """
        class Mine(Small):
            def apply(self, event):
                return NotImplemented if event.kind == "stalled" else super().apply(event)
        """,
        (
            "test_jobs:Mine: apply(stalled 1) gave NotImplemented; handle it, or declare it:",
            " Profile(unsupported={'stalled': 'why'})",
        ),
    ),
    "TypeError in apply": (
        """
        class Mine(Small):
            def apply(self, event):
                return 1 + event.job_id
        """,
        ("test_jobs:Mine: apply(created) raised TypeError: unsupported operand", "test_jobs.py:", "nothing was judged"),
    ),
    "AttributeError in apply": (
        """
        class Mine(Small):
            def apply(self, event):
                return event.status
        """,
        ("test_jobs:Mine: apply(created) raised AttributeError: 'Event' object", "test_jobs.py:", "nothing was judged"),
    ),
    "AttributeError in read": (
        """
        class Mine(Small):
            def read(self, job_id):
                return self.row[job_id]
        """,
        ("test_jobs:Mine: read('job-1-", ") raised AttributeError: 'Mine' object", "test_jobs.py:"),
    ),
    "NameError in read": (
        """
        class Mine(Small):
            def read(self, job_id):
                return json.loads(self.rows[job_id])
        """,
        ("test_jobs:Mine: read('job-1-", ") raised NameError: name 'json' is not defined", "test_jobs.py:"),
    ),
    "apply takes nothing": (
        """
        class Mine(Small):
            def apply(self): ...
        """,
        ("test_jobs:Mine: apply(created) raised TypeError: ", "takes 1 positional argument", "nothing was judged"),
    ),
    "async TypeError": (
        """
        class Mine(Small):
            async def apply(self, event):
                return 1 + event.job_id
        """,
        ("test_jobs:Mine: apply(created) raised TypeError: unsupported operand", "nothing was judged"),
    ),
    "profile is a dict": (
        """
        class Mine(Small):
            profile = {"order": "strict"}
        """,
        ("test_jobs:Mine: its profile is {'order': 'strict'}: allowed is a pytest_jobstatus.Profile",),
    ),
    "profile with an unknown key": (
        """
        class Mine(Small):
            def __init__(self):
                super().__init__()
                self.profile = Profile(unsupported={"stall": "never told"})
        """,
        ("test_jobs:Mine", "Profile(unsupported={'stall': …}): allowed are 'created', 'active', 'progress'"),
    ),
    "MUST rule waived": (
        """
        class Mine(Small):
            profile = Profile(waived={"TERM-1": "we like it so"})
        """,
        ("test_jobs:Mine: Profile(waived={'TERM-1': …}): only SHOULD rules can be waived",),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_adapter_fails_its_items_without_a_verdict(pytester: pytest.Pytester, case: str) -> None:
    """Each item fails, begins with the user's line and says what to change; nothing counts as judged."""
    body, said = BROKEN[case]
    text = suite(pytester, f"{dedent(body)}\ntest_it = conformance(Mine)")
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-1,TERM-1")
    assert_refused(result, f"test_jobs.py:{line_of(text, '= conformance(')}: ", said)


LATER = {
    "unknown status": ('return {"status": "zombie"}', "gave status 'zombie': allowed are 'pending'"),
    "a number": ("return 7", "gave 7, a int"),
    "naive time": (
        'return {"status": "completed", "updated_at": __import__("datetime").datetime(2026, 1, 5)}',
        "which is naive",
    ),
}


@pytest.mark.parametrize("answer", LATER)
def test_bad_readings_are_told_whenever_they_are_met(pytester: pytest.Pytester, answer: str) -> None:
    """A reading that only a late event brings about is no verdict either."""
    line, said = LATER[answer]
    body = f"""
    class Mine(Small):
        profile = Profile(unsupported=dict.fromkeys(set(LACKING) - {{"updated_at"}}, "kept small"))
        late = False
        def apply(self, event):
            over = event.job_id in self.rows and self.rows[event.job_id][1] == "completed"
            self.late = over and event.kind == "active"
            super().apply(event)
        def read(self, job_id):
            if self.late:
                {line}
            return super().read(job_id)

    test_it = conformance(Mine)
    """
    suite(pytester, body)
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-2,TERM-1")
    result.assert_outcomes(passed=1, errors=1)
    (first,) = (text for text in result.outlines if text.startswith("test_jobs.py:"))
    assert "test_jobs:Mine: read('job-1-" in first
    assert said in first
    assert f"incomplete: 1 of {TOTAL} rules judged" in result.stdout.str(), "TRACK-1 alone"


def test_a_profile_with_an_unknown_key_is_told_while_collecting(pytester: pytest.Pytester) -> None:
    """A profile in the class body is refused when the module is imported, with the line that made it."""
    suite(pytester, "class Mine(Small):\n    profile = Profile(unsupported={'stall': 'never told'})\n")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "test_jobs.py:*: in Mine",
            "E   *Misuse: Profile(unsupported={'stall': …}): allowed are 'created', 'active', 'progress', *",
        ]
    )


@pytest.mark.parametrize("error", ["TypeError", "ValueError"])
def test_an_error_of_the_tracker_itself_is_left_to_the_rules(pytester: pytest.Pytester, error: str) -> None:
    """What the tracker behind the adapter raises is a verdict: only the adapter's own mistakes are not."""
    body = f"""
    def handler(rows, event):
        raise {error}("no such job")

    class Mine(Small):
        def apply(self, event):
            handler(self.rows, event) if event.kind == "stalled" else super().apply(event)

    test_it = conformance(Mine)
    """
    suite(pytester, body)
    result = run(pytester, QUICK, "--jobstatus-rules=TRACK-3")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"TRACK-3: stalled 1 must be accepted; it raised {error}: no such job"])
