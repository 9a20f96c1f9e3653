"""One live tracker: made by a factory, called one event at a time, cleaned up at the end."""

from __future__ import annotations

import asyncio
import inspect
import secrets
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from traceback import format_exception_only
from typing import Any, NamedTuple
from unittest import mock

from pytest_jobstatus.events import Event
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.reading import snapshot_of
from pytest_jobstatus.tracker import Profile, Snapshot, Tracker
from pytest_jobstatus.waits import Waits

LONGEST_LABEL = 200
"""How much of a scenario's job name goes into an id, which may have 255 characters."""


class Unreadable(Exception):  # noqa: N818 - says what the row is, not that the kit erred
    """The tracker's `read` raised: a reader sees nothing."""


@dataclass(frozen=True, kw_only=True)
class Factory:
    """How a tracker is made, as often as one is needed.

    Args:
        make: a class, a function, or a generator function that yields one tracker and then cleans up; all also async.
        name: the target as the user wrote it, for messages and the report.
        loop: the event loop that made the tracker, where `make` hands out one that exists already.
        owned: whether a tracker is closed after use; one that is lent is closed by whoever made it.

    >>> Factory.of(dict).name
    'builtins:dict'
    """

    make: Callable[[], Any]
    name: str
    loop: asyncio.AbstractEventLoop | None = None
    owned: bool = True

    @classmethod
    def of(cls, target: object, *, name: str | None = None) -> Factory:
        """The factory that a class or function is.

        Raises:
            Misuse: where the target cannot be called, a finished tracker for instance.
        """
        if isinstance(target, Factory):
            return target
        if not callable(target):
            raise Misuse(
                f"{target!r} is no factory: give the class, or a function that makes a fresh tracker at each call"
            )
        where = f"{getattr(target, '__module__', '?')}:{getattr(target, '__qualname__', type(target).__qualname__)}"
        return cls(make=target, name=name or where)

    @contextmanager
    def open(self) -> Iterator[Handle]:
        """A fresh tracker, cleaned up at the end.

        Raises:
            Misuse: where the factory raises, makes something that is no tracker, or fails to clean up.
        """
        _refuse_running_loop(self.name)
        with closing(_Loop(self.loop)) as loop, _made(self, loop) as made:
            profile = _profile_of(made.tracker, self.name)
            handle = Handle(tracker=made.tracker, name=self.name, profile=profile, loop=loop)
            try:
                yield handle
            except BaseException as error:
                # What went wrong first is what counts: a failing clean-up must not hide it, nor a Ctrl-C.
                with _noted(error):
                    handle.clean(close=self.owned and not made.cleans_up)
                raise
            handle.clean(close=self.owned and not made.cleans_up)


@contextmanager
def _noted(error: BaseException) -> Iterator[None]:
    """A failing clean-up as a note on the error that came before it."""
    try:
        yield
    except Misuse as second:
        error.add_note(str(second))


@dataclass(kw_only=True)
class Handle:
    """The tracker under test, called from synchronous code whether it is async or not.

    Args:
        tracker: the object with `apply` and `read`.
        name: the target's name, for messages.
        profile: what the tracker declares.
        loop: where its coroutines run.
        waits: notes what `apply` sleeps, where somebody wants to know.
    """

    tracker: Tracker
    name: str
    profile: Profile
    loop: _Loop
    waits: Waits | None = None
    jobs: list[str] = field(default_factory=list)
    token: str = field(default_factory=lambda: secrets.token_hex(3))

    def __post_init__(self) -> None:
        """Look up the methods once: they are called some thousand times a second."""
        self._apply = self.tracker.apply
        self._read = self.tracker.read
        declared = (*self.profile.refuses, *self.profile.conflicts, *self.profile.raises)
        self._observed: tuple[type[BaseException], ...] = (Exception, asyncio.CancelledError, *declared)
        settle = getattr(self.tracker, "settle", None)
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
                ids[label] = f"{label[:LONGEST_LABEL]}-{self.token}-{len(self.jobs)}"
            self.jobs.append(ids[label])
        return ids

    def watch(self) -> None:
        """Note from now on what `apply` sleeps."""
        self.waits = Waits(own_task=lambda: self.loop.task)

    def apply(self, event: Event) -> BaseException | None:
        """Deliver the event, wait until it is written, and give the exception that the tracker raised, if any.

        Raises:
            Misuse: where the tracker answers NotImplemented for a kind that its profile does not list as missing.
        """
        try:
            if self.waits is not None:
                with self.waits:
                    answer = self.loop.sync(self._apply)(event)
            else:
                answer = self._apply(event)
                if answer is not None and hasattr(answer, "__await__"):
                    answer = self.loop.wait(answer)
            if self.settle is not None:
                self.settle()
        except (Misuse, KeyboardInterrupt):
            raise
        except self._observed as error:  # whatever the tracker raises is an observation, judged by the rules
            return error
        if answer is NotImplemented:
            raise Misuse(
                f"{self.name}: apply({event.name}) gave NotImplemented; handle it, or declare it:"
                f" Profile(unsupported={{{str(event.kind)!r}: 'why'}})"
            )
        return None

    def read(self, job_id: str) -> Snapshot | None:
        """What a reader sees of the job now.

        Raises:
            Unreadable: from the exception that `read` raised.
            Misuse: where it gave something that is no snapshot.
        """
        try:
            shown = self._read(job_id)
            if shown is not None and hasattr(shown, "__await__"):
                shown = self.loop.wait(shown)
        except Misuse:
            raise
        except (Exception, asyncio.CancelledError) as error:
            raise Unreadable(said(error)) from error
        return snapshot_of(shown, job_id=job_id, profile=self.profile, source=f"{self.name}: read({job_id!r})")

    def clean(self, *, close: bool) -> None:
        """Remove the rows where the tracker offers `forget`, then let it close."""
        forget = (("forget", (list(self.jobs),)),) if self.jobs else ()
        for name, arguments in (*forget, *((("close", ()),) if close else ())):
            method = getattr(self.tracker, name, None)
            if callable(method):
                _guarded(self.name, lambda: self.loop.sync(method)(*arguments), what=f"{name}()")  # noqa: B023 - at once


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


