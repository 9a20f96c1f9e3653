"""Scenario files: what is refused and how it is told, and that what is written reads back as the same plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_jobstatus import Misuse
from pytest_jobstatus.engine import settings
from pytest_jobstatus.scenario import RESERVED, load, load_folder, parse
from tests.scenario_text import ACTIVE, COMPLETED, HEADER, said_of, written


def test_the_scenario_of_these_tests_is_a_good_one() -> None:
    """The tables below change one thing each in a file that can be read."""
    scenario = parse(written(HEADER, ACTIVE, COMPLETED), source="late.toml")
    assert (scenario.id, scenario.rules, scenario.plan.order) == ("late", ("TERM-1",), (1, 0))


HEADERS: list[tuple[dict[str, str], str]] = [
    ({"format": '"jobstatus-scenario/2"'}, "format = 'jobstatus-scenario/2': allowed is 'jobstatus-scenario/1'"),
    ({"format": "1"}, "format = 1: allowed is 'jobstatus-scenario/1'"),
    ({"spec": '"JSL/2"'}, "spec = 'JSL/2': allowed is 'JSL/1'"),
    ({"interleaving": "[1, 2]"}, "interleaving: reserved; this version plays scenarios one event at a time"),
    ({"fault": '"step 3"'}, "fault: reserved; this version plays scenarios one event at a time"),
    ({"author": '"me"'}, "unknown key 'author': allowed are 'format', 'spec', 'id', 'title', 'story', 'link', 'rules'"),
    ({"id": "7"}, "id = 7: allowed is a text"),
    ({"id": '""'}, "id is empty: at least one is needed"),
    ({"title": '""'}, "title is empty: at least one is needed"),
    ({"rules": "[]"}, "rules is empty: at least one is needed"),
    ({"rules": '"TERM-1"'}, "rules = 'TERM-1': allowed is a list"),
    ({"rules": '["TERM-1", 2]'}, "rules: 2: allowed is a text"),
    ({"rules": '["TERM-9"]'}, "rules: there is no rule 'TERM-9'; `jobstatus rules` lists them all"),
    ({"rules": '["RACE-1"]'}, "rules: RACE-1 is not checked yet; `jobstatus rules` lists what is"),
    ({"rules": '["TERM"]'}, "rules: TERM is a family; say which rule: TERM-1, "),
    ({"delivery": "[]"}, "delivery is empty: at least one is needed"),
    ({"delivery": '["ended"]'}, "delivery: 'ended': there is no event of that name; there are 'active', 'completed'"),
    ({"delivery": "[0, 1]"}, "delivery: 0: allowed is a text"),
    ({"reads": "0"}, "reads = 0: allowed are 1 to 10"),
    ({"reads": "11"}, "reads = 11: allowed are 1 to 10"),
    ({"reads": "true"}, "reads = True: allowed is a whole number"),
    ({"reads": '"2"'}, "reads = '2': allowed is a whole number"),
    ({"workers": "1"}, "workers = 1: allowed is a list"),
    ({"workers": "[0, 1]"}, "workers: 0: allowed are 1 to 10"),
    ({"workers": "[1, true]"}, "workers: True: allowed are 1 to 10"),
    ({"workers": '["1", 2]'}, "workers: '1': allowed are 1 to 10"),
    ({"workers": "[1, 11]"}, "workers: 11: allowed are 1 to 10"),
    ({"workers": "[1]"}, "workers = [1]: allowed is one for each of the 2 deliveries"),
    ({"workers": "[1, 2]", "needs": "[]"}, "needs = []: several workers tell it, so 'concurrency' is needed too"),
    ({"strangers": '"job-2"'}, "strangers = 'job-2': allowed is a list"),
    ({"strangers": "[2]"}, "strangers: 2: allowed is a text"),
    ({"strangers": '["job-1"]'}, "strangers: 'job-1'"),
]


@pytest.mark.parametrize(("changed", "told"), HEADERS, ids=lambda each: None)
def test_a_header_is_refused(changed: dict[str, str], told: str) -> None:
    """Each key of a scenario is checked, with its value and what is allowed."""
    assert said_of(written(HEADER | changed, ACTIVE, COMPLETED)).startswith(told)


@pytest.mark.parametrize("key", [*HEADER, "events"])
def test_a_missing_key_is_named(key: str) -> None:
    """What every scenario needs is asked for by name."""
    header = {name: value for name, value in HEADER.items() if name != key}
    assert said_of(written(header, *([] if key == "events" else [ACTIVE, COMPLETED]))) == f"the key {key!r} is missing"


@pytest.mark.parametrize("key", RESERVED)
def test_reserved_keys_come_before_everything(key: str) -> None:
    """A file of a later version is told so, not picked to pieces."""
    assert said_of(f"{key} = []\nnew = 1\n").startswith(f"{key}: reserved")


EVENTS: list[tuple[dict[str, str], str]] = [
    ({"kind": '"started"'}, "Event(kind='started'): allowed are 'created', 'active', 'progress'"),
    ({"attempt": "-1"}, "Event(attempt=-1): allowed is a whole number from 0 on"),
    ({"attempt": "1.0"}, "attempt = 1.0: allowed is a whole number"),
    ({"attempt": "true"}, "attempt = True: allowed is a whole number"),
    ({"at": "2026-01-05T12:00:01"}, "at = 2026-01-05T12:00:01: an offset is needed, such as Z or +02:00"),
    ({"at": "2026-01-05"}, "at = datetime.date(2026, 1, 5): allowed is a date and time with an offset"),
    ({"at": "12:00:01"}, "at = datetime.time(12, 0, 1): allowed is a date and time with an offset"),
    ({"at": '"2026-01-05T12:00:01Z"'}, "at = '2026-01-05T12:00:01Z': allowed is a date and time with an offset"),
    ({"retry_at": "2026-01-05T12:00:01"}, "retry_at = 2026-01-05T12:00:01: an offset is needed"),
    ({"job": '""'}, "Event(job_id=''): allowed are 1 to 255 characters"),
    ({"job": "7"}, "job = 7: allowed is a text"),
    ({"name": "7"}, "name = 7: allowed is a text"),
    ({"stray": '"yes"'}, "stray = 'yes': allowed is true or false"),
    ({"when": "1"}, "unknown key 'when': allowed are 'name', 'job', 'kind', 'at', 'attempt', 'progress', 'error'"),
    ({"fault": "1"}, "unknown key 'fault': allowed are 'name'"),
    ({"context": "{ queue = 1 }"}, "Event(context={'queue': 1}): allowed is a mapping of strings to strings"),
    ({"context": '"queue"'}, "context = 'queue': allowed is a table"),
    ({"progress": "1"}, "progress = 1: allowed is a text"),
    ({"progress": "'{half'"}, "progress = '{half': allowed is JSON text: "),
    ({"progress": '""'}, "progress = '': allowed is JSON text: "),
    ({"progress": f"'{'[' * 100_000}'"}, "progress = "),
    ({"error": "'ValueError: boom'"}, "error = 'ValueError: boom': allowed is JSON text: "),
    ({"error": "'[1, 2]'"}, "error = '[1, 2]': allowed is JSON text: "),
    ({"error": "'{}'"}, "error = '{}': allowed is JSON text: "),
    ({"error": """'{"type": "ValueError"}'"""}, 'error = \'{"type": "ValueError"}\': allowed is JSON text: '),
    ({"error": """'{"type": 1, "message": ""}'"""}, "error = "),
    ({"error": """'{"type": "A", "message": "", "notes": ""}'"""}, "error = "),
    ({"cancelled_by": "'me'"}, "cancelled_by = 'me': allowed is JSON text: "),
    ({"cancelled_by": "'7'"}, "Event(cancelled_by=7): allowed is a str or None"),
]


@pytest.mark.parametrize(("changed", "told"), EVENTS, ids=lambda each: None)
def test_an_event_is_refused(changed: dict[str, str], told: str) -> None:
    """Each key of an event is checked, and the message says which event it is."""
    message = said_of(written(HEADER, ACTIVE, COMPLETED | changed))
    assert message.startswith(f"event 2: {told}"), message[:300]
    assert len(message) < 600, "a long value is shortened"


@pytest.mark.parametrize("key", ["name", "kind", "at"])
def test_a_missing_key_of_an_event_is_named(key: str) -> None:
    """What every event needs is asked for by name."""
    incomplete = {name: value for name, value in COMPLETED.items() if name != key}
    assert said_of(written(HEADER, ACTIVE, incomplete)) == f"event 2: the key {key!r} is missing"


def test_two_events_of_one_name_are_refused() -> None:
    """The delivery tells events by their names, so a name stands for one event."""
    assert said_of(written(HEADER, ACTIVE, COMPLETED | {"name": '"active"'})) == (
        "event 2: name = 'active': an earlier event has that name"
    )


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (("completed", "1"), ("active", "1"), "active 1 cannot come after completed 1"),
        (("active", "2"), ("completed", "1"), "completed 1 cannot come after active 2"),
        (("active", "1"), ("created", "0"), "created cannot come after active 1"),
        (("active", "1"), ("active", "1"), "active 1 cannot come after active 1"),
        (("retrying", "1"), ("completed", "1"), "completed 1 cannot come after retrying 1"),
        (("created", "1"), ("active", "1"), "created 1 cannot happen"),
        (("active", "1"), ("cancelled", "0"), "cancelled cannot come after active 1"),
        (("completed", "0"), ("active", "1"), "completed cannot happen as attempt 0: allowed are those from 1 on"),
    ],
)
def test_a_run_that_no_queue_emits_is_refused(first: tuple[str, str], second: tuple[str, str], told: str) -> None:
    """Events that cannot happen in this order are strays, and are to be called so."""
    one = ACTIVE | {"kind": f'"{first[0]}"', "attempt": first[1]}
    two = COMPLETED | {"kind": f'"{second[0]}"', "attempt": second[1]}
    assert said_of(written(HEADER, one, two)) == f"{told}; say stray = true if it is meant"


def test_an_attempt_that_was_forgotten_is_asked_for() -> None:
    """A start belongs to an attempt, which is rather forgotten than a stray."""
    forgotten = {key: value for key, value in ACTIVE.items() if key != "attempt"}
    for start in (forgotten, ACTIVE | {"attempt": "0"}):
        told = "active cannot happen as attempt 0: allowed are those from 1 on; say stray = true if it is meant"
        assert said_of(written(HEADER, start, COMPLETED)) == told


def test_a_stray_may_be_what_no_queue_emits() -> None:
    """Called a stray, the second of two ends is taken."""
    second = COMPLETED | {"name": '"failed"', "kind": '"failed"', "stray": "true"}
    scenario = parse(written(HEADER, ACTIVE, COMPLETED, second), source="late.toml")
    assert scenario.plan.strays == {2}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00+02:00"),
    ],
    ids=["too far apart", "before the first instant of UTC"],
)
def test_instants_that_cannot_be_moved_are_refused(first: str, second: str) -> None:
    """Histories are moved to the present by whole days; instants at the ends of the calendar cannot be."""
    assert "0001-01-01" in said_of(written(HEADER, ACTIVE | {"at": first}, COMPLETED | {"at": second}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = ", "is no TOML: "),
        ("\0", "is no TOML: "),
        ("{}", "is no TOML: "),
        ('{"format": "jobstatus-scenario/1"}', "is no TOML: "),
        ("", "the key 'format' is missing"),
        (written(HEADER | {"events": "[1]"}), "event 1: 1: allowed is a table, [[events]]"),
        (written(HEADER | {"events": "[]"}), "events is empty: at least one is needed"),
        (written(HEADER) + "[events]\nname = 'active'\n", "events = {'name': 'active'}: allowed is a list"),
    ],
)
def test_text_of_another_form_is_refused(text: str, told: str) -> None:
    """What is no TOML, and tables of another form, are told as such."""
    assert said_of(text).startswith(told)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are named with the reason."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    for name in ("missing.toml", "bytes.toml", "folder.toml"):
        with pytest.raises(Misuse) as caught:
            load(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: cannot be read: ")


def test_a_bad_file_in_a_folder_is_named(tmp_path: Path) -> None:
    """Of many files the message names the one that is wrong."""
    (tmp_path / "below").mkdir()
    (tmp_path / "good.toml").write_text(written(HEADER, ACTIVE, COMPLETED), encoding="utf-8")
    (tmp_path / "below" / "bad.toml").write_text("format = 1", encoding="utf-8")
    with pytest.raises(Misuse) as caught:
        settings(scenarios=tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'below' / 'bad.toml'}: format = 1: ")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _: None, "no such folder of scenarios"),
        (lambda path: path.write_text(""), "is a file: allowed is a folder of scenarios"),
        (lambda path: path.mkdir(), "holds no scenario (*.toml)"),
    ],
    ids=["missing", "a file", "empty"],
)
def test_a_folder_without_scenarios_is_refused(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    """A folder that was named and gives nothing is a mistake, never a silent pass."""
    make(tmp_path / "saved")
    with pytest.raises(Misuse) as caught:
        list(load_folder(tmp_path / "saved"))
    assert str(caught.value) == f"{tmp_path / 'saved'}: {told}"
