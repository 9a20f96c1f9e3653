"""One live tracker: made by a factory, called one event at a time, cleaned up at the end."""

from __future__ import annotations

import asyncio
import secrets
import warnings
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest import mock

from pytest_jobstatus.events import Event
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.raised import IN_SETTLE, located, place_of, said
from pytest_jobstatus.reading import is_ready, snapshot_of
from pytest_jobstatus.tracker import Profile, Snapshot, Tracker
from pytest_jobstatus.waits import Waits

LONGEST_LABEL = 200
"""How much of a scenario's job name goes into an id, which may have 255 characters."""


class Unreadable(Exception):  # noqa: N818 - says what the row is, not that the kit erred
    """The tracker's `read` raised: a reader sees nothing.

    Args:
        error: what it raised.
    """

    def __init__(self, error: BaseException) -> None:
        """Keep what was said, and where."""
        super().__init__(said(error))
        self.place = place_of(located(error))

    def repeats(self, refusal: BaseException | None) -> bool:
        """Whether it says what `apply` said when it refused the job: who refuses an id may refuse it everywhere."""
        return refusal is not None and said(refusal) == str(self)


class NoTenant(Misuse):
    """The tracker has no such tenant, or no room for another: what needs it cannot be told."""


OWN_ERRORS = (TypeError, AttributeError, NameError, ImportError)
"""What a mistake in the adapter raises."""


@dataclass(kw_only=True)
class Handle:
    """The tracker under test, called from synchronous code whether it is async or not.

    Args:
        tracker: the object with `apply` and `read`.
        name: the target's name, for messages.
        profile: what the tracker declares.
        loop: where its coroutines run.
        waits: notes what `apply` sleeps, where somebody wants to know.
        jobs: the ids of those that it was told of, in order: what `forget` is to remove.
        tenants: the handles that `for_tenant` gave, by name, in the order in which they were first asked for; the
            newest of each last.
        workers: the handles that `another` gave.
        renewed: whether a tenant was asked for again.
    """

    tracker: Tracker
    name: str
    profile: Profile
    loop: Loop
    waits: Waits | None = None
    jobs: dict[str, None] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(3))
    tenants: dict[str, list[Handle]] = field(default_factory=dict)
    renewed: bool = False
    workers: list[Handle] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up the methods once: they are called some thousand times a second."""
        self._apply = self.tracker.apply
        self._read = self.tracker.read
        self._numbers = count()
        declared = (*self.profile.refuses, *self.profile.conflicts, *self.profile.raises)
        self._observed: tuple[type[BaseException], ...] = (Exception, asyncio.CancelledError, SystemExit, *declared)
        settle = getattr(self.tracker, "settle", None)
        if settle is not None and not callable(settle):
            raise Misuse(f"{self.name}: settle is {settle!r}: allowed is a method without arguments, or none")
        self.settle: Callable[[], Any] | None = self.loop.sync(settle) if settle is not None else None

    def fresh(self, labels: Iterable[str]) -> dict[str, str]:
        """Job ids that this storage has not seen, by label, so that a database full of other jobs can be checked.

        Labels with a `#` become ids that differ as the labels do: a number, the same in all of them, stands for it.
        """
        ids, number = {}, None
        for label in labels:
            if "#" in label:
                number = number or str(secrets.randbelow(9 * 10**9) + 10**9)
                ids[label] = label.replace("#", number)
            else:
                ids[label] = f"{label[:LONGEST_LABEL]}-{self.token}-{next(self._numbers)}"
        return ids

    def of_tenant(self, name: str, *, anew: bool = False) -> Handle:
        """The handle that `for_tenant` gave last, on the same storage.

        Args:
            name: of the tenant; plain: letters, digits, `-` and `_`.
            anew: whether to ask for another, though there is one.

        Raises:
            NoTenant: where `for_tenant` refuses the name.
            Misuse: where it is broken, or gives something that is no tracker.
        """
        known = self.tenants.get(name, [])
        if anew or not known:
            source = f"{self.name}.for_tenant({name!r})"
            for_tenant = self.loop.sync(self.tracker.for_tenant)  # type: ignore[attr-defined]  # optional: see Profile
            try:
                made = for_tenant(name)
            except Misuse:
                raise
            except OWN_ERRORS as error:
                raise Misuse(f"{source} raised {said(error)}; that is no verdict on the tracker") from error
            except Exception as error:
                raise NoTenant(f"for_tenant({name!r}) raised {said(error)}") from error
            check_methods(made, source)
            jobs = known[-1].jobs if known else {}  # theirs together: each is to be forgotten once
            own = Handle(tracker=made, name=source, profile=self.profile, loop=self.loop, jobs=jobs)
            known = self.tenants[name] = [*known, own]
        return known[-1]

    def of_worker(self, number: int) -> Handle:
        """The handle of a worker: this one for the first, for the others what `another` gave, on the same storage.

        Args:
            number: of the worker, from 0.

        Raises:
            Misuse: where `another` is broken, or gives something that is no tracker.
        """
        while len(self.workers) < number:
            source = f"{self.name}.another()"
            another = self.loop.sync(self.tracker.another)  # type: ignore[attr-defined]  # optional: see Profile
            made = guarded(self.name, another, what="another()")
            check_methods(made, source)
            if made is self.tracker or any(made is other.tracker for other in self.workers):
                raise Misuse(f"{source} gave the same object twice: each worker needs a handle of its own")
            self.workers.append(Handle(tracker=made, name=source, profile=self.profile, loop=self.loop, jobs=self.jobs))
        return self.workers[number - 1] if number else self

    def watch(self, *, on: bool = True) -> None:
        """Note from now on what `apply` sleeps, or no more."""
        loop = self.loop
        self.waits = Waits(own_task=lambda: loop.task) if on else None

    def apply(self, event: Event, *, settle: bool = True) -> BaseException | None:
        """Deliver the event, wait until it is written, and give the exception that the tracker raised, if any.

        Args:
            event: what to deliver.
            settle: whether to wait.

        Raises:
            Misuse: where the tracker answers NotImplemented for a kind that its profile does not list as missing.
        """
        self.jobs[event.job_id] = None
        try:
            if self.waits is not None:
                with self.waits:
                    answer = self.loop.sync(self._apply)(event)
            else:
                answer = self._apply(event)
                if answer is not None and hasattr(answer, "__await__"):
                    answer = self.loop.wait(answer)
        except (Misuse, KeyboardInterrupt):
            raise
        except self._observed as error:  # whatever the tracker raises is an observation, judged by the rules
            return located(error)
        if answer is NotImplemented:
            raise Misuse(
                f"{self.name}: apply({event.name}) gave NotImplemented; handle it, or declare it:"
                f" Profile(unsupported={{{str(event.kind)!r}: 'why'}})"
            )
        return self.settled() if settle and self.settle is not None else None

    def settled(self) -> BaseException | None:
        """Wait until all is written, where the tracker writes later, and give the exception that it raised, if any."""
        try:
            if self.settle is not None:
                self.settle()
        except (Misuse, KeyboardInterrupt):
            raise
        except self._observed as error:
            if IN_SETTLE not in getattr(error, "__notes__", ()):
                error.add_note(IN_SETTLE)
            return located(error)
        return None

    def read(self, job_id: str) -> Snapshot | None:
        """What a reader sees of the job now.

        Raises:
            Unreadable: from the exception that `read` raised.
            Misuse: where it gave something that is no snapshot.
        """
        try:
            shown = self._read(job_id)
            if shown is None or is_ready(shown, self.profile):
                return shown
            if hasattr(shown, "__await__"):
                shown = self.loop.wait(shown)
        except Misuse:
            raise
        except (Exception, asyncio.CancelledError, SystemExit) as error:
            raise Unreadable(error) from error
        return snapshot_of(shown, job_id=job_id, profile=self.profile, source=f"{self.name}: read({job_id!r})")

    def clean(self, *, close: bool) -> None:
        """Remove the rows where the tracker offers `forget`, then let it close, the tenants' handles first."""
        handles = [*(handle for known in self.tenants.values() for handle in known), *self.workers, self]
        for handle in (*(known[-1] for known in self.tenants.values()), self):
            if handle.jobs:
                handle.call_if_there("forget", [*handle.jobs])
        apart = {id(handle.tracker): handle for handle in handles}  # several tenants may share an object
        for handle in apart.values() if close else self.workers:  # nobody else knows of those that `another` gave
            handle.call_if_there("close")

    def call_if_there(self, name: str, *arguments: object) -> None:
        """Call an optional method of the tracker.

        Raises:
            Misuse: where it raises.
        """
        method = getattr(self.tracker, name, None)
        if callable(method):
            guarded(self.name, lambda: self.loop.sync(method)(*arguments), what=f"{name}()")


