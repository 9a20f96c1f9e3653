"""The wire format: nothing is lost on the way, and the JSON Schema says the same as the code."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_jobstatus import EventKind, JobError, Profile, Snapshot, Status
from pytest_jobstatus.adapters import stdio_shown as shown
from pytest_jobstatus.adapters import stdio_wire as wire
from pytest_jobstatus.adapters.stdio import stdio
from pytest_jobstatus.adapters.stdio_child import Child
from pytest_jobstatus.adapters.stdio_validator import SCHEMA
from pytest_jobstatus.engine import check
from pytest_jobstatus.events import Event
from pytest_jobstatus.rules import PLANNED, RULES, SPEC, Level
from pytest_jobstatus.tracker import FIELDS, MAYBE_MISSING
from pytest_jobstatus.values import ODD_PROGRESS, ODD_TEXTS, PROGRESS, deep
from tests.stdio import broken
from tests.test_stdio import NODE

DEFINITIONS = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
WHOLE = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def back_again(progress: object) -> Any:
    """The value, sent as progress and shown as it came."""
    event = Event(EventKind.PROGRESS, "job-1", datetime(2026, 1, 5, tzinfo=UTC), attempt=1, progress=progress)
    sent = wire.line(1, "apply", event=wire.event_values(event))
    assert sent.isascii()
    assert sent.count(b"\n") == 1
    value = json.loads(sent)["event"]["progress"]
    line = json.dumps({"id": 1, "reply": "read", "snapshot": {"status": "active", "progress": value}})
    return wire.reply_to(line.encode(), number=1, request="read")["snapshot"]["progress"]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(codec=None)), inner)
        | st.dictionaries(st.sampled_from(["$number", "$$number", "$"]), inner, max_size=1)
    ),
)


@settings(deadline=None)
@given(ANY_JSON)
def test_progress_comes_back_as_it_was(value: Any) -> None:
    """Whatever it is, numbers that JSON does not have and objects that look like one of these included."""
    assert repr(back_again(value)) == repr(value)


@pytest.mark.parametrize("number", range(len(PROGRESS + ODD_PROGRESS)))
def test_progress_of_the_tables_comes_back(number: int) -> None:
    """Each value that the rules send."""
    value = (PROGRESS + ODD_PROGRESS)[number]
    assert repr(back_again(value)) == repr(value)


def test_progress_nested_deep_comes_back() -> None:
    """As deep as the rules send it, and twice as deep."""
    for depth in (500, 900):
        assert back_again(deep(depth)) == deep(depth)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (2**53 - 1, 9007199254740991),
        (2**53, {"$number": "9007199254740992"}),
        (-(2**53), {"$number": "-9007199254740992"}),
        (1e300, 1e300),
        (math.nan, {"$number": "NaN"}),
        ([math.inf, -math.inf], [{"$number": "Infinity"}, {"$number": "-Infinity"}]),
        ({"$number": "NaN"}, {"$$number": "NaN"}),
        ({"$$number": 1}, {"$$$number": 1}),
        ({"$number": 1, "b": 2}, {"$number": 1, "b": 2}),
    ],
)
def test_what_json_has_no_number_for(value: object, sent: object) -> None:
    """It is sent as the document says."""
    assert wire.escaped(value) == sent


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_texts_are_sent_escaped(text: str) -> None:
    """Any parser of JSON reads the same text from plain ASCII."""
    sent = wire.line(1, "read", job_id=text)
    assert sent.isascii()
    assert json.loads(sent)["job_id"] == text


def test_all_settings_of_a_profile() -> None:
    """Each has a key, and none is missing."""
    said = {
        "order": "strict",
        "resolution": 0.001,
        "started": "latest",
        "late_end": "ignored",
        "on_fault": "contained",
        "raises": ["StorageError"],
        "refuses": ["Stale", "Closed"],
        "conflicts": ["Conflict"],
        "timezone": "Europe/Berlin",
        "unsupported": {"stalled": "none"},
        "waived": {"TIME-7": "no", "LOAD-1": "it sleeps"},
    }
    profile = shown.profile_of(said)
    assert set(said) == set(Profile.__dataclass_fields__) - {"CHOICES"} == set(shown.PROFILE)
    assert profile == Profile(
        order="strict",
        resolution=timedelta(milliseconds=1),
        started="latest",
        late_end="ignored",
        on_fault="contained",
        raises=(wire.exception_named("StorageError"),),
        refuses=(wire.exception_named("Stale"), wire.exception_named("Closed")),
        conflicts=(wire.exception_named("Conflict"),),
        timezone="Europe/Berlin",
        unsupported={"stalled": "none"},
        waived={"TIME-7": "no", "LOAD-1": "it sleeps", "LOAD-2": shown.UNSEEN},
    )
    assert_as_the_schema_says("profile", said)


def test_null_is_the_default() -> None:
    """A nil map or slice of Go's, say."""
    said = dict.fromkeys(shown.PROFILE)
    assert shown.profile_of(said) == shown.profile_of({})
    assert_as_the_schema_says("profile", said)
    hello = {"id": 1, "reply": "hello", "protocol": wire.PROTOCOL, "spec": SPEC}
    hello |= {"profile": None, "methods": None, "storage": None}
    assert shown.hello_of(hello) == (shown.profile_of({}), frozenset(), None)
    assert_as_the_schema_says("reply-hello", hello)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-05T12:00:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("2026-01-05T12:00:00.5Z", datetime(2026, 1, 5, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-05T12:00:00.123456789+01:00", datetime(2026, 1, 5, 12, 0, 0, 123_456, timezone(timedelta(hours=1)))),
    ],
)
def test_times(text: str, at: datetime) -> None:
    """As Go, Node, Java and Python write them; what is finer than a microsecond is cut."""
    found = shown.snapshot_in({"snapshot": {"status": "active", "started_at": text}}, job_id="job-1", profile=Profile())
    assert found == Snapshot("job-1", Status.ACTIVE, started_at=at)


