"""Times that are kept as they came and put in order when they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus import Status
from pytest_jobstatus.tracker import END_TIMES


@dataclass
class Layout:
    """One job's times: creation and end stay once they are set, and the start is shown between them.

    Args:
        tick: how far apart they are at least. The end leaves room for a start behind the creation.
        latest: whether the newest attempt's start is shown, not the first's.
    """

    tick: timedelta = timedelta(0)
    latest: bool = False
    created_at: datetime | None = None
    starts: dict[int, datetime] = field(default_factory=dict)
    ended_at: datetime | None = None

    def create(self, at: datetime) -> None:
        """Take the time of creation, unless there is one."""
        if self.created_at is None:
            self.created_at = at if self.ended_at is None else min(at, self.ended_at - 2 * self.tick)

    def start(self, attempt: int, at: datetime) -> None:
        """Take the time of an attempt's start, unless there is one."""
        self.starts.setdefault(attempt, at)

    def end(self, at: datetime) -> None:
        """Take the time of the end, unless there is one."""
        if self.ended_at is None:
            created = at if self.created_at is None else self.created_at + 2 * self.tick
            started = at if self.started_at is None else self.started_at + self.tick
            self.ended_at = max(at, created, started)

    @property
    def started_at(self) -> datetime | None:
        """The start to show, between creation and end."""
        if not self.starts:
            return None
        at = self.starts[max(self.starts) if self.latest else min(self.starts)]
        if self.created_at is not None:
            at = max(at, self.created_at + self.tick)
        return at if self.ended_at is None else min(at, self.ended_at - self.tick)

    def shown(self, status: Status) -> dict[str, Any]:
        """The fields of a snapshot."""
        shown = {"created_at": self.created_at, "started_at": self.started_at}
        return {**shown, END_TIMES[status]: self.ended_at} if status.terminal else shown
