"""How values read in a message: short, on one line, without what a terminal cannot show."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pytest_jobstatus.events import JobError

LONGEST = 60


def told(value: object) -> str:
    r"""A field's value as a sentence names it; of an instant the time of day in UTC.

    >>> told(JobError("ValueError", "boom")), told(None), told("two\nlines"), told({"percent": 50})
    ('ValueError: boom', 'none', '"two\\nlines"', '{"percent": 50}')
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).time().isoformat()
    if isinstance(value, JobError):
        text = f"{value.type}: {value.message}"
    elif isinstance(value, str):
        text = value
    else:
        text = "none" if value is None else json.dumps(value, default=repr)
    text = text if text.isprintable() and text else json.dumps(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
