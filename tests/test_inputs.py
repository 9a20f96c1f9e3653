"""Bad values are refused where they are given: the message names the field, the value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from pytest_jobstatus import Event, JobError, Misuse, Profile, Snapshot, Status, check
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.reading import snapshot_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAIVE = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - the bad value
CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


def said_by(call: Callable[[], object]) -> str:
    """The message with which the call is refused, which stands in one line."""
    with pytest.raises(Misuse) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def event(**values: Any) -> Event:
    good: dict[str, Any] = {"kind": "active", "job_id": "job-1", "occurred_at": NOON, "attempt": 1}
    return Event(**(good | values))


EVENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "started"}, "Event(kind='started')", "allowed are 'created', 'active', 'progress', 'retrying'"),
    ({"kind": None}, "Event(kind=None)", "allowed are 'created'"),
    ({"kind": []}, "Event(kind=[])", "allowed are 'created'"),
    ({"kind": "Active"}, "Event(kind='Active')", "allowed are 'created', 'active'"),
    ({"job_id": ""}, "Event(job_id='')", "allowed are 1 to 255 characters"),
    ({"job_id": "x" * 256}, "Event(job_id='xxx", "(258 characters)): allowed are 1 to 255 characters"),
    ({"job_id": 7}, "Event(job_id=7)", "allowed are 1 to 255 characters"),
    ({"job_id": b"job"}, "Event(job_id=b'job')", "allowed are 1 to 255 characters"),
    ({"occurred_at": NAIVE}, "Event(occurred_at=datetime.datetime(2026, 1, 5, 12, 0))", "allowed is an aware datetime"),
    ({"occurred_at": "2026-01-05"}, "Event(occurred_at='2026-01-05')", "allowed is an aware datetime"),
    ({"occurred_at": None}, "Event(occurred_at=None)", "allowed is an aware datetime"),
    ({"occurred_at": 1_767_614_400}, "Event(occurred_at=1767614400)", "allowed is an aware datetime"),
    ({"occurred_at": date(2026, 1, 5)}, "Event(occurred_at=datetime.date(2026, 1, 5))", "allowed is an aware datetime"),
    ({"attempt": -1}, "Event(attempt=-1)", "allowed is a whole number from 0 on"),
    ({"attempt": 1.0}, "Event(attempt=1.0)", "allowed is a whole number from 0 on"),
    ({"attempt": "1"}, "Event(attempt='1')", "allowed is a whole number from 0 on"),
    ({"attempt": True}, "Event(attempt=True)", "allowed is a whole number from 0 on"),
    ({"attempt": None}, "Event(attempt=None)", "allowed is a whole number from 0 on"),
    ({"error": "boom"}, "Event(error='boom')", "allowed is a JobError or None"),
    ({"error": ValueError("boom")}, "Event(error=ValueError('boom'))", "allowed is a JobError or None"),
    ({"cancelled_by": 7}, "Event(cancelled_by=7)", "allowed is a str or None"),
    ({"retry_at": NAIVE}, "Event(retry_at=datetime.datetime(2026, 1, 5, 12, 0))", "allowed is an aware datetime or"),
    ({"retry_at": 60}, "Event(retry_at=60)", "allowed is an aware datetime or None"),
    ({"context": {"queue": 1}}, "Event(context={'queue': 1})", "allowed is a mapping of strings to strings"),
    ({"context": {1: "queue"}}, "Event(context={1: 'queue'})", "allowed is a mapping of strings to strings"),
    ({"context": "queue"}, "Event(context='queue')", "allowed is a mapping of strings to strings"),
    ({"context": None}, "Event(context=None)", "allowed is a mapping of strings to strings"),
    ({"progress": {1, 2}}, "Event(progress={1, 2})", "json.dumps refuses it: Object of type set"),
    ({"progress": NOON}, "Event(progress=datetime.datetime(2026, 1, 5, 12", "json.dumps refuses it: Object of type"),
    ({"progress": {(1, 2): 3}}, "Event(progress={(1, 2): 3})", "json.dumps refuses it: keys must be str"),
    ({"progress": CIRCLE}, "Event(progress=[[...]])", "json.dumps refuses it: Circular reference"),
    ({"progress": DEEP}, "Event(progress=a list nested too deep)", "json.dumps refuses it"),
    ({"progress": b"half"}, "Event(progress=b'half')", "json.dumps refuses it: Object of type bytes"),
]


@pytest.mark.parametrize(("values", "given", "allowed"), EVENTS, ids=lambda each: None)
def test_an_event_refuses(values: dict[str, Any], given: str, allowed: str) -> None:
    """Each field of an event is checked when it is made."""
    told = said_by(lambda: event(**values))
    assert told.startswith(given)
    assert allowed in told


@pytest.mark.parametrize(
    "progress",
    [None, 0, True, 0.5, math.nan, math.inf, -math.inf, "", "\ud800\0", [], {"": [None, {"a": 2**70}]}, (1, 2), {1: 2}],
    ids=repr,
)
def test_progress_may_be_whatever_json_dumps_accepts(progress: Any) -> None:
    """NaN, Infinity, lone surrogates and huge integers are events that happen: DATA-2 is about them."""
    assert event(kind="progress", progress=progress).progress is progress


def test_ids_may_be_any_255_characters() -> None:
    """An id is opaque: its length counts, in characters."""
    for job_id in (" ", "0", "ä" * 255, "\U0001f600" * 255, "a'b\"c;--", "%_\\\0"):
        assert event(job_id=job_id).job_id == job_id


ERRORS: list[tuple[tuple[Any, ...], str, str]] = [
    ((None, "boom"), "JobError(type=None)", "allowed is a str"),
    ((ValueError, "boom"), "JobError(type=<class 'ValueError'>)", "allowed is a str"),
    (("ValueError", None), "JobError(message=None)", "allowed is a str"),
    (("ValueError", b"boom"), "JobError(message=b'boom')", "allowed is a str"),
    (("ValueError", "boom", ["line"]), "JobError(traceback=['line'])", "allowed is a str or None"),
]


@pytest.mark.parametrize(("values", "given", "allowed"), ERRORS, ids=lambda each: None)
def test_an_error_refuses(values: tuple[Any, ...], given: str, allowed: str) -> None:
    """An error is text, its type too."""
    assert said_by(lambda: JobError(*values)) == f"{given}: {allowed}"


@pytest.mark.parametrize(
    ("type_name", "message"),
    [("KeyError", "boom"), ("", ""), ("a b", "\0\ud800\U0001f600'\""), ("class", "x" * 1_000_000), ("builtins.X", "")],
)
def test_an_error_becomes_a_real_exception(type_name: str, message: str) -> None:
    """Whatever the texts, the exception has that type's name, that text and a traceback."""
    made = JobError(type_name, message).exception()
    assert (type(made).__name__, str(made)) == (type_name, message)
    assert made.__traceback__ is not None


