"""The JSON Schema of scenario files: it takes what the reader takes, refuses what it can, and knows its keys."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_jobstatus.events import EventKind
from pytest_jobstatus.rules import RULES
from pytest_jobstatus.scenario import RESERVED, load_folder, shipped
from pytest_jobstatus.scenario.expected import FIELDS
from pytest_jobstatus.scenario.reading import EVENT, HEADER, NEEDED
from pytest_jobstatus.tracker import MAYBE_MISSING, Profile, Status
from tests.scenario_text import ACTIVE, COMPLETED, CREATED, FIRST, ONE, SEVERAL, TWO, expecting, said_of, written
from tests.scenario_text import HEADER as WRITTEN
from tests.test_inputs_expected import EXPECTED, FULL, NEEDS, PROFILES
from tests.test_inputs_scenarios import EVENTS, HEADERS

SCHEMA = json.loads((shipped() / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
CANNOT = (
    "allowed is one for each of the 2 deliveries",
    "there is no event of that name",
    "events are told of that job",
    "allowed is JSON text",
    "is needed too",
    "attempt = 1.0",
    "nothing is delivered of such a job",
    "cancelled_by=7",
    "at = '2026-01-05T12:00:01Z': allowed is a date",
    "resolution = nan",
)
"""What the reader says of that which no schema can refuse: it would have to read on, to tell 1.0 from 1, or a time from
its text.
"""


def as_json(text: str) -> Any:
    """The file as JSON has it, dates and times as text."""
    return json.loads(json.dumps(tomllib.loads(text), default=lambda value: value.isoformat()))


def test_the_schema_is_one() -> None:
    """It follows the draft that it names."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted(shipped().rglob("*.toml")), ids=lambda file: file.stem)
def test_each_shipped_scenario_is_valid(file: Any) -> None:
    """A harness that reads the schema can read every file."""
    found = [error.message for error in VALIDATOR.iter_errors(as_json(file.read_text(encoding="utf-8")))]
    assert not found


@pytest.mark.parametrize("text", [expecting(), written(FIRST, CREATED, ACTIVE, COMPLETED, tables=FULL)])
def test_what_the_reader_takes_is_valid(text: str) -> None:
    """A plain file, and one with every table."""
    assert VALIDATOR.is_valid(as_json(text))


BAD = [
    *(written(WRITTEN | changed, ACTIVE, COMPLETED) for changed, _ in HEADERS),
    *(written(WRITTEN, ACTIVE, COMPLETED | changed) for changed, _ in EVENTS),
    *(written(WRITTEN | header, ACTIVE, COMPLETED | event) for header, event, _ in NEEDS),
    *(expecting("[profile]", line) for line, _ in PROFILES),
    *(expecting(*lines) for lines, _ in EXPECTED),
    *(written({key: value for key, value in WRITTEN.items() if key != gone}, ACTIVE, COMPLETED) for gone in WRITTEN),
    *(
        written(WRITTEN, ACTIVE, {key: COMPLETED[key] for key in COMPLETED if key != gone})
        for gone in ("name", "kind", "at")
    ),
    written(FIRST | {"batch": "1"}, CREATED, ACTIVE, COMPLETED),
    written(FIRST | {"batch": "-1"}, CREATED, ACTIVE, COMPLETED),
    written(SEVERAL | {"tenancy": "1"}, ONE, TWO),
]


@pytest.mark.parametrize("text", BAD, ids=lambda each: None)
def test_what_the_reader_refuses_is_invalid(text: str) -> None:
    """Both refuse the same files, but for what a schema cannot see."""
    message = said_of(text)
    assert not VALIDATOR.is_valid(as_json(text)) or any(words in message for words in CANNOT), message


@pytest.mark.parametrize("words", CANNOT)
def test_what_a_schema_cannot_refuse_is_valid(words: str) -> None:
    """Nothing is excused that the schema does refuse."""
    assert any(words in said_of(text) and VALIDATOR.is_valid(as_json(text)) for text in BAD)


def test_both_know_the_same_keys() -> None:
    """A key or a name that is added to the one is added to the other."""
    of = {name: set(SCHEMA["$defs"][name]["properties"]) for name in ("event", "profile", "shown")}
    assert set(SCHEMA["properties"]) == set(HEADER)
    assert set(SCHEMA["required"]) == set(NEEDED)
    assert of == {"event": set(EVENT), "profile": {*Profile.CHOICES, "resolution"}, "shown": set(FIELDS)}


@pytest.mark.parametrize(
    ("listed", "known"),
    [
        (SCHEMA["properties"]["rules"]["items"]["enum"], [rule.id for rule in RULES]),
        (SCHEMA["properties"]["needs"]["items"]["enum"], MAYBE_MISSING),
        (SCHEMA["$defs"]["status"]["enum"], Status),
        (SCHEMA["$defs"]["event"]["properties"]["kind"]["enum"], EventKind),
        *((SCHEMA["$defs"]["profile"]["properties"][name]["enum"], known) for name, known in Profile.CHOICES.items()),
    ],
)
def test_both_know_the_same_names(listed: list[str], known: Any) -> None:
    """Rules, what may be missing, statuses, kinds and settings are listed as they are."""
    assert listed == [str(name) for name in known]


def test_no_two_shipped_files_have_one_id() -> None:
    """An id names a file, and is its name."""
    ids = [scenario.id for scenario in load_folder(shipped())]
    assert ids == [file.stem for file in sorted(shipped().rglob("*.toml"))]


def test_the_page_beside_it_tells_of_each_key() -> None:
    """Who writes a harness in another language reads that page alone."""
    page = (shipped() / "README.md").read_text(encoding="utf-8")
    told = {name.strip("[]").removesuffix(" = true") for name in re.findall(r"`([^`]+)`", page)}
    assert {*HEADER, *EVENT, *FIELDS, *Profile.CHOICES, "resolution", *RESERVED} <= told
