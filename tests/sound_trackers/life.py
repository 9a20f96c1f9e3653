"""A sound tracker that is left properly: asked to forget, then closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from pytest_jobstatus import Event, Snapshot
from tests.sound_trackers.merging import Row, Sound


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
