"""What a child says of itself and of a job: a profile and snapshots, from their JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pytest_jobstatus.adapters.stdio_wire import ERROR_KEYS, METHODS, PROTOCOL, Malformed, exception_named
from pytest_jobstatus.events import JobError
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.reading import snapshot_of
from pytest_jobstatus.rules.book import SPEC
from pytest_jobstatus.tracker import TIMES, Profile, Snapshot

UNSEEN = "what a child process waits for cannot be seen from here"
WAIVED = {"LOAD-1": UNSEEN, "LOAD-2": UNSEEN}
NAMES = ("raises", "refuses", "conflicts")
PROFILE = ("order", "resolution", "started", "late_end", "on_fault", *NAMES, "timezone", "unsupported", "waived")
ERROR_ALLOWED = "allowed is a text, an object with the texts type, message and perhaps traceback, or null"
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?")
TIMES_ALLOWED = "allowed is a time as in RFC 3339, '2026-01-05T12:00:00.123456Z' for instance"


class Hello(NamedTuple):
    """What a child says of itself.

    Args:
        profile: of its tracker.
        methods: the requests that it knows of those that it need not.
        storage: what another child is told to find the same storage; None where there is no other.
    """

    profile: Profile
    methods: frozenset[str]
    storage: str | None


def hello_of(reply: Mapping[str, Any]) -> Hello:
    """What the reply to `hello` says.

    Raises:
        Malformed: where it speaks something else, or its profile is none.
    """
    said = {key: value for key, value in reply.items() if value is not None}  # a nil map or slice of Go's is null
    for key, ours in (("protocol", PROTOCOL), ("spec", SPEC)):
        if reply[key] != ours:
            raise Malformed(f"it speaks the {key} {reply[key]!r}: allowed is {ours!r}")
    methods = said.get("methods", [])
    if not isinstance(methods, list):
        raise Malformed(f"its methods are {methods!r}: allowed is an array of {listed(METHODS)}")
    for name in methods:
        if name not in METHODS:
            raise Malformed(f"its methods have {name!r}: allowed are {listed(METHODS, given=name)}")
    storage = reply.get("storage")
    if not isinstance(storage, str | None):
        raise Malformed(f"its storage is {storage!r}: allowed is a text")
    return Hello(profile_of(said.get("profile", {})), frozenset(methods), storage)


def profile_of(values: object) -> Profile:
    """The profile that a child declares; what it leaves out, or is null, is as in `Profile`.

    Raises:
        Malformed: naming the setting, its value and what is allowed.

    >>> profile_of({"resolution": 0.001, "refuses": ["Stale"]}).refuses
    (<class 'Stale'>,)
    """
    if not isinstance(values, dict):
        raise Malformed(f"its profile is {values!r}: allowed is an object")
    for key in values:
        if key not in PROFILE:
            raise Malformed(f"its profile has the key {key!r}: allowed are {listed(PROFILE, given=key)}")
    given = {key: value for key, value in values.items() if value is not None}
    for key in (key for key in NAMES if key in given):
        names = given[key]
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise Malformed(f"its profile has {key} {names!r}: allowed is an array of the names that errors have")
        given[key] = tuple(exception_named(name) for name in names)
    if "resolution" in given:
        given["resolution"] = _seconds(given["resolution"])
    if not isinstance(given.get("timezone"), str | None):
        raise Malformed(f"its profile has timezone {given['timezone']!r}: allowed is the name of a zone")
    waived = given.get("waived", {})
    given["waived"] = WAIVED | waived if isinstance(waived, dict) else waived
    try:
        return Profile(**given)
    except Misuse as error:
        raise Malformed(f"its profile, as {error}") from None


def _seconds(value: object) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-6 <= value <= 3600:
        raise Malformed(f"its profile has resolution {value!r}: allowed are 0.000001 to 3600, in seconds")
    return timedelta(seconds=value)


def snapshot_in(reply: Mapping[str, Any], *, job_id: str, profile: Profile) -> Snapshot | None:
    """The snapshot in the reply to `read`.

    Args:
        reply: the reply.
        job_id: the job that was asked for.
        profile: what the child declares.

    Raises:
        Malformed: where it is none.
    """
    shown = reply["snapshot"]
    if shown is None:
        return None
    if not isinstance(shown, dict):
        raise Malformed(f"its snapshot is {shown!r}: allowed is an object or null")
    for name in (*TIMES, "ended_at"):
        at = shown.get(name)
        if at is not None:
            shown[name] = _instant(name, at, profile)
    _make_plain(shown)
    try:
        return snapshot_of(shown, job_id=job_id, profile=profile, source="its snapshot")
    except Misuse as error:
        raise Malformed(str(error)) from None


def _make_plain(shown: dict[str, Any]) -> None:
    """Give attempt and error the types that a snapshot has, and refuse what is neither these nor null."""
    attempt, error = shown.get("attempt"), shown.get("error")
    if isinstance(attempt, float) and attempt.is_integer():  # JSON has no integers: 1.0 is 1
        shown["attempt"] = attempt = int(attempt)
    if not isinstance(attempt, int | None) or isinstance(attempt, bool):
        raise Malformed(f"its snapshot has attempt {attempt!r}: allowed is a whole number or null")
    if isinstance(error, dict):
        shown["error"] = _job_error(error)
    elif not isinstance(error, str | None):
        raise Malformed(f"its snapshot has error {error!r}: {ERROR_ALLOWED}")
    if not isinstance(shown.get("cancelled_by"), str | None):
        raise Malformed(f"its snapshot has cancelled_by {shown['cancelled_by']!r}: allowed is a text or null")
    if not isinstance(shown.get("job_id", ""), str):
        raise Malformed(f"its snapshot has job_id {shown['job_id']!r}: allowed is a text")


def _instant(name: str, value: object, profile: Profile) -> datetime:
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise Malformed(f"its snapshot has {name} {value!r}: {TIMES_ALLOWED}")
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise Malformed(f"its snapshot has {name} {value!r}: {error}; {TIMES_ALLOWED}") from None
    if at.tzinfo is None and profile.zone is None:
        raise Malformed(
            f"its snapshot has {name} {value!r}, which has no offset: end it in 'Z' or '+01:00', or say what such"
            " times mean with the profile's timezone"
        )
    return at


def _job_error(given: dict[str, Any]) -> JobError:
    for key in given:
        if key not in ERROR_KEYS:
            raise Malformed(f"its snapshot's error has the key {key!r}: allowed are {listed(ERROR_KEYS, given=key)}")
    text_or_null = isinstance(given.get("traceback"), str | None)
    if not (isinstance(given.get("type"), str) and isinstance(given.get("message"), str) and text_or_null):
        raise Malformed(f"its snapshot has error {given!r}: {ERROR_ALLOWED}")
    return JobError(**given)