def test_times_without_offset_need_a_timezone() -> None:
    """As naive ones do in Python."""
    reply = {"snapshot": {"status": "active", "started_at": "2026-01-05T12:00:00"}}
    found = shown.snapshot_in(reply, job_id="job-1", profile=Profile(timezone="Europe/Berlin"))
    assert found is not None
    assert found.started_at is not None
    assert found.started_at.isoformat() == "2026-01-05T12:00:00+01:00"


def test_a_snapshot_with_everything() -> None:
    """Every key is taken, and `attempt` as JSON without integers writes it."""
    times = {name: "2026-01-05T12:00:00Z" for name in FIELDS if name.endswith("_at")}
    error = {"type": "ValueError", "message": "no", "traceback": "line 1"}
    said = {"job_id": "job-2", "status": "failed", "attempt": 2.0, **times, "error": error}
    said |= {"progress": {"a": 1}, "cancelled_by": "Ann"}
    assert set(said) == set(FIELDS)
    assert_as_the_schema_says("snapshot", {**said, "ended_at": None})
    found = shown.snapshot_in({"snapshot": said}, job_id="job-1", profile=Profile())
    assert found is not None
    assert (found.job_id, found.attempt, type(found.attempt)) == ("job-2", 2, int)
    assert found.error == JobError("ValueError", "no", "line 1")


@cache
def validator(name: str) -> Any:
    return Draft202012Validator({"$defs": DEFINITIONS, "$ref": f"#/$defs/{name}"})


def assert_as_the_schema_says(name: str, value: object) -> None:
    assert list(validator(name).iter_errors(value)) == []


def test_the_schema_is_one() -> None:
    """It is a valid schema, and its lists are the code's."""
    Draft202012Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
    profile, snapshot, event = (DEFINITIONS[name]["properties"] for name in ("profile", "snapshot", "event"))
    assert set(profile) == set(shown.PROFILE)
    assert set(profile["unsupported"]["propertyNames"]["enum"]) == set(MAYBE_MISSING)
    should = {rule.id for rule in RULES if rule.level is Level.SHOULD}
    should |= {rule.id for rule in PLANNED if rule.level is Level.SHOULD}
    assert set(profile["waived"]["propertyNames"]["enum"]) == should
    for name, allowed in Profile.CHOICES.items():
        assert profile[name]["enum"] == [*allowed, None]
    assert set(snapshot) == {*FIELDS, "ended_at"}
    assert snapshot["status"]["enum"] == list(Status)
    assert event["kind"]["enum"] == list(EventKind)
    assert DEFINITIONS["reply-hello"]["properties"]["methods"]["items"]["enum"] == list(wire.METHODS)
    for kind, (needed, optional) in wire.KEYS.items():
        reply = DEFINITIONS[f"reply-{kind}"]
        assert set(reply["required"]) == needed | {"id", "reply"}, kind
        assert set(reply["properties"]) == needed | optional | {"id", "reply"}, kind


def test_the_schema_refuses_what_the_code_refuses() -> None:
    """Each broken profile and snapshot of the table, but what no schema can know."""
    unknown_to_it = {"profile: timezone", "snapshot: time without offset", "snapshot: no such day", "snapshot: $number"}
    for way, value in (*broken.PROFILES.items(), *broken.SNAPSHOTS.items()):
        name = "profile" if way in broken.PROFILES else "snapshot"
        assert validator(name).is_valid(value) is (way in unknown_to_it), way


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All lines that are sent and come back."""
    seen: list[bytes] = []
    exchange: Callable[[Child, bytes], bytes] = Child.exchange

    def noting(child: Child, line: bytes) -> bytes:
        back = exchange(child, line)
        seen.extend((line, back))
        return back

    monkeypatch.setattr(Child, "exchange", noting)
    return seen


def test_all_that_a_check_sends_is_as_the_schema_says(lines: list[bytes]) -> None:
    """The requests of a whole quick check, and the replies of a child that conforms."""
    check(stdio(NODE), effort="quick", rules="TRACK-5,TIME-5,DATA-1,DATA-2,ISO-2,PROG-1")
    names = {json.loads(line)["request"] for line in lines[::2]}
    assert names == {"hello", "apply", "read", "forget", "for_tenant"}
    for number, line in enumerate(lines):
        assert line.endswith(b"\n")
        value = json.loads(line)
        kind = f"request-{value['request']}" if number % 2 == 0 else f"reply-{value['reply']}"
        assert_as_the_schema_says(kind, value)


def test_the_document_names_the_schema() -> None:
    """Where it is in the package."""
    document = Path(__file__).parent.parent / "docs" / "stdio.md"
    assert f"pytest_jobstatus/adapters/{SCHEMA.name}" in document.read_text(encoding="utf-8")
    assert not WHOLE.is_valid({"id": 1, "request": "another"})
