"""On which event loop an async fixture made its tracker: the tracker's coroutines run there too."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any

import pytest

from pytest_jobstatus.handle import current_loop

LOOPS: pytest.StashKey[dict[int, tuple[object, asyncio.AbstractEventLoop]]] = pytest.StashKey()
"""What fixtures made, by its identity, and on which loop; the object is kept so that no other takes its identity."""


def loop_of(tracker: Any, config: pytest.Config) -> asyncio.AbstractEventLoop | None:
    """The loop on which an async fixture made the tracker, or what it is made of; None where there is none."""
    noted = config.stash.get(LOOPS, {}).get(id(tracker))
    loop = noted[1] if noted is not None else current_loop()
    return None if loop is None or loop.is_closed() else loop


def note(config: pytest.Config, made: object, loops: list[asyncio.AbstractEventLoop]) -> None:
    """Keep the loop that a fixture ran on, if it ran on one."""
    if loops:
        config.stash.setdefault(LOOPS, {})[id(made)] = (made, loops[-1])


def noting(function: Any, loops: list[asyncio.AbstractEventLoop]) -> Any:
    """The same fixture function, which notes the loop that runs it, if one does."""
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def generator(*arguments: Any, **named: Any) -> Any:
            loops.append(asyncio.get_running_loop())
            async for made in function(*arguments, **named):
                yield made

        return generator
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*arguments: Any, **named: Any) -> Any:
            loops.append(asyncio.get_running_loop())
            return await function(*arguments, **named)

        return coroutine
    return function
