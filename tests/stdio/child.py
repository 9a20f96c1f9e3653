"""Any tracker of these tests as a child process: `python tests/stdio/child.py MODULE:CLASS [--file]`.

Written from docs/stdio.md, without the kit's own code for the wire: it would hide what both get wrong.
"""

from __future__ import annotations

import json
import math
import sys
from contextlib import ExitStack
from datetime import datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from pytest_jobstatus import Event, JobError, Profile, Snapshot

DEFAULTS = {
    "order": "plain", "started": "first", "late_end": "taken", "on_fault": "raises", "resolution": 1e-6,
    "raises": ["Exception"], "refuses": [], "conflicts": [], "timezone": None, "unsupported": {}, "waived": {},
}  # fmt: skip
OWN_MISTAKES = (NameError, AttributeError, ImportError)
EXACT = 2**53 - 1


class Served:
    """The tracker, and how requests reach it.

    Args:
        target: MODULE:CLASS.
        file: whether it takes the path of its storage, which another child may use as well.
    """

    def __init__(self, target: str, *, file: bool, stack: ExitStack) -> None:
        module, _, name = target.partition(":")
        self.make = getattr(import_module(module), name)
        self.file = file
        self.stack = stack
        self.tenants: dict[str | None, Any] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the reply says beside its id and kind."""
        own: Any = self.tenants.get(request.get("tenant"))
        match request["request"]:
            case "hello":
                return self.hello(request)
            case "apply":
                return {"reply": "unknown_kind"} if own.apply(event(request["event"])) is NotImplemented else {}
            case "read":
                return {"snapshot": shown(own.read(request["job_id"]))}
            case "settle":
                own.settle()
            case "forget":
                own.forget(request["job_ids"])
            case "for_tenant":
                self.tenants[request["tenant"]] = self.tenants[None].for_tenant(request["tenant"])
        return {}

    def hello(self, request: dict[str, Any]) -> dict[str, Any]:
        storage = request.get("storage")
        if self.file and storage is None:
            storage = str(Path(self.stack.enter_context(TemporaryDirectory())) / "jobs.db")
        made = self.make(storage) if self.file else self.make()
        self.stack.callback(getattr(made, "close", lambda: None))
        self.tenants[None] = made
        methods = [name for name in ("settle", "forget", "for_tenant") if hasattr(made, name)]
        said = {"protocol": "jobstatus-stdio/1", "spec": "JSL/1", "profile": profile(made.profile), "methods": methods}
        return {**said, "storage": storage} if self.file else said


def profile(given: Profile) -> dict[str, Any]:
    """What differs from the defaults."""
    names = {key: [each.__name__ for each in getattr(given, key)] for key in ("raises", "refuses", "conflicts")}
    chosen = {key: getattr(given, key) for key in ("order", "started", "late_end", "on_fault")}
    zone = None if given.timezone is None else str(given.timezone)
    lists = {"unsupported": dict(given.unsupported), "waived": dict(given.waived)}
    values = {**chosen, "resolution": given.resolution.total_seconds(), **names, "timezone": zone, **lists}
    return {key: each for key, each in values.items() if each != DEFAULTS[key]}


def event(values: dict[str, Any]) -> Event:
    times = {key: values[key] and datetime.fromisoformat(values[key]) for key in ("occurred_at", "retry_at")}
    return Event(**{**values, **times, "error": values["error"] and JobError(**values["error"])})


def shown(found: Snapshot | dict[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    values = dict(found) if isinstance(found, dict) else dict(vars(found))
    for key, value in values.items():
        if isinstance(value, datetime):
            values[key] = value.isoformat()
    if isinstance(values.get("error"), JobError):
        values["error"] = vars(values["error"])
    values["progress"] = told(values.get("progress"))
    return {key: value for key, value in values.items() if value is not None}


def told(value: Any) -> Any:
    """What JSON has no exact number for, as the protocol writes it."""
    if isinstance(value, dict):
        if len(value) == 1 and (key := str(*value)).startswith("$") and key.endswith("$number"):
            return {f"${key}": told(value[key])}
        return {key: told(each) for key, each in value.items()}
    if isinstance(value, list):
        return [told(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, int) and abs(value) > EXACT:
        return {"$number": str(value)}
    return value


def taken(found: dict[str, Any]) -> Any:
    key = str(*found) if len(found) == 1 else ""
    if not (key.startswith("$") and key.endswith("$number")):
        return found
    text = found[key]
    if key != "$number":
        return {key[1:]: text}
    return float(text) if text.lstrip("-") in ("NaN", "Infinity") else int(text)


def main() -> None:
    """Answer until there are no more requests."""
    sys.setrecursionlimit(10_000)
    with ExitStack() as stack:
        served = Served(sys.argv[1], file="--file" in sys.argv, stack=stack)
        for line in sys.stdin.buffer:
            request = json.loads(line, object_hook=taken)
            try:
                reply = {"reply": request["request"], **served.answer(request)}
            except OWN_MISTAKES:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the tracker raises is its answer
                reply = {"reply": "error", "name": type(error).__name__, "message": str(error)}
            print(json.dumps({"id": request["id"], **reply}, allow_nan=False), flush=True)


if __name__ == "__main__":
    main()
