"""What was found when a counterexample was saved: the table `[found]` of its scenario file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pytest_jobstatus.misuse import Misuse, listed


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a check found when it saved a counterexample.

    Args:
        tracker: the target's name.
        rule: the number of the rule that was broken.
        step: the delivery after which it showed, from 1, as reports count them.
        field: the snapshot field that was wrong; "row" for the whole, "raised" for what `apply` did.
        message: what was wrong, in one sentence.
        version: of pytest-jobstatus.
    """

    tracker: str
    rule: str
    step: int
    field: str
    message: str
    version: str

    def values(self) -> dict[str, str | int]:
        """As the table has them, lone surrogates escaped, which no file can hold."""
        return {key: storable(value) if isinstance(value, str) else value for key, value in asdict(self).items()}

    def is_like(self, *, step: int, field: str, message: str, times: bool = True) -> bool:
        """Whether this is what is seen now: the same field after the same delivery, in the same words.

        Args:
            step: the delivery after which it shows now, from 1.
            field: which is wrong now.
            message: what is said now.
            times: whether instants count (see `timeless`).
        """
        now = (step, field, timeless(message, times=times))
        return (self.step, self.field, timeless(self.message, times=times)) == now


KEYS: Mapping[str, type] = {
    "tracker": str, "rule": str, "step": int, "field": str, "message": str, "version": str,
}  # fmt: skip


def found_in(table: Mapping[str, Any], source: str) -> Found:
    """The table of a scenario file.

    Raises:
        Misuse: naming the key, its value and what is allowed.

    >>> found_in({"tracker": "jobs:Mine"}, "x.toml")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: x.toml: found: the key 'rule' is missing
    """
    where = f"{source}: found"
    for key, value in table.items():
        if key not in KEYS:
            raise Misuse(f"{where}: unknown key {key!r}: allowed are {listed(KEYS, given=key)}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            allowed = "a text" if KEYS[key] is str else "a whole number"
            raise Misuse(f"{where}: {key} = {value!r}: allowed is {allowed}")
    for key in KEYS:
        if key not in table:
            raise Misuse(f"{where}: the key {key!r} is missing")
    if table["step"] < 1:
        raise Misuse(f"{where}: step = {table['step']}: allowed is the number of a delivery, from 1 on")
    return Found(**table)


ID = r"-[0-9a-f]{6}-\d+|\b\d{10}\b|\b0x[0-9a-f]+\b"
"""What differs in an id, or in the address of an object, each time."""
DATE = r"\b\d{4}-\d{2}-\d{2}\b"
ARRIVAL = r"\b\d{2}:\d{2}:\d{2}\.\d{6}\b"
"""A time of day to the microsecond: when something arrived, rather than when a plan's event happened."""
TIME = r"\b\d{2}:\d{2}:\d{2}(?:\.\d+)?\b"

SLEEP = r"\b(?:less than|about) [\d.]+ s\b"
"""How long a sleep took."""


def timeless(message: str, *, times: bool = True) -> str:
    """The message without what differs each time that the same is seen: ids, days, times of arrival, lengths of sleeps.

    Args:
        message: what was said.
        times: whether times of day are the plan's, so that they count; a tracker may show its own times of arrival.

    >>> timeless("KeyError: 'job-1-0a1b2c-17' at 2026-01-05 12:00:00"), timeless("12:00:01", times=False)
    ("KeyError: 'job-1' at day 1 12:00:00", 'a time')
    """
    text = re.sub(ID, "", storable(message))
    for number, date in enumerate(dict.fromkeys(re.findall(DATE, text)), 1):
        text = text.replace(date, f"day {number}")
    return re.sub(ARRIVAL if times else TIME, "a time", re.sub(SLEEP, "a while", text))


def storable(text: str) -> str:
    """The text with lone surrogates escaped, as a file holds it."""
    return text.encode("utf-8", "backslashreplace").decode()
