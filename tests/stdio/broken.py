"""A child that breaks the protocol in one way: `python broken.py WAY`; by itself it is a tracker without any rows."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

OUT = sys.stdout.buffer


def send(line: bytes | str) -> None:
    OUT.write(line if isinstance(line, bytes) else line.encode())
    OUT.flush()


def said(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The right reply, but for some keys; those that are None are left out."""
    reply = {"id": request["id"], "reply": request["request"]}
    if request["request"] == "hello":
        reply |= {"protocol": "jobstatus-stdio/1", "spec": "JSL/1"}
        if sys.argv[1] in IN_TENANT:
            reply["methods"] = ["for_tenant"]
    if request["request"] == "read":
        reply["snapshot"] = None
    return {key: value for key, value in (reply | changes).items() if value is not None or key == "snapshot"}


def reply(request: dict[str, Any], **changes: Any) -> None:
    send(json.dumps(said(request, **changes)) + "\n")


def die(how: Callable[[], Any]) -> None:
    print("connecting to the database", file=sys.stderr)
    print("jobs.go:17: no such table: jobs\x1b[0m", file=sys.stderr, flush=True)
    how()


def hang(request: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("waiting for a lock", file=sys.stderr, flush=True)
    time.sleep(60)


def close_output(_request: dict[str, Any]) -> None:
    os.close(1)
    time.sleep(60)


def log(request: dict[str, Any]) -> None:
    send("listening on :8080\n")
    reply(request)


def reply_twice(request: dict[str, Any]) -> None:
    send(2 * (json.dumps(said(request)) + "\n"))


def reply_again(request: dict[str, Any]) -> None:
    reply(request)
    time.sleep(0.2)
    reply(request)
    time.sleep(0.2)


Way = Callable[[dict[str, Any]], None]
IN_HELLO: dict[str, Way] = {
    "hangs": hang,
    "does not flush": lambda request: print(json.dumps(said(request))),
    "half a line": lambda _: send('{"id": 1,'),
    "dies": lambda _: die(lambda: sys.exit(3)),
    "killed": lambda _: die(lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "closes its output": close_output,
    "logs": log,
    "blank line": lambda _: send("\n"),
    "not UTF-8": lambda _: send(b'{"id": 1, "reply": "gr\xf6\xdfe"}\n'),
    "byte order mark": lambda request: send(b"\xef\xbb\xbf" + json.dumps(said(request)).encode() + b"\n"),
    "a megabyte of rubbish": lambda _: send("x" * 1_000_000 + "\n"),
    "an array": lambda _: send("[1]\n"),
    "too deep": lambda _: send("[" * 100_000 + "\n"),
    "another id": lambda request: reply(request, id=7),
    "id as a text": lambda request: reply(request, id="1"),
    "no id": lambda request: reply(request, id=None),
    "two lines": reply_twice,
    "another protocol": lambda request: reply(request, protocol="jobstatus-stdio/2"),
    "another spec": lambda request: reply(request, spec="JSL/2"),
    "no spec": lambda request: reply(request, spec=None),
    "another reply": lambda request: reply(request, reply="helo"),
    "unknown kind of hello": lambda request: send('{"id": 1, "reply": "unknown_kind"}\n'),
    "misspelt key": lambda request: reply(request, profil={}),
    "misspelt method": lambda request: reply(request, methods=["setle"]),
    "methods as a text": lambda request: reply(request, methods="settle"),
    "storage as a number": lambda request: reply(request, storage=7),
    "error without a message": lambda _: send('{"id": 1, "reply": "error", "name": "Stale"}\n'),
    "error without a name": lambda _: send('{"id": 1, "reply": "error", "name": "", "message": "no"}\n'),
    "error": lambda _: send('{"id": 1, "reply": "error", "name": "NoDatabase", "message": "port 5432: refused"}\n'),
}
PROFILES: dict[str, Any] = {
    "profile as an array": [],
    "profile: misspelt key": {"resolutoin": 1},
    "profile: order": {"order": "loose"},
    "profile: unsupported": {"unsupported": {"stall": "none"}},
    "profile: no reason": {"unsupported": {"stalled": ""}},
    "profile: unsupported as an array": {"unsupported": ["stalled"]},
    "profile: refuses": {"refuses": "Stale"},
    "profile: resolution": {"resolution": 0},
    "profile: resolution as a text": {"resolution": "1ms"},
    "profile: timezone": {"timezone": "Europe/Berln"},
    "profile: timezone as a number": {"timezone": 1},
    "profile: waived": {"waived": {"TERM-1": "no"}},
    "profile: waived as an array": {"waived": ["TIME-7"]},
}
SNAPSHOTS: dict[str, Any] = {
    "snapshot as a text": "pending",
    "snapshot: no status": {"attempt": 0},
    "snapshot: status": {"status": "runing"},
    "snapshot: misspelt key": {"status": "pending", "creatd_at": None},
    "snapshot: attempt": {"status": "pending", "attempt": "0"},
    "snapshot: half an attempt": {"status": "pending", "attempt": 0.5},
    "snapshot: time without offset": {"status": "pending", "created_at": "2026-01-05T12:00:00"},
    "snapshot: time with a blank": {"status": "pending", "created_at": "2026-01-05 12:00:00Z"},
    "snapshot: time as a number": {"status": "pending", "ended_at": 1767614400},
    "snapshot: no such day": {"status": "pending", "updated_at": "2026-02-30T12:00:00Z"},
    "snapshot: error": {"status": "pending", "error": ["no"]},
    "snapshot: error without a type": {"status": "pending", "error": {"message": "no"}},
    "snapshot: error with a stack": {"status": "pending", "error": {"type": "E", "message": "no", "stack": "…"}},
    "snapshot: traceback": {"status": "pending", "error": {"type": "E", "message": "no", "traceback": []}},
    "snapshot: cancelled_by": {"status": "pending", "cancelled_by": 7},
    "snapshot: job_id": {"status": "pending", "job_id": 7},
    "snapshot: $number": {"status": "pending", "progress": [{"$number": "1.5"}]},
}
IN_READ: dict[str, Way] = {
    "no snapshot": lambda request: send(json.dumps({"id": request["id"], "reply": "read"}) + "\n"),
    "NaN": lambda request: reply(request, snapshot={"status": "pending", "progress": float("nan")}),
    "dies in read": lambda _: die(lambda: sys.exit(1)),
}
IN_APPLY: dict[str, Way] = {
    "undeclared kind": lambda request: reply(request, reply="unknown_kind"),
    "error with a number": lambda request: reply(request, reply="error", name="E", message="no", at=7),
    "late twin": reply_again,
}
IN_TENANT: dict[str, Way] = {
    "dies for a tenant": lambda _: die(lambda: sys.exit(1)),
    "refuses a tenant": lambda request: reply(request, reply="error", name="NoTenant", message="not here"),
}
"""Not met before ISO-2."""
WAYS = [*IN_HELLO, *PROFILES, *SNAPSHOTS, *IN_READ, *IN_APPLY, "last word"]


def broken(request: dict[str, Any], way: str) -> bool:
    """Answer in the broken way, if it is time for it."""
    name = request["request"]
    if name == "hello" and way in PROFILES:
        reply(request, profile=PROFILES[way])
    elif name == "read" and way in SNAPSHOTS:
        reply(request, snapshot=SNAPSHOTS[way])
    elif way in (ways := {"hello": IN_HELLO, "read": IN_READ, "apply": IN_APPLY, "for_tenant": IN_TENANT}[name]):
        ways[way](request)
    else:
        return False
    return True


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if not broken(asked, sys.argv[1]):
            reply(asked)
    if sys.argv[1] == "last word":
        send("bye\n")
