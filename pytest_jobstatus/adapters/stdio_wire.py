"""The wire format of trackers in other languages: lines of JSON, each a request or its reply (docs/stdio.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pytest_jobstatus.events import Event
from pytest_jobstatus.misuse import listed
from pytest_jobstatus.raised import RAISED_AT
from pytest_jobstatus.values import EXACT

PROTOCOL = "jobstatus-stdio/1"
METHODS = ("settle", "forget", "for_tenant")
"""The requests that a child need not know."""

ERROR, UNKNOWN_KIND = "error", "unknown_kind"
KEYS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "hello": (frozenset({"protocol", "spec"}), frozenset({"profile", "methods", "storage"})),
    "apply": (frozenset(), frozenset()),
    "read": (frozenset({"snapshot"}), frozenset()),
    "settle": (frozenset(), frozenset()),
    "forget": (frozenset(), frozenset()),
    "for_tenant": (frozenset(), frozenset()),
    ERROR: (frozenset({"name", "message"}), frozenset({"at"})),
    UNKNOWN_KIND: (frozenset(), frozenset()),
}
"""By kind of reply, the keys that it has beside `id` and `reply`, and those that it may have."""
_WHOLE = {kind: needed | {"id", "reply"} for kind, (needed, _) in KEYS.items()}

ERROR_KEYS = ("type", "message", "traceback")
NUMBER = "$number"
_ESCAPED = re.compile(r"\$+number")
_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_ODD = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_LONG = len(str(EXACT))


class Malformed(Exception):  # noqa: N818 - says what the reply is
    """A reply is not as the protocol says; the text names the value and what is allowed."""


class TrackerError(Exception):
    """What the tracker raised, as the child named it: each name is a class of its own (see `exception_named`)."""


@cache  # the same class for the same name in every child: profiles name them, and are compared
def exception_named(name: str) -> type[TrackerError]:
    """The class that stands for an exception of the child's language.

    >>> exception_named("Stale")("behind")
    Stale('behind')
    """
    written = name.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return type(written, (TrackerError,), {"__module__": "builtins"})


def line(number: int, request: str, **values: Any) -> bytes:
    r"""A request as it is sent: ASCII, one line.

    Args:
        number: the request's own; its reply carries the same.
        request: its name.
        values: what belongs to it; those that are None are left out.

    >>> line(3, "read", job_id="größe", tenant=None)
    b'{"id":3,"request":"read","job_id":"gr\\u00f6\\u00dfe"}\n'
    """
    told = {"id": number, "request": request, **{name: each for name, each in values.items() if each is not None}}
    return _encode(told).encode() + b"\n"


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def event_values(event: Event) -> dict[str, Any]:
    """An event as it is sent: every key is always there."""
    return {
        "kind": event.kind,
        "job_id": event.job_id,
        "occurred_at": event.occurred_at.isoformat(),
        "attempt": event.attempt,
        "error": None if event.error is None else {key: getattr(event.error, key) for key in ERROR_KEYS},
        "progress": escaped(event.progress),
        "cancelled_by": event.cancelled_by,
        "retry_at": None if event.retry_at is None else event.retry_at.isoformat(),
        "context": dict(event.context),
    }


def escaped(value: Any) -> Any:
    """The value with what JSON has no exact number for as an object with the one key `$number`.

    That is NaN, Infinity, -Infinity, and integers beyond ±(2⁵³−1). An object that looks like one gets a further `$`.

    >>> escaped({"rate": float("nan"), "of": 2**53}), escaped({"$number": "7"})
    ({'rate': {'$number': 'NaN'}, 'of': {'$number': '9007199254740992'}}, {'$$number': '7'})
    """
    if value is None or isinstance(value, str | bool):
        return value
    # By the parser's own hooks: a walk in Python could not go as deep as progress may.
    return json.loads(
        json.dumps(value), parse_constant=lambda name: {NUMBER: name}, parse_int=_as_sent, object_hook=_escape
    )


def _as_sent(digits: str) -> Any:
    value = int(digits) if len(digits) <= _LONG + 1 else None
    return value if value is not None and abs(value) <= EXACT else {NUMBER: digits}


def _only_key(found: dict[str, Any]) -> str | None:
    """The key of an object that may stand for a number, or looks like one that does."""
    key = next(iter(found)) if len(found) == 1 else ""
    return key if _ESCAPED.fullmatch(key) else None


def _escape(found: dict[str, Any]) -> dict[str, Any]:
    key = _only_key(found)
    return found if key is None else {f"${key}": found[key]}


def _unescape(found: dict[str, Any]) -> Any:
    key = _only_key(found)
    if key is None:
        return found
    value = found[key]
    if key != NUMBER:
        return {key[1:]: value}
    if isinstance(value, str) and value in _ODD:
        return _ODD[value]
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise Malformed(f"{{'{NUMBER}': {value!r}}}: allowed are {listed(_ODD)}, or a whole number's digits")


def _no_constant(name: str) -> Any:
    raise Malformed(f"it printed {name}, which is not JSON: in `progress` write {{'{NUMBER}': '{name}'}}")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode
_decode_numbers = json.JSONDecoder(parse_constant=_no_constant, object_hook=_unescape).decode


def reply_to(back: bytes, *, number: int, request: str) -> dict[str, Any]:
    """A line that came back, as the reply to a request.

    Args:
        back: the line, with or without its end.
        number: the request's.
        request: its name.

    Raises:
        Malformed: where it is none.

    >>> reply_to(b'{"id": 3, "reply": "apply"}', number=3, request="apply")
    {'id': 3, 'reply': 'apply'}
    """
    reply = parsed(back)
    check_turn(reply, number)
    kind = reply.get("reply")
    allowed = (request, ERROR, UNKNOWN_KIND) if request == "apply" else (request, ERROR)
    if not isinstance(kind, str) or kind not in allowed:
        raise Malformed(f"its reply is {kind!r}: allowed are {listed(allowed, given=kind)}")
    if reply.keys() != _WHOLE[kind]:
        _check_keys(reply, kind)
    return reply


def check_turn(reply: Mapping[str, Any], number: int) -> None:
    """Make sure that it is the reply to the request of this number.

    Raises:
        Malformed: where it is another's.
    """
    given = reply.get("id")
    if type(given) is not int:
        raise Malformed(f"its reply has the id {given!r}: allowed is {number}, the request's")
    if given != number:
        raise Malformed(f"it answered out of turn, or twice: its reply has the id {given}, asked was {number}")


def parsed(back: bytes, *, as_is: bool = False) -> dict[str, Any]:
    """The object in a line that came back.

    Args:
        back: the line.
        as_is: whether numbers that are written as objects stay so.

    Raises:
        Malformed: where there is none.
    """
    decode = _decode_numbers if b'number"' in back and not as_is else _decode
    try:
        reply = decode(back.decode())
    except UnicodeDecodeError as error:
        raise Malformed(f"it printed a line that is not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        said = f"{error.msg} at character {error.pos}"
        raise Malformed(f"it printed a line that is not JSON ({said}): print logs on standard error") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it printed a line that cannot be read: {error}") from None
    if not isinstance(reply, dict):
        raise Malformed(f"it printed a line that is JSON, but {_kind_of(reply)}: allowed is an object")
    return reply


def _kind_of(value: object) -> str:
    names = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _check_keys(reply: Mapping[str, Any], kind: str) -> None:
    needed, optional = KEYS[kind]
    for key in sorted(needed - reply.keys()):
        raise Malformed(f"its reply {kind!r} has no {key!r}")
    allowed = ("id", "reply", *sorted(needed | optional))
    for key in reply:
        if key not in allowed:
            raise Malformed(f"its reply {kind!r} has the key {key!r}: allowed are {listed(allowed, given=key)}")


def check_known(kind: str, reply: Mapping[str, Any]) -> None:
    """Make sure that a reply to `apply` does not say that the event's kind is unknown: events of one that is declared
    missing are never sent.

    Raises:
        Malformed: where it does.
    """
    if reply["reply"] == UNKNOWN_KIND:
        raise Malformed(
            f"it does not know the kind {str(kind)!r}: handle it, or declare it in the profile:"
            f' "unsupported": {{"{kind}": "why"}}'
        )


def raised(reply: Mapping[str, Any]) -> TrackerError:
    """The exception that an error reply tells of.

    Raises:
        Malformed: where its name, its text or its place is none.
    """
    at = reply.get("at")
    for key, given in (("name", reply["name"]), ("message", reply["message"]), ("at", at or "")):
        if not isinstance(given, str) or (key == "name" and not given):
            raise Malformed(f"its error has the {key} {given!r}: allowed is a text")
    error = exception_named(reply["name"])(*([reply["message"]] if reply["message"] else []))
    if at:
        error.add_note(f"{RAISED_AT}{at}")
    return error
