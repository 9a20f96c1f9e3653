"""How a tracker under test is made: from a class, a function or a generator, plain or async."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from pytest_jobstatus.handle import Handle, Loop, check_methods, guarded
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.tracker import Profile, Tracker


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
            missing = [each for each in ("apply", "read") if not callable(getattr(target, each, None))]
            half = f", and as a tracker it lacks the method {missing[0]!r}" if len(missing) == 1 else ""
            raise Misuse(
                f"{target!r} is no factory{half}: give the class, or a function that makes a fresh tracker at each call"
            )
        own = getattr(target, "__qualname__", f"<{type(target).__qualname__}>")  # an object has no name of its own
        where = f"{getattr(target, '__module__', '?')}:{own}"
        return cls(make=target, name=name or where)

    @contextmanager
    def open(self) -> Iterator[Handle]:
        """A fresh tracker, cleaned up at the end.

        Raises:
            Misuse: where the factory raises, makes something that is no tracker, or fails to clean up.
        """
        _refuse_running_loop(self.name)
        with closing(Loop(self.loop)) as loop, _made(self, loop) as made:
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


class _Made(NamedTuple):
    """What a factory made, and whether the factory cleans up by itself."""

    tracker: Tracker
    cleans_up: bool


@contextmanager
def _made(factory: Factory, loop: Loop) -> Iterator[_Made]:
    """What the factory makes, whatever kind of factory it is."""
    made = _call(factory, loop)
    finish: Callable[[], Any] | None = None
    if inspect.isgenerator(made):
        generator = made
        finish = lambda: next(generator, None)  # noqa: E731 - the two kinds of generator side by side
        made = guarded(factory.name, lambda: next(generator))
    elif inspect.isasyncgen(made):
        async_generator = made
        finish = lambda: loop.wait(anext(async_generator, None))  # noqa: E731
        made = guarded(factory.name, lambda: loop.wait(anext(async_generator)))
    elif inspect.isawaitable(made):
        awaitable = made
        made = guarded(factory.name, lambda: loop.wait(awaitable))
    try:
        check_methods(made, factory.name)
        yield _Made(tracker=made, cleans_up=finish is not None)
    except BaseException as error:
        if finish is not None:
            with _noted(error):
                guarded(factory.name, finish, what="the factory's clean-up")
        raise
    if finish is not None:
        guarded(factory.name, finish, what="the factory's clean-up")


def _call(factory: Factory, loop: Loop) -> Any:
    make = factory.make
    if isinstance(make, type) and any(
        inspect.iscoroutinefunction(getattr(make, name, None)) for name in ("apply", "read")
    ):

        async def inside() -> Any:
            return make()

        return guarded(factory.name, lambda: loop.wait(inside()))
    return guarded(factory.name, make)


METHODS = (("tenancy", "for_tenant"), ("concurrency", "another"))
"""The abilities that need an optional method of the tracker."""


def _profile_of(tracker: object, name: str) -> Profile:
    profile = getattr(tracker, "profile", None)
    if profile is None:
        profile = Profile()
    if not isinstance(profile, Profile):
        raise Misuse(f"{name}: its profile is {profile!r}: allowed is a pytest_jobstatus.Profile")
    missing = tuple((ability, method) for ability, method in METHODS if not callable(getattr(tracker, method, None)))
    return _without(profile, missing) if missing else profile


@lru_cache(maxsize=128)  # a tracker is made anew for each try of a search
def _without(profile: Profile, missing: tuple[tuple[str, str], ...]) -> Profile:
    """The profile with the abilities declared missing whose methods are, unless it declares them itself."""
    reasons = {ability: f"the tracker has no method {method}" for ability, method in missing}
    return replace(profile, unsupported=reasons | dict(profile.unsupported))


def _refuse_running_loop(name: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise Misuse(
        f"{name}: cannot be checked inside a running event loop; call from synchronous code, or use"
        " await asyncio.to_thread(check, …)"
    )