class _Loop:
    """An event loop that comes into being when the first coroutine does."""

    def __init__(self, given: asyncio.AbstractEventLoop | None) -> None:
        self.given = given
        self.runner: asyncio.Runner | None = None
        self.task: asyncio.Task[Any] | None = None

    def wait(self, awaitable: Awaitable[Any]) -> Any:
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
        if self.runner is not None:
            self.runner.close()
            asyncio.set_event_loop(self.before)


class _Made(NamedTuple):
    """What a factory made, and whether the factory cleans up by itself."""

    tracker: Tracker
    cleans_up: bool


@contextmanager
def _made(factory: Factory, loop: _Loop) -> Iterator[_Made]:
    """What the factory makes, whatever kind of factory it is."""
    made = _call(factory, loop)
    finish: Callable[[], Any] | None = None
    if inspect.isgenerator(made):
        generator = made
        finish = lambda: next(generator, None)  # noqa: E731 - the two kinds of generator side by side
        made = _guarded(factory.name, lambda: next(generator))
    elif inspect.isasyncgen(made):
        async_generator = made
        finish = lambda: loop.wait(anext(async_generator, None))  # noqa: E731
        made = _guarded(factory.name, lambda: loop.wait(anext(async_generator)))
    elif inspect.isawaitable(made):
        awaitable = made
        made = _guarded(factory.name, lambda: loop.wait(awaitable))
    try:
        _check_methods(made, factory.name)
        yield _Made(tracker=made, cleans_up=finish is not None)
    except BaseException as error:
        if finish is not None:
            with _noted(error):
                _guarded(factory.name, finish, what="the factory's clean-up")
        raise
    if finish is not None:
        _guarded(factory.name, finish, what="the factory's clean-up")


def _check_methods(made: object, target: str) -> None:
    for name in ("apply", "read"):
        if not callable(getattr(made, name, None)):
            raise Misuse(f"{target} made {made!r}, which has no method {name!r}: a tracker has apply and read")


def _call(factory: Factory, loop: _Loop) -> Any:
    make = factory.make
    if isinstance(make, type) and any(
        inspect.iscoroutinefunction(getattr(make, name, None)) for name in ("apply", "read")
    ):

        async def inside() -> Any:
            return make()

        return _guarded(factory.name, lambda: loop.wait(inside()))
    return _guarded(factory.name, make)


def _guarded(target: str, call: Callable[[], Any], *, what: str = "the factory") -> Any:
    """The user's own code around the tracker: what it raises is no verdict on the tracker."""
    try:
        return call()
    except Misuse as error:
        raise Misuse(f"{target}: {error}") from None
    except Exception as error:
        raise Misuse(f"{target}: {what} raised {said(error)}; nothing was judged") from error


def _profile_of(tracker: object, name: str) -> Profile:
    profile = getattr(tracker, "profile", None)
    if profile is None:
        return Profile()
    if not isinstance(profile, Profile):
        raise Misuse(f"{name}: its profile is {profile!r}: allowed is a pytest_jobstatus.Profile")
    return profile


def _refuse_running_loop(name: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise Misuse(
        f"{name}: cannot be checked inside a running event loop; call from synchronous code, or use"
        " await asyncio.to_thread(check, …)"
    )


def said(error: BaseException) -> str:
    """An exception as one line: its type and text."""
    return " ".join(format_exception_only(error)[-1].split())
