"""Whether a child speaks the protocol: one conversation with every request, each reply held against the JSON Schema.

What its tracker shows is not judged here; `jobstatus check` does that.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from pytest_jobstatus.adapters import stdio_wire as wire
from pytest_jobstatus.adapters.stdio_child import PATIENCE, Child, shortened
from pytest_jobstatus.adapters.stdio_shown import Hello, hello_of, snapshot_in
from pytest_jobstatus.events import Event, EventKind, JobError, Mark
from pytest_jobstatus.history import recent
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules.book import SPEC
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.smoke import PLAIN_JOBS
from pytest_jobstatus.tracker import Profile
from pytest_jobstatus.values import ALIKE, ODD_PROGRESS, ODD_TEXTS, PERCENTAGES, PROGRESS

SCHEMA = Path(__file__).with_name("stdio.schema.json")
OPTIONAL = (*wire.METHODS, "another")
TENANT = "tenant-1"
LINE_SHOWN = 1000


class Validation:
    """One conversation, told line by line.

    Args:
        start: starts a child.
        name: the target.
        tell: prints a line.

    Raises:
        Misuse: where the library jsonschema is missing.
    """

    def __init__(self, start: Callable[[], Child], *, name: str, tell: Callable[[str], object]) -> None:
        self._start = start
        self._name = name
        self._tell = tell
        self._schemas = _validators(name)
        self._numbers: Counter[Child] = Counter()
        self._problems: Counter[tuple[str, ...]] = Counter()
        self._errors: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._told: dict[str | None, list[str]] = {None: []}
        self._fresh = count()
        self._token = secrets.token_hex(3)

    def run(self) -> bool:
        """Have the conversation, and say whether it went as the protocol says."""
        skipped: list[str] = []
        try:
            with ExitStack() as children:
                skipped = self._converse(children)
        except Misuse as error:
            self._problem((str(error),), f"{error}; the conversation stopped here")
        for name, times in self._errors.items():
            self._tell(f"{_counted(times, 'error')} named {name!r}, the first in reply to {self._first[name]}")
        if skipped:
            self._tell(f"not played, since the child does not offer it: {', '.join(skipped)}")
        asked = _counted(self._numbers.total(), "request")
        if self._problems:
            again = f", seen {self._problems.total()} times" if self._problems.total() > len(self._problems) else ""
            self._tell(f"not valid: {_counted(len(self._problems), 'problem')}{again}, in {asked}")
        else:
            self._tell(f"valid: {asked}, and each reply is as the protocol says")
        return not self._problems

    def _converse(self, children: ExitStack) -> list[str]:
        child = self._begin(children)
        hello = self._hello(child)
        if hello is None:
            return []
        ask = partial(self._ask, child, profile=hello.profile)
        for event in self._events(hello.profile):
            self._apply(ask, event)
        ask("read", job_id=self._new_id())
        if "settle" in hello.methods:
            ask("settle")
        if hello.storage is not None:
            self._another(children, child, hello)
        if "for_tenant" in hello.methods:
            self._tenant(ask, hello)
        if "forget" in hello.methods:
            for tenant, job_ids in self._told.items():
                ask("forget", job_ids=job_ids, tenant=tenant)
            ask("read", job_id=self._told[None][0])
        self._end(child)
        offered = {*hello.methods, *(["another"] if hello.storage is not None else [])}
        return [name for name in OPTIONAL if name not in offered]

    def _begin(self, children: ExitStack) -> Child:
        child = self._start()
        children.callback(child.end)
        return child

    def _hello(self, child: Child, storage: str | None = None) -> Hello | None:
        reply = self._ask(child, "hello", protocol=wire.PROTOCOL, spec=SPEC, storage=storage)
        if reply is not None and reply["reply"] == wire.ERROR:
            said = (
                f"hello: the reply is an error, {reply['name']}: {shortened(reply['message'])}; nothing more was asked"
            )
            self._problem(("hello",), said)
            return None
        return None if reply is None else hello_of(reply)

    def _apply(self, ask: Callable[..., dict[str, Any] | None], event: Event, tenant: str | None = None) -> None:
        """Tell an event twice, and read after each."""
        self._told.setdefault(tenant, []).append(event.job_id)
        for _ in range(2):
            ask("apply", event=wire.event_values(event), tenant=tenant)
            ask("read", job_id=event.job_id, tenant=tenant)

    def _events(self, profile: Profile) -> Iterator[Event]:
        """Plain jobs with every kind; odd texts, values and ids."""
        shift = recent(now=datetime.now(UTC), zone=profile.zone)
        retried = profile.has_attempts
        for shape in PLAIN_JOBS:
            marks = tuple(mark for mark in shape if mark.kind in profile.kinds and (retried or mark.attempt < 2))
            job_id = self._new_id()
            yield from (event.moved(job_id=job_id, by=shift) for event in emitted(marks))
        for kind, values in self._odd(profile):
            (event,) = emitted((Mark(kind, 1),))
            yield Event(**{**vars(event), "occurred_at": event.occurred_at + shift, "job_id": self._new_id(), **values})

    def _odd(self, profile: Profile) -> Iterator[tuple[EventKind, dict[str, Any]]]:
        for text in ODD_TEXTS:
            yield EventKind.FAILED, {"error": JobError("ValueError", text, text)}
        yield EventKind.FAILED, {"error": None}
        if EventKind.PROGRESS in profile.kinds:
            looking_like = ({wire.NUMBER: "7"}, {f"${wire.NUMBER}": [float("nan")]})
            json_values = (*PROGRESS, *ODD_PROGRESS, *looking_like)
            for value in json_values if profile.supports("json_progress") else PERCENTAGES[::10]:
                yield EventKind.PROGRESS, {"progress": value}
        if profile.supports("opaque_ids"):
            number = secrets.token_hex(5)
            for label in dict.fromkeys(label for pair in ALIKE for label in pair):
                yield EventKind.COMPLETED, {"job_id": label.replace("#", number)}

    def _another(self, children: ExitStack, child: Child, hello: Hello) -> None:
        """A second child on the same storage sees what the first was told, and the other way round."""
        second = self._begin(children)
        theirs = self._hello(second, hello.storage)
        for teller, reader in ((child, second), (second, child)) if theirs is not None else ():
            (event,) = emitted((Mark(EventKind.COMPLETED, 1),))
            told = event.moved(job_id=self._new_id(), by=recent(now=datetime.now(UTC), zone=hello.profile.zone))
            self._apply(partial(self._ask, teller, profile=hello.profile), told)
            if "settle" in hello.methods:
                self._ask(teller, "settle")
            one, other = (
                self._ask(each, "read", job_id=told.job_id, profile=hello.profile) for each in (teller, reader)
            )
            if one is not None and other is not None and one.get("snapshot") != other.get("snapshot"):
                said = f"two children with the storage {shortened(hello.storage or '')!r} show one job differently"
                self._problem(("storage",), f"{said}: {_line(one)} and {_line(other)}")
        self._end(second)

    def _tenant(self, ask: Callable[..., dict[str, Any] | None], hello: Hello) -> None:
        ask("for_tenant", tenant=TENANT)
        ask("for_tenant", tenant=TENANT)
        (event,) = emitted((Mark(EventKind.COMPLETED, 1),))
        shift = recent(now=datetime.now(UTC), zone=hello.profile.zone) + timedelta(seconds=1)
        self._apply(ask, event.moved(job_id=self._new_id(), by=shift), TENANT)
        if "settle" in hello.methods:
            ask("settle", tenant=TENANT)

    def _end(self, child: Child) -> None:
        in_time, status = child.finished()
        if not in_time:
            said = f"it did not end within {PATIENCE:g} s after its standard input was closed: let it end then"
            self._problem(("end",), said)
        elif status != 0:
            self._problem(("end",), f"it ended with exit status {status}: allowed is 0, once its input is closed")
        child.end()

    def _new_id(self) -> str:
        return f"validate-{self._token}-{next(self._fresh)}"

    def _ask(
        self, child: Child, request: str, *, profile: Profile | None = None, **values: Any
    ) -> dict[str, Any] | None:
        """The reply as it is, where it is as the protocol says; None, and a problem told, where not."""
        self._numbers[child] += 1
        number = self._numbers[child]
        line = wire.line(number, request, **values)
        back = child.exchange(line)
        try:
            reply = wire.parsed(back, as_is=True)
            wire.check_turn(reply, number)
        except wire.Malformed as error:
            raise child.broken(str(error), back=back) from None
        child.check_alone(back)
        wrong = {(path, said) for path, said in self._against_schema(reply, request)}
        if not wrong:
            try:
                self._take(back, number, request, values, profile)
            except wire.Malformed as error:
                wrong = {("$", str(error))}
        for path, said in sorted(wrong):
            lines = [f"sent:     {_shown(line)}", f"received: {_shown(back)}"]
            self._problem((request, path, said.split(":")[-1]), f"{request}: at {path}: {said}", *lines)
        return None if wrong else reply

    def _against_schema(self, reply: Mapping[str, Any], request: str) -> Iterator[tuple[str, str]]:
        """Each place in a reply that is not as the schema says, and what is allowed there."""
        allowed = (request, wire.ERROR, wire.UNKNOWN_KIND) if request == "apply" else (request, wire.ERROR)
        kind = reply.get("reply")
        if not isinstance(kind, str) or kind not in allowed:
            yield "$.reply", f"{kind!r}: allowed are {listed(allowed, given=kind)}"
            return
        for error in self._schemas[kind].iter_errors(reply):
            yield error.json_path, _said(error)

    def _take(self, back: bytes, number: int, request: str, values: Mapping[str, Any], profile: Profile | None) -> None:
        """Take the reply as a check does, which knows what a schema cannot say."""
        reply = wire.reply_to(back, number=number, request=request)
        if request == "apply":
            wire.check_known(values["event"]["kind"], reply)
        if reply["reply"] == wire.ERROR:
            error = wire.raised(reply)
            self._errors[reply["name"]] += 1
            self._first.setdefault(reply["name"], f"{request}: {shortened(str(error))}")
        elif request == "hello":
            hello_of(reply)
        elif request == "read" and profile is not None:
            snapshot_in(reply, job_id=values["job_id"], profile=profile)

    def _problem(self, key: tuple[str, ...], said: str, *lines: str) -> None:
        """Tell of a problem, once of each kind."""
        self._problems[key] += 1
        if self._problems[key] == 1:
            self._tell(f"problem {len(self._problems)}: {said}")
            for line in lines:
                self._tell(f"    {line}")


def _validators(name: str) -> dict[str, Any]:
    """By kind of reply, what holds one against its part of the schema."""
    try:
        from jsonschema import Draft202012Validator
    except ImportError as error:
        raise Misuse(f"{name}: {error}; install it: pip install 'pytest-jobstatus[stdio]'") from error
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    whole = {key: each for key, each in schema.items() if key != "anyOf"}
    return {kind: Draft202012Validator({**whole, "$ref": f"#/$defs/reply-{kind}"}) for kind in wire.KEYS}


def _said(error: Any) -> str:
    """What a place in a reply is, and what is allowed there."""
    rule, allowed, given = error.validator, error.validator_value, error.instance
    if rule == "required":
        return str(error.message)
    if rule == "additionalProperties":
        known = error.schema["properties"]
        (key, *_) = (key for key in given if key not in known)
        return f"has the key {key!r}: allowed are {listed(known, given=key)}"
    shown = shortened(json.dumps(given))
    if rule in ("enum", "const"):
        return f"{shown}: allowed {f'are {listed(allowed, given=given)}' if rule == 'enum' else f'is {allowed!r}'}"
    kinds = allowed if isinstance(allowed, str) else json.dumps(allowed)
    return f"{shown}: allowed is {error.schema.get('description', kinds)}"


def _shown(line: bytes) -> str:
    return shortened(line, LINE_SHOWN)


def _line(reply: Mapping[str, Any]) -> str:
    return shortened(json.dumps(reply))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
