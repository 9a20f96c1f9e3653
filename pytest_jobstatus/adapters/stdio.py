"""Trackers in any language, spoken to in lines of JSON over a child's standard input and output (docs/stdio.md)."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from pytest_jobstatus.adapters import stdio_wire as wire
from pytest_jobstatus.adapters.stdio_child import Child
from pytest_jobstatus.adapters.stdio_shown import Hello, hello_of, snapshot_in
from pytest_jobstatus.events import Event
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.rules.book import SPEC
from pytest_jobstatus.tracker import Snapshot
from pytest_jobstatus.urls import hidden

TIMEOUT = "JOBSTATUS_STDIO_TIMEOUT"
"""The environment variable that says how long a reply may take, in seconds."""
SECONDS = 10.0

Taken = TypeVar("Taken")


class Conversation:
    """Requests to one child and what its replies say.

    Args:
        child: the process.
    """

    def __init__(self, child: Child) -> None:
        self.child = child
        self._number = 0

    def ask(self, request: str, take: Callable[[dict[str, Any]], Taken], **values: Any) -> Taken:
        """Send a request and take its reply.

        Args:
            request: its name.
            take: makes a value of the reply.
            values: what belongs to the request; those that are None are left out.

        Raises:
            TrackerError: what the tracker raised, where the reply is an error.
            Misuse: where the child is broken.
        """
        self._number += 1
        back = self.child.exchange(wire.line(self._number, request, **values))
        try:
            reply = wire.reply_to(back, number=self._number, request=request)
            self.child.check_alone(back)
            if reply["reply"] != wire.ERROR:
                return take(reply)
            error = wire.raised(reply)
        except wire.Malformed as malformed:
            raise self.child.broken(str(malformed), back=back) from None
        raise error

    def hello(self, storage: str | None = None) -> Hello:
        """Say hello.

        Args:
            storage: what another child has said of its storage, where this one is to use the same.
        """
        return self.ask("hello", hello_of, protocol=wire.PROTOCOL, spec=SPEC, storage=storage)


def no_value(_reply: Mapping[str, Any]) -> None:
    """What a reply says that says only that it was done."""


class Stdio:
    """A tracker whose code runs in a child process.

    `settle`, `forget`, `for_tenant` and `another` are there where the child has them.

    Args:
        conversation: with the child.
        hello: what it says of itself.
        start: starts another child of the same command, with the same storage.
        tenant: the one that the requests are for; None for none.
    """

    settle: Callable[[], None]
    forget: Callable[[Sequence[str]], None]
    for_tenant: Callable[[str], Stdio]
    another: Callable[[], Stdio]

    def __init__(
        self, conversation: Conversation, hello: Hello, *, start: Callable[[], Stdio], tenant: str | None = None
    ) -> None:
        self.profile = hello.profile
        self._ask = conversation.ask
        self._tenant = tenant
        if "settle" in hello.methods:
            self.settle = partial(self._ask, "settle", no_value, tenant=tenant)
        if "forget" in hello.methods:
            self.forget = lambda job_ids: self._ask("forget", no_value, job_ids=[*job_ids], tenant=tenant)
        if "for_tenant" in hello.methods and tenant is None:

            def for_tenant(name: str) -> Stdio:
                self._ask("for_tenant", no_value, tenant=name)
                return Stdio(conversation, hello, start=start, tenant=name)

            self.for_tenant = for_tenant
        if hello.storage is not None and tenant is None:
            self.another = start

    def apply(self, event: Event) -> None:
        """Hand the event over."""
        self._ask("apply", partial(wire.check_known, event.kind), event=wire.event_values(event), tenant=self._tenant)

    def read(self, job_id: str) -> Snapshot | None:
        """What the child shows of the job."""
        take = partial(snapshot_in, job_id=job_id, profile=self.profile)
        return self._ask("read", take, job_id=job_id, tenant=self._tenant)


def stdio(command: str | Sequence[str], *, timeout: float | None = None) -> Factory:
    """The factory of trackers in another language, for `conformance`, `check` and the target `stdio:COMMAND`.

    Each tracker is a process of its own. It speaks the protocol of docs/stdio.md; what does not is a broken adapter.

    Args:
        command: the program and its arguments, as a text or a list; no shell reads it. It runs in the current folder.
        timeout: how long one reply may take, in seconds; None for the environment variable JOBSTATUS_STDIO_TIMEOUT,
            else 10.

    Raises:
        Misuse: where the command is none, or the time.

    >>> stdio("node tracker.mjs").name
    'stdio:node tracker.mjs'
    >>> stdio("node 'tracker.mjs")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: stdio:node 'tracker.mjs: No closing quotation; allowed is a command, ...
    """
    text = command if isinstance(command, str) else shlex.join(command)
    name = hidden(f"stdio:{text}")
    words = words_of(command, name)
    seconds = _timeout(timeout)

    def tracker() -> Iterator[Stdio]:
        with ExitStack() as children:

            def start(storage: str | None = None) -> Stdio:
                child = Child(words, name=name, timeout=seconds)
                children.callback(child.end)
                conversation = Conversation(child)
                hello = conversation.hello(storage)
                first = storage if storage is not None else hello.storage
                return Stdio(conversation, hello, start=partial(start, first))

            yield start()

    return Factory.of(tracker, name=name)


factory = stdio
"""What the target `stdio:COMMAND` calls."""


def validate(command: str, *, tell: Callable[[str], object]) -> bool:
    """Whether a child speaks the protocol: plays one conversation with every request, and tells what is wrong in it.

    Args:
        command: as for `stdio`.
        tell: prints a line.

    Raises:
        Misuse: where the command is none, or the library jsonschema is missing.
    """
    from pytest_jobstatus.adapters.stdio_validator import Validation

    name = hidden(f"stdio:{command}")
    start = partial(Child, words_of(command, name), name=name, timeout=_timeout(None))
    return Validation(start, name=name, tell=tell).run()


def words_of(command: str | Sequence[str], name: str) -> list[str]:
    """The program and its arguments.

    Args:
        command: as `stdio` takes it.
        name: the target, for the message.

    Raises:
        Misuse: where there is none.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else [*command]
    except ValueError as error:
        raise Misuse(f"{name}: {error}; allowed is a command, quoted as for a shell") from None
    if not words:
        raise Misuse(f"{name}: there is no command; allowed is one with its words: stdio:node tracker.mjs")
    return words


def _timeout(given: float | None) -> float:
    source, value = ("timeout", given) if given is not None else (TIMEOUT, os.environ.get(TIMEOUT, SECONDS))
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise Misuse(f"{source}: {value!r}: allowed is a number of seconds above 0")
    return seconds