READINGS: list[tuple[Any, str]] = [
    (7, "gave 7, a int: allowed are a Snapshot, a mapping or None"),
    ("active", "gave 'active', a str: allowed are a Snapshot, a mapping or None"),
    (Status.ACTIVE, "a Status: allowed are a Snapshot, a mapping or None"),
    ([("status", "active")], "gave [('status', 'active')], a list: allowed are"),
    (NotImplemented, "gave NotImplemented, a NotImplementedType: allowed are"),
    ({}, "gave {}, without 'status'"),
    ({"attempt": 1}, "gave {'attempt': 1}, without 'status'"),
    ({"status": "running"}, "gave status 'running': allowed are 'pending', 'active', 'delayed', 'completed', 'failed'"),
    ({"status": "Active"}, "'cancelled'; did you mean 'active'?"),
    ({"status": None}, "gave status None: allowed are 'pending'"),
    ({"status": []}, "gave status []: allowed are 'pending'"),
    ({"status": "active", "state": 1}, "gave the key 'state': allowed are 'job_id', 'status', 'attempt', 'created_at'"),
    ({"status": "active", 1: 2}, "gave the key 1: allowed are 'job_id'"),
    ({"status": "active", "attempt": "1"}, "gave attempt '1': allowed is a whole number or None"),
    ({"status": "active", "attempt": True}, "gave attempt True: allowed is a whole number or None"),
    ({"status": "active", "attempt": 1.0}, "gave attempt 1.0: allowed is a whole number or None"),
    (
        {"status": "failed", "error": ValueError("x")},
        "gave error ValueError('x'): allowed is a str, a JobError or None",
    ),
    ({"status": "failed", "error": {"type": "x"}}, "gave error {'type': 'x'}: allowed is a str, a JobError or None"),
    ({"status": "cancelled", "cancelled_by": 7}, "gave cancelled_by 7: allowed is a str"),
    ({"status": "active", "job_id": 7}, "gave job_id 7: allowed is a str"),
    (
        {"status": "active", "started_at": "2026-01-05T12:00:00Z"},
        "gave started_at '2026-01-05T12:00:00Z': allowed is a datetime or None; datetime.fromisoformat makes one of it",
    ),
    (
        {"status": "active", "started_at": 5},
        "gave started_at 5: allowed is a datetime or None; datetime.fromtimestamp makes one of it",
    ),
    ({"status": "active", "created_at": date(2026, 1, 5)}, "gave created_at datetime.date(2026, 1, 5): allowed is a"),
    ({"status": "active", "updated_at": time(12)}, "gave updated_at datetime.time(12, 0): allowed is a datetime"),
    ({"status": "active", "started_at": NAIVE}, "gave started_at datetime.datetime(2026, 1, 5, 12, 0), which is naive"),
    ({"status": "completed", "ended_at": NAIVE}, "gave completed_at datetime.datetime(2026, 1, 5, 12, 0), which is"),
    (Snapshot("job-1", "running"), "gave status 'running': allowed are 'pending'"),  # type: ignore[arg-type]
    (Snapshot("job-1", Status.ACTIVE, started_at=NAIVE), "which is naive: give it a tzinfo, or say what naive times"),
    (Snapshot("job-1", Status.ACTIVE, attempt="1"), "gave attempt '1': allowed is a whole"),  # type: ignore[arg-type]
    (Snapshot("job-1", Status.FAILED, error=7), "gave error 7: allowed is a str"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("shown", "told"), READINGS, ids=lambda each: None)
def test_a_reading_is_refused(shown: Any, told: str) -> None:
    """What `read` gave is named with the call, the key, the value and what is allowed."""
    message = said_by(lambda: snapshot_of(shown, job_id="job-1", profile=Profile(), source="T: read('job-1')"))
    assert message.startswith("T: read('job-1') gave ")
    assert told in message


def test_a_naive_reading_is_told_the_remedy() -> None:
    """The message of a naive time says what to declare; once declared, it is taken."""
    shown = {"status": "active", "started_at": NAIVE}
    message = said_by(lambda: snapshot_of(shown, job_id="job-1", profile=Profile(), source="read()"))
    assert message.endswith("Profile(timezone=…)")
    read = snapshot_of(shown, job_id="job-1", profile=Profile(timezone="Asia/Tokyo"), source="read()")
    assert read is not None
    assert read.started_at == NOON - timedelta(hours=9)


def profile(**values: Any) -> Profile:
    return Profile(**values)


PROFILES: list[tuple[dict[str, Any], str, str]] = [
    ({"order": "loose"}, "Profile(order='loose')", "allowed are 'strict', 'plain'"),
    ({"order": None}, "Profile(order=None)", "allowed are 'strict', 'plain'"),
    ({"started": "last"}, "Profile(started='last')", "allowed are 'first', 'latest'"),
    ({"late_end": "refused"}, "Profile(late_end='refused')", "allowed are 'taken', 'ignored'"),
    ({"on_fault": "dies"}, "Profile(on_fault='dies')", "allowed are 'raises', 'contained'"),
    ({"resolution": 1}, "Profile(resolution=1)", "allowed is a timedelta above 0, at most an hour"),
    ({"resolution": timedelta()}, "Profile(resolution=datetime.timedelta(0))", "allowed is a timedelta above 0"),
    (
        {"resolution": timedelta(seconds=-1)},
        "Profile(resolution=datetime.timedelta(days=-1, seconds=86399))",
        "above 0",
    ),
    ({"resolution": timedelta(hours=2)}, "Profile(resolution=datetime.timedelta(seconds=7200))", "at most an hour"),
    ({"raises": "OSError"}, "Profile(raises='OSError')", "allowed is a tuple of exception classes"),
    ({"refuses": ValueError("x")}, "Profile(refuses=ValueError('x'))", "allowed is a tuple of exception classes"),
    ({"conflicts": (int,)}, "Profile(conflicts=(<class 'int'>,))", "allowed is a tuple of exception classes"),
    ({"timezone": "Mars/Base"}, "Profile(timezone='Mars/Base')", "no such zone; allowed is a tzinfo or a name like"),
    ({"timezone": "../UTC"}, "Profile(timezone='../UTC')", "no such zone; allowed is a tzinfo or a name like"),
    ({"timezone": ""}, "Profile(timezone='')", "no such zone; allowed is a tzinfo or a name like"),
    ({"timezone": 2}, "Profile(timezone=2)", "allowed is a tzinfo, the name of a zone or None"),
    (
        {"unsupported": {"stall": "x"}},
        "Profile(unsupported={'stall': …})",
        "allowed are 'created', 'active', 'progress'",
    ),
    ({"unsupported": {"completed": "x"}}, "Profile(unsupported={'completed': …})", "allowed are 'created', 'active'"),
    ({"unsupported": {"status": "x"}}, "Profile(unsupported={'status': …})", "allowed are 'created', 'active'"),
    ({"unsupported": {1: "x"}}, "Profile(unsupported={1: …})", "allowed are 'created', 'active'"),
    ({"unsupported": {"error": ""}}, "Profile(unsupported={'error': ''})", "a reason is needed, in words"),
    ({"unsupported": {"error": " "}}, "Profile(unsupported={'error': ' '})", "a reason is needed, in words"),
    ({"unsupported": {"error": True}}, "Profile(unsupported={'error': True})", "a reason is needed, in words"),
    ({"unsupported": ["error"]}, "Profile(unsupported=['error'])", "allowed is a mapping of names to reasons"),
    ({"unsupported": None}, "Profile(unsupported=None)", "allowed is a mapping of names to reasons"),
    ({"waived": {"CONV-2": ""}}, "Profile(waived={'CONV-2': ''})", "a reason is needed, in words"),
    ({"waived": "CONV-2"}, "Profile(waived='CONV-2')", "allowed is a mapping of names to reasons"),
]


@pytest.mark.parametrize(("values", "given", "allowed"), PROFILES, ids=lambda each: None)
def test_a_profile_refuses(values: dict[str, Any], given: str, allowed: str) -> None:
    """Each argument of a profile is checked when it is made, against a closed list where there is one."""
    told = said_by(lambda: profile(**values))
    assert told.startswith(f"{given}: ")
    assert allowed in told


def test_one_exception_class_needs_no_tuple() -> None:
    """A single class is taken for a tuple of one."""
    assert profile(refuses=ValueError).refuses == (ValueError,)


@pytest.mark.parametrize(
    "target", [None, 7, "my_app:Tracker", object(), {"apply": print}, []], ids=lambda each: type(each).__name__
)
def test_a_factory_is_something_that_can_be_called(target: object) -> None:
    """A finished tracker, a name, or anything else that cannot be called is refused with its value."""
    for refuse in (lambda: Factory.of(target), lambda: check(target)):
        told = said_by(refuse)
        assert told.startswith(f"{target!r} is no factory: give the class, or a function that makes a fresh tracker")


ARGUMENTS: list[tuple[dict[str, Any], str]] = [
    ({"rules": ["TERM-9"]}, "rules: there is no rule 'TERM-9'; `jobstatus rules` lists them all"),
    ({"rules": "RACE-1"}, "rules: RACE-1 is not checked yet; `jobstatus rules` lists what is"),
    ({"rules": []}, "rules: no rule given; `jobstatus rules` lists them"),
    ({"effort": "hard"}, "effort: 'hard': allowed are 'quick', 'default', 'thorough'"),
    ({"baseline": "no/such.toml"}, "no/such.toml: the baseline cannot be read: "),
    ({"scenarios": "no/such"}, "no/such: no such folder of scenarios"),
]


@pytest.mark.parametrize(("values", "told"), ARGUMENTS, ids=lambda each: None)
def test_check_refuses(values: dict[str, Any], told: str) -> None:
    """A wrong argument of `check` is told before the tracker is made."""

    def never() -> None:
        raise AssertionError("the factory was called")

    assert told in said_by(lambda: check(never, **values))


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "Weird Name"])
def test_any_type_name_makes_an_exception(name: str) -> None:
    """An error of any type name can be raised, with its text."""
    assert str(JobError(name, "boom").exception()) == "boom"
