"""From what `read` gave to a Snapshot in which every time is aware and every value has its type."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeGuard

from pytest_jobstatus.events import JobError
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.tracker import END_TIMES, FIELDS, TIMES, Profile, Snapshot, Status

_times = itemgetter(*TIMES)
_STATUSES = {str(status): status for status in Status}
_KEYS = (*FIELDS, "ended_at")
_PLAIN_ATTEMPTS = (int, type(None))
_PLAIN_ERRORS = (JobError, str, type(None))
_PLAIN_TEXTS = (str, type(None))
_PLAIN_PROGRESS = (str, int, float, bool, type(None))


def snapshot_of(shown: object, *, job_id: str, profile: Profile, source: str) -> Snapshot | None:
    """What `read` gave, as a Snapshot without the fields that the profile declares missing.

    Args:
        shown: a Snapshot, a mapping with its keys (or `ended_at` for the shown status's end time), or None.
        job_id: the job that was asked for.
        profile: what the tracker declares.
        source: the call, for messages: "MyTracker().read('job-1')".

    Raises:
        Misuse: where the value is none of these, or has an unknown key or status, or a naive time without `timezone`.

    >>> snapshot_of({"status": "active"}, job_id="job-1", profile=Profile(), source="read()").status
    <Status.ACTIVE: 'active'>
    >>> snapshot_of({"status": "running"}, job_id="job-1", profile=Profile(), source="read()")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: read() gave status 'running': allowed are 'pending', 'active', 'delayed', ...
    """
    if shown is None:
        return None
    if isinstance(shown, Snapshot):
        values = dict(shown.__dict__)
    elif isinstance(shown, Mapping):
        values = _from_mapping(shown, job_id, source)
    else:
        raise Misuse(f"{source} gave {shown!r}, a {type(shown).__name__}: allowed are a Snapshot, a mapping or None")
    _type(values, profile, source)
    for name in profile.unsupported:
        if name in values:
            values[name] = None
    values["progress"] = copied(values["progress"])
    made = object.__new__(Snapshot)
    made.__dict__.update(values)
    return made


def is_ready(shown: object, profile: Profile) -> TypeGuard[Snapshot]:
    """Whether nothing needs a conversion or a second look: the common case, met some thousand times a second."""
    if type(shown) is not Snapshot or not profile.shows_all:
        return False
    values = shown.__dict__
    if (
        type(values["progress"]) not in _PLAIN_PROGRESS  # what is mutable may change under our hands
        or type(values["status"]) is not Status
        or type(values["attempt"]) not in _PLAIN_ATTEMPTS
        or type(values["error"]) not in _PLAIN_ERRORS
        or type(values["job_id"]) is not str
        or type(values["cancelled_by"]) not in _PLAIN_TEXTS
    ):
        return False
    for at in _times(values):  # noqa: SIM110 - all() with a generator takes twice as long
        if at is not None and (type(at) is not datetime or at.tzinfo is not UTC):
            return False
    return True


def _from_mapping(shown: Mapping[str, Any], job_id: str, source: str) -> dict[str, Any]:
    for key in shown:
        if key not in _KEYS:
            raise Misuse(f"{source} gave the key {key!r}: allowed are {listed(_KEYS, given=key)}")
    if "status" not in shown:
        raise Misuse(f"{source} gave {dict(shown)!r}, without 'status'")
    values: dict[str, Any] = dict.fromkeys(FIELDS)
    values["job_id"] = job_id
    values.update(shown)
    if "ended_at" in values:
        ended = values.pop("ended_at")
        values[END_TIMES.get(_status(values, source), "early_end")] = ended
    return values


def copied(progress: Any) -> Any:
    """The value as it is now: a tracker may hand out the very object that it goes on writing to."""
    if type(progress) in _PLAIN_PROGRESS:
        return progress
    try:
        return marshal.loads(marshal.dumps(progress))  # noqa: S302 - our own bytes; copy.deepcopy is slow, and not deep
    except ValueError:
        return progress  # no JSON: the rules will say so


def _status(values: Mapping[str, Any], source: str) -> Status:
    try:
        return _STATUSES[values["status"]]
    except (KeyError, TypeError):
        raise Misuse(
            f"{source} gave status {values['status']!r}: allowed are {listed(Status, given=values['status'])}"
        ) from None


def _type(values: dict[str, Any], profile: Profile, source: str) -> None:
    values["status"] = _status(values, source)
    attempt = values["attempt"]
    if attempt is not None and (not isinstance(attempt, int) or isinstance(attempt, bool)):
        raise Misuse(f"{source} gave attempt {attempt!r}: allowed is a whole number or None")
    error = values["error"]
    if error is not None and not isinstance(error, str | JobError):
        raise Misuse(f"{source} gave error {error!r}: allowed is a str, a JobError or None")
    if not isinstance(values["job_id"], str):
        raise Misuse(f"{source} gave job_id {values['job_id']!r}: allowed is a str")
    if values["cancelled_by"] is not None and not isinstance(values["cancelled_by"], str):
        raise Misuse(f"{source} gave cancelled_by {values['cancelled_by']!r}: allowed is a str or None")
    for name in (*TIMES, "early_end"):
        if values.get(name) is not None:
            values[name] = _instant(name, values[name], profile, source)


def _instant(name: str, value: object, profile: Profile, source: str) -> datetime:
    if not isinstance(value, datetime):
        cure = {str: "datetime.fromisoformat", int: "datetime.fromtimestamp", float: "datetime.fromtimestamp"}
        makes = f"; {cure[type(value)]} makes one of it" if type(value) in cure else ""
        raise Misuse(f"{source} gave {name} {value!r}: allowed is a datetime or None{makes}")
    if value.tzinfo is not None and value.utcoffset() is not None:
        return value
    if profile.zone is None:
        raise Misuse(
            f"{source} gave {name} {value!r}, which is naive: give it a tzinfo, or say what naive times mean"
            " with Profile(timezone=…)"
        )
    return value.replace(tzinfo=profile.zone)


def differences(before: Snapshot | None, after: Snapshot | None) -> tuple[str, ...]:
    """The fields in which two snapshots differ; ("row",) where one of them is missing.

    >>> differences(Snapshot("a", Status.ACTIVE), Snapshot("a", Status.FAILED, attempt=1))
    ('status', 'attempt')
    """
    if before is after:
        return ()
    if before is None or after is None:
        return ("row",)
    old, new = before.__dict__, after.__dict__
    if old == new:
        return ()
    changed = tuple(name for name in FIELDS if old[name] != new[name])
    if "progress" in changed and repr(old["progress"]) == repr(new["progress"]):  # NaN is not equal to itself
        changed = tuple(name for name in changed if name != "progress")
    if "attempt" in changed and not (old["attempt"] or new["attempt"]):  # None equals 0 before the first start
        changed = tuple(name for name in changed if name != "attempt")
    return changed