def check_methods(made: object, source: str) -> None:
    """Refuse what is no tracker.

    Args:
        made: what should be one.
        source: what made it.

    Raises:
        Misuse: naming the method that it lacks.
    """
    for name in ("apply", "read"):
        if not callable(getattr(made, name, None)):
            raise Misuse(f"{source} made {made!r}, which has no method {name!r}: a tracker has apply and read")


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that is set and waits; None where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        policy = asyncio.get_event_loop_policy()
        # Before Python 3.12 asking for the loop makes one where none is set, and nobody would close it.
        with mock.patch.object(policy, "new_event_loop", side_effect=RuntimeError):
            try:
                return policy.get_event_loop()
            except RuntimeError:
                return None


class Loop:
    """An event loop that comes into being when the first coroutine does."""

    def __init__(self, given: asyncio.AbstractEventLoop | None) -> None:
        self.given = given
        self.runner: asyncio.Runner | None = None
        self.task: asyncio.Task[Any] | None = None

    def wait(self, awaitable: Awaitable[Any]) -> Any:
        """What the awaitable gives, from synchronous code."""

        async def waited() -> Any:
            self.task = asyncio.current_task()
            return await awaitable

        if self.given is not None:
            return self.given.run_until_complete(waited())
        if self.runner is None:
            self.before = current_loop()
            self.runner = asyncio.Runner()
        # Not runner.run, which installs a signal handler each time: there are some hundred thousand calls in a check.
        return self.runner.get_loop().run_until_complete(waited())

    def sync(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method for synchronous callers. A plain function is called outside the loop, which it may want to run."""

        def called(*arguments: object) -> Any:
            answer = method(*arguments)
            return answer if answer is None or not hasattr(answer, "__await__") else self.wait(answer)

        return called

    def close(self) -> None:
        """Leave the thread's loop as it was found."""
        if self.runner is not None:
            self.runner.close()
            asyncio.set_event_loop(self.before)


def guarded(target: str, call: Callable[[], Any], *, what: str = "the factory") -> Any:
    """The user's own code around the tracker: what it raises is no verdict on the tracker."""
    try:
        return call()
    except Misuse as error:
        named = str(error).startswith(f"{target}: ")  # an adapter may know its own name
        raise Misuse(str(error) if named else f"{target}: {error}") from None
    except (Exception, SystemExit) as error:
        raise Misuse(f"{target}: {what} raised {said(error)}; that is no verdict on the tracker") from error
