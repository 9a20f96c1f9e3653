"""Sound trackers for several tenants."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from copy import copy
from itertools import count
from re import fullmatch
from typing import Any, Self
from uuid import NAMESPACE_DNS, UUID, uuid5

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot
from tests.sound_trackers.merging import Row, Sound, SoundRefusing, SoundWaiting


class InKey(Sound):
    """One table for all; the tenant is part of the key."""

    tenant = ""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[Any, Row] = {}

    def for_tenant(self, name: str) -> Self:
        """The same table, for one tenant."""
        own = copy(self)
        own.tenant = name
        return own

    def key(self, job_id: str) -> Hashable:
        """What finds the job's row."""
        return (self.tenant, job_id)

    def find(self, event: Event) -> Row:
        return self.rows.setdefault(self.key(event.job_id), Row(event.job_id))

    def read(self, job_id: str) -> Snapshot | None:
        row = self.rows.get(self.key(job_id))
        return None if row is None or row.status is None else self.show(row)


class TablePerTenant:
    """A table for each tenant, made when it is first asked for; there is none without a tenant but the first."""

    profile = Profile(unsupported={"concurrency": "in memory"})

    def __init__(self) -> None:
        self.tables: dict[UUID, Sound] = {}

    def for_tenant(self, name: str) -> Sound:
        """The tenant's own table, by the tenant's number."""
        return self.tables.setdefault(uuid5(NAMESPACE_DNS, name), Sound())

    def apply(self, event: Event) -> None:
        self.for_tenant("none").apply(event)

    def read(self, job_id: str) -> Snapshot | None:
        return self.for_tenant("none").read(job_id)


class TenantFromContext(InKey):
    """Takes the tenant from the event, as workers do; a handle's own is for reading."""

    def find(self, event: Event) -> Row:
        return self.rows.setdefault((event.context.get("tenant", ""), event.job_id), Row(event.job_id))


class Asynchronous:
    """Connects for each tenant, and closes what it opened."""

    def __init__(self, store: InKey | None = None) -> None:
        self.store = store or InKey()
        self.open = True

    async def for_tenant(self, name: str) -> Asynchronous:
        """A connection of the tenant's own."""
        await asyncio.sleep(0)
        return Asynchronous(self.store.for_tenant(name))

    async def apply(self, event: Event) -> None:
        assert self.open
        self.store.apply(event)

    async def read(self, job_id: str) -> Snapshot | None:
        assert self.open
        return self.store.read(job_id)

    async def forget(self, job_ids: list[str]) -> None:
        assert self.open
        for job_id in job_ids:
            self.store.rows.pop(self.store.key(job_id), None)

    async def close(self) -> None:
        assert self.open
        self.open = False


class WritesBehind(SoundWaiting, InKey):
    """Each tenant's handle keeps what it is told until it is asked to write."""

    def for_tenant(self, name: str) -> Self:
        own = super().for_tenant(name)
        own.waiting = []
        return own


class RefusingTenants(InKey, SoundRefusing):
    """Refuses what is behind, as it declares."""

    profile = SoundRefusing.profile


class OneHandle(InKey):
    """Its handles are one object, which is told the tenant with each event."""

    def for_tenant(self, name: str) -> Any:
        return _Bound(self, name)


class _Bound:
    def __init__(self, tracker: OneHandle, tenant: str) -> None:
        self.tracker, self.tenant = tracker, tenant

    def apply(self, event: Event) -> None:
        self.tracker.tenant = self.tenant
        self.tracker.apply(event)

    def read(self, job_id: str) -> Snapshot | None:
        self.tracker.tenant = self.tenant
        return self.tracker.read(job_id)


class RoomForTwo(InKey):
    """Has room for two tenants besides none."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def for_tenant(self, name: str) -> Self:
        if len(self.names | {name}) > 2:
            raise OverflowError("too many attached databases")
        self.names.add(name)
        return super().for_tenant(name)


class Identifiers(InKey):
    """Each tenant has a schema, whose name is its own: letters, digits and dashes, and not too many."""

    def for_tenant(self, name: str) -> Self:
        if not fullmatch("[a-z][a-z0-9-]{0,31}", name):
            raise ValueError(f"tenant {name!r}: allowed are 32 letters, digits and dashes")
        return super().for_tenant(name.replace("-", "_"))


class StrictlyForgotten(InKey):
    """Forgets each row once, and nothing that it was not told of."""

    def forget(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            del self.rows[self.key(job_id)]


class NamesWhatHasNoName(InKey):
    """Where nobody is named as the one who cancelled, or no error is given, it shows a number that it makes up."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count()

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED and event.cancelled_by is None:
            row.cancelled_by = f"request-{next(self.numbers)}"
        if event.kind is EventKind.FAILED and event.error is None:
            row.error = JobError("Unknown", f"incident {next(self.numbers)}")
