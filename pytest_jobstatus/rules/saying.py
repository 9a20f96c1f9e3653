"""How values read in a message: short, on one line, without what a terminal cannot show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from pytest_jobstatus.events import JobError

LONGEST = 60
MANY = 20
"""How often a character comes in a row before it is told once."""
PIECES = rf"(.)\1{{{MANY - 1},}}|(?:(?!(.)\2{{{MANY - 1},}}).)+"
"""One character many times, or what is in between."""
OTHERWISE = re.compile(r"|none|nothing|null|true|false|-?\d[\d.eE+-]*|\s.*|.*\s|[\[{\"].*", re.DOTALL)
"""Texts that read as another value, or whose ends cannot be seen."""


def told(value: object) -> str:
    r"""A field's value as a sentence names it; of an instant the time of day in UTC, and a text that would read as
    another value in quotes.

    >>> told(JobError("ValueError", "boom")), told(None), told("two\nlines"), told({"percent": 50})
    ('ValueError: boom', 'none', '"two\\nlines"', '{"percent": 50}')
    >>> told("ada"), told("10"), told(10), told(" none\n"), told("é ")
    ('ada', '"10"', '10', '" none\\n"', '"é "')
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).time().isoformat()
    if isinstance(value, JobError):
        text = f"{value.type}: {value.message}"
    elif isinstance(value, str):
        text = value if _reads_as_text(value) or not value.isprintable() else json.dumps(value, ensure_ascii=False)
    else:
        text = "none" if value is None else json.dumps(value, default=repr)
    text = text[: LONGEST + 1]  # of a megabyte no more is looked at
    text = text if text.isprintable() and text else json.dumps(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def told_json(value: Any) -> str:
    """A JSON value as a message names it, text with its quotes.

    >>> told_json("1"), told_json(1), told_json(None), told_json("")
    ('"1"', '1', 'nothing', '""')
    """
    if not isinstance(value, str):
        return "nothing" if value is None else told(value)
    quoted = not value[: LONGEST + 1].isprintable() or not _reads_as_text(value)  # what `told` puts in quotes itself
    return told(value) if quoted else f'"{told(value)}"'


def _reads_as_text(text: str) -> bool:
    """Whether nobody takes it for another value when it stands without quotes; of a long one not all stands there."""
    return len(text) > LONGEST or OTHERWISE.fullmatch(text) is None


def told_apart(one: datetime, other: datetime) -> tuple[str, str]:
    """Two instants in UTC, with their dates where these differ.

    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> told_apart(noon, noon.replace(hour=13)), told_apart(noon, noon.replace(day=6))
    (('12:00:00', '13:00:00'), ('2026-01-05 12:00:00', '2026-01-06 12:00:00'))
    """
    first, second = (at.astimezone(UTC).replace(tzinfo=None) for at in (one, other))
    if first.date() == second.date():
        return first.time().isoformat(), second.time().isoformat()
    return first.isoformat(sep=" "), second.isoformat(sep=" ")


def lacks(shown: JobError | str | None, error: JobError) -> str | None:
    """What an error that is shown lacks of the one that was given, as the end of a sentence; None if nothing.

    >>> lacks("ValueError: boom", JobError("ValueError", "boom"))
    >>> lacks(None, JobError("ValueError", "boom"))
    'failed with "boom", but the job shows no error'
    """
    if shown is None:
        return f"failed with {told_json(error.message)}, but the job shows no error"
    text = shown if isinstance(shown, str) else shown.message
    if error.message not in text:
        return f"failed with {told_json(error.message)}, but the job shows {told_json(text)}"
    if isinstance(shown, JobError) and shown.type != error.type and not shown.type.endswith(f".{error.type}"):
        return f"failed with type {told(error.type)}, but the job shows type {told(shown.type)}"
    return None


DISTINCTIVE = 12
"""How long a text must be to be told from another's by a part of it."""


def shows(shown: JobError | str | None, error: JobError | None, *, but: JobError | None) -> bool:
    """Whether an error that is shown is recognisably this one, and not the one that it should be.

    >>> boom = JobError("ValueError", "boom")
    >>> shows(boom, boom, but=None), shows(boom, boom, but=boom), shows("boom", boom, but=None)
    (True, False, False)
    """
    if shown is None or error is None or (but is not None and error.message in but.message):
        return False
    # A few characters may stand in a plain text for another reason, "None" for a missing traceback say.
    text, least = (shown, DISTINCTIVE) if isinstance(shown, str) else (shown.message, 1)
    return len(error.message) >= least and error.message in text


def named(label: str) -> str:
    r"""A job as a message names it: in quotes and by code points where two might look the same, and what comes many
    times in a row once.

    >>> named("job-1"), named("#e\u0301"), named("#" + 200 * "x" + "a")
    ('job-1', "'#e\\u0301'", "'#' + 200 * 'x' + 'a'")
    """
    if label.replace("-", "").isalnum() and label.isascii() and len(label) <= LONGEST:
        return label
    return " + ".join(
        f"{len(piece.group())} * {piece.group(1)!a}" if piece.group(1) else ascii(piece.group())
        for piece in re.finditer(PIECES, label, flags=re.DOTALL)
    )
