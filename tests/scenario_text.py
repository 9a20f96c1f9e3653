"""A small scenario file for tests, and what is said of one that is refused."""

from __future__ import annotations

import pytest

from pytest_jobstatus import Misuse
from pytest_jobstatus.scenario import parse

HEADER = {
    "format": '"jobstatus-scenario/1"',
    "spec": '"JSL/1"',
    "id": '"late"',
    "title": '"A late start"',
    "rules": '["TERM-1"]',
    "delivery": '["completed", "active"]',
}
ACTIVE = {"name": '"active"', "kind": '"active"', "at": "2026-01-05T12:00:01Z", "attempt": "1"}
COMPLETED = {"name": '"completed"', "kind": '"completed"', "at": "2026-01-05T12:00:02Z", "attempt": "1"}

CREATED = {"name": '"created"', "kind": '"created"', "at": "2026-01-05T12:00:00Z"}
FAILED = COMPLETED | {
    "name": '"failed"',
    "kind": '"failed"',
    "error": """'{"type": "OSError", "message": "no space"}'""",
}
FIRST = HEADER | {"delivery": '["created", "active", "completed"]', "rules": '["TRACK-1"]'}
SEVERAL = HEADER | {"delivery": '["one", "two"]', "rules": '["ISO-1"]'}
ONE, TWO = (COMPLETED | {"name": f'"{name}"', "job": f'"job-{name}"'} for name in ("one", "two"))


def written(header: dict[str, str], *events: dict[str, str], tables: str = "") -> str:
    """A scenario file as somebody writes it by hand, with further tables before its events."""
    head, *rest = ("".join(f"{key} = {value}\n" for key, value in table.items()) for table in (header, *events))
    return "\n[[events]]\n".join([f"{head}{tables}\n", *rest])


def expecting(*lines: str) -> str:
    """A scenario of one plain job with a table of what is expected, or another table."""
    return written(FIRST, CREATED, ACTIVE, COMPLETED, tables="\n".join(lines))


def said_of(text: str) -> str:
    """The message with which the text is refused: one line that begins with its source."""
    with pytest.raises(Misuse) as caught:
        parse(text, source="late.toml")
    message = str(caught.value)
    assert message.startswith("late.toml: ")
    assert "\n" not in message
    return message.removeprefix("late.toml: ")
