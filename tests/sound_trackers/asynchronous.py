"""Sound trackers that are awaited."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from typing import Any

from pytest_jobstatus import Event, Profile, Snapshot
from tests.sound_trackers.merging import Sound, SoundRefusing, Stale
from tests.sound_trackers.missing import lacking

ONE_ATTEMPT = lacking("retrying", "stalled", "delayed")


class Locked:
    """Merges under a lock for each job, is suspended in the middle, and refuses what is behind when it is awaited."""

    profile = Profile(refuses=(Stale,), unsupported=ONE_ATTEMPT)

    def __init__(self) -> None:
        self.store = SoundRefusing()
        self.loop = asyncio.get_running_loop()
        self.locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def apply(self, event: Event) -> None:
        async with self.locks[event.job_id]:
            suspended = self.loop.create_future()
            self.loop.call_soon(suspended.set_result, None)
            await suspended
            self.store.apply(event)

    async def read(self, job_id: str) -> Snapshot | None:
        async with self.locks[job_id]:
            return self.store.read(job_id)


@dataclass
class Later:
    """Something to await that is no coroutine."""

    value: Any

    def __await__(self) -> Generator[Any, None, Any]:
        yield from ()
        return self.value


class Awaitables:
    """Has plain methods that return what is to be awaited; a task writes what they leave in its queue."""

    profile = Profile(unsupported=ONE_ATTEMPT)

    def __init__(self) -> None:
        self.store = Sound()
        self.waiting: asyncio.Queue[Event] = asyncio.Queue()
        self.task = asyncio.get_running_loop().create_task(self.work())

    async def work(self) -> None:
        """Write what waits, for ever."""
        while True:
            self.store.apply(await self.waiting.get())
            self.waiting.task_done()

    def apply(self, event: Event) -> Any:
        json.dumps(event.progress)
        self.waiting.put_nowait(event)
        return Later(None)

    def read(self, job_id: str) -> Any:
        return Later(self.store.read(job_id))

    def settle(self) -> Any:
        """Wait until nothing waits."""
        return self.waiting.join()

    async def close(self) -> None:
        """End the task."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def awaitables() -> Awaitables:
    """A tracker that belongs to the loop on which it is made."""
    return Awaitables()


class TaskPerBatch:
    """Starts a task when something waits, which lets others run before it writes."""

    profile = Profile()

    def __init__(self) -> None:
        self.store = Sound()
        self.waiting: list[Event] = []
        self.task: asyncio.Task[None] | None = None

    async def write(self) -> None:
        """Write what waits, until nothing does."""
        while self.waiting:
            await asyncio.sleep(0)
            batch, self.waiting = self.waiting, []
            for event in batch:
                self.store.apply(event)

    async def apply(self, event: Event) -> None:
        json.dumps(event.progress)
        self.waiting.append(event)
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self.write())

    async def read(self, job_id: str) -> Snapshot | None:
        return self.store.read(job_id)

    async def settle(self) -> None:
        """Wait until nothing waits."""
        if self.task is not None:
            await self.task


Letter = tuple[Event | str, asyncio.Future[Snapshot | None]]


class Actor:
    """Sends each event and each question to one task, which owns all state, and awaits its answer."""

    profile = Profile(unsupported=ONE_ATTEMPT)

    def __init__(self, inbox: asyncio.Queue[Letter]) -> None:
        self.inbox = inbox

    async def ask(self, question: Event | str) -> Snapshot | None:
        """The task's answer."""
        answer: asyncio.Future[Snapshot | None] = asyncio.get_running_loop().create_future()
        await self.inbox.put((question, answer))
        return await answer

    async def apply(self, event: Event) -> None:
        await self.ask(event)

    async def read(self, job_id: str) -> Snapshot | None:
        return await self.ask(job_id)


async def answering(inbox: asyncio.Queue[Letter]) -> None:
    """Own the state and answer for ever."""
    store = Sound()
    while True:
        question, answer = await inbox.get()
        try:
            if isinstance(question, Event):
                store.apply(question)
                answer.set_result(None)
            else:
                answer.set_result(store.read(question))
        except ValueError as error:
            answer.set_exception(error)


async def actor() -> AsyncIterator[Actor]:
    """An actor whose task ends with it."""
    inbox: asyncio.Queue[Letter] = asyncio.Queue()
    task = asyncio.get_running_loop().create_task(answering(inbox))
    yield Actor(inbox)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
