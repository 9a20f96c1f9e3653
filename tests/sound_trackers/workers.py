"""Sound trackers with several workers, each with a handle of its own on the same storage."""

from __future__ import annotations

from typing import Self

from pytest_jobstatus import Event
from tests.sound_trackers.merging import Row, Sound, SoundWaiting


class SharedRows(Sound):
    """Workers share the rows and nothing else."""

    def another(self) -> Self:
        """A handle for another worker."""
        own = type(self)()
        own.rows = self.rows
        return own


class ForgetfulCache(SharedRows):
    """Each worker keeps the row that it wrote last, and looks at the version before it trusts its copy."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Row | None = None
        self.version = 0

    def find(self, event: Event) -> Row:
        """The job's row: the copy, unless another worker has written since."""
        stored = super().find(event)
        fresh = self.last is stored and stored.note.get("version", 0) == self.version
        self.last = self.last if fresh else stored
        assert self.last is not None
        return self.last

    def touch(self, row: Row, event: Event) -> None:
        """Set the time of the last change, and count it."""
        super().touch(row, event)
        self.version = row.note["version"] = row.note.get("version", 0) + 1


class QueuePerWorker(SoundWaiting, SharedRows):
    """Each worker writes what it was told when asked to settle, and not before."""
