"""Sound trackers that refuse what is behind, with the exceptions that they declare."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile
from tests.sound_trackers.choices import IgnoresZombies, ProgressNeverMoves
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, Stale


class RefusesAllBehind(Sound):
    """Refuses all that may be refused: repeats, late starts and creations, progress that is older or tied, the rest."""

    profile = Profile(refuses=(Stale,))
    refusal: type[Exception] = Stale

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if not self.is_ahead(row, event) and not self.is_news(row, event):
            raise self.refusal(f"{event.name} is behind {row.status}")
        super().merge(row, event, value)
        if event.kind is EventKind.PROGRESS:
            newest = self.newest(row)
            newest[event.attempt] = max(newest.get(event.attempt, LONG_AGO), event.occurred_at)

    def is_news(self, row: Row, event: Event) -> bool:
        """Whether this is progress of the attempt shown, newer than all before it, of an open job."""
        running = event.kind is EventKind.PROGRESS and event.attempt == row.attempt and not row.over
        return running and event.occurred_at > self.newest(row).get(event.attempt, LONG_AGO)

    def newest(self, row: Row) -> dict[int, datetime]:
        """The instant of each attempt's newest progress."""
        newest: dict[int, datetime] = row.note.setdefault("newest", {})
        return newest


class Behind(Exception):  # noqa: N818 - what the event is
    """The event is behind; without a word."""


class RefusesWithoutWords(RefusesAllBehind):
    """Refuses all that may be refused with an exception that says nothing but its name, odd progress that is behind
    included.
    """

    profile = Profile(refuses=(Behind,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        try:
            super().merge(row, event, value)
        except Stale:
            raise Behind from None


class RefusesUnmoved(RefusesAllBehind, ProgressNeverMoves):
    """Refuses with a subclass of what it declares, in strict order; a creation after progress too, which is equal."""

    profile = Profile(order="strict", refuses=(ArithmeticError, LookupError))
    tick = timedelta.resolution
    refusal = KeyError


class Closed(BaseException):
    """The job is over; deliberately no Exception."""


class RefusesAfterEnd(IgnoresZombies):
    """Refuses only after the end, with what is no Exception; before it takes what is late, and ignores zombies."""

    profile = Profile(late_end="ignored", refuses=(Closed,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over:
            raise Closed(f"{row.job_id} is {row.status}")
        super().merge(row, event, value)


class RefusesButZombies(RefusesAllBehind, IgnoresZombies):
    """Refuses all that may be refused, and ignores late ends of older attempts, which are not behind."""

    profile = Profile(late_end="ignored", refuses=(Stale,))


class RefusesZombies(RefusesAllBehind):
    """Refuses all that may be refused, late ends of older attempts among it, which it says it ignores."""

    profile = Profile(late_end="ignored", refuses=(Stale,))

    def is_ahead(self, row: Row, event: Event) -> bool:
        late = event.kind in (EventKind.COMPLETED, EventKind.FAILED) and event.attempt < row.attempt
        return not late and super().is_ahead(row, event)
