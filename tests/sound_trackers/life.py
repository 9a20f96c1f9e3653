"""Sound trackers that are made, asked and left in other ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from pytest_jobstatus import Event, Profile, Snapshot
from tests.sound_trackers.merging import Row, Sound, SoundStrict


class HashedIds(Sound):
    """Knows a job by the hash of its tenant and id, forgets jobs, and is of no use once it is closed.

    Args:
        rows: what handles of several tenants share.
        tenant: whose handle this is.
    """

    def __init__(self, rows: dict[str, Row] | None = None, tenant: str = "") -> None:
        super().__init__()
        self.rows = {} if rows is None else rows
        self.tenant = tenant
        self.closed = False

    def key(self, job_id: str) -> str:
        """What stands for the job; nothing leads back to it."""
        assert not self.closed, "used after close()"
        return sha256(repr((self.tenant, job_id)).encode()).hexdigest()

    def find(self, event: Event) -> Row:
        return self.rows.setdefault(self.key(event.job_id), Row(""))

    def read(self, job_id: str) -> Snapshot | None:
        shown = super().read(self.key(job_id))
        return None if shown is None else replace(shown, job_id=job_id)

    def for_tenant(self, name: str) -> HashedIds:
        """A handle on the same storage for one tenant."""
        return type(self)(self.rows, name)

    def forget(self, job_ids: Sequence[str]) -> None:
        """Remove these jobs."""
        for job_id in job_ids:
            self.rows.pop(self.key(job_id), None)

    def close(self) -> None:
        """Be of no use any more."""
        assert not self.closed, "closed twice"
        self.closed = True


class Delegating:
    """Has neither methods nor a profile of its class: all is found out when it is asked for."""

    def __init__(self) -> None:
        self._inner = SoundStrict()

    @property
    def profile(self) -> Profile:
        """What it declares, made anew each time."""
        return Profile(order="strict")

    def __getattr__(self, name: str) -> Any:
        if name not in ("apply", "read"):
            raise AttributeError(name)
        return getattr(self._inner, name)
