"""Faulty for PROG-2: older progress replaces newer, or tied progress does not replace."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing
from tests.sound_trackers.write_behind import Batched


class LastDeliveredProgressWins(Sound):
    """PROG-2: the progress delivered last is shown, however old."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        row.progress, row.progress_key = value, (event.attempt, event.occurred_at)


class ProgressByAttemptOnly(Sound):
    """PROG-2: within one attempt the progress delivered last is shown."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is None or event.attempt >= row.progress_key[0]:
            row.progress, row.progress_key = value, (event.attempt, event.occurred_at)


class ProgressByInstantOnly(Sound):
    """PROG-2: the newest instant wins, even that of an older attempt whose clock is ahead."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is None or event.occurred_at >= row.progress_key[1]:
            row.progress, row.progress_key = value, (event.attempt, event.occurred_at)


class ProgressFencedWithinAttemptOnly(Sound):
    """PROG-2: instants are compared within one attempt, and progress of any other attempt replaces."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is not None and row.progress_key[0] != event.attempt:
            row.progress_key = None
        super().note_progress(row, event, value)


class TiedProgressIgnored(Sound):
    """PROG-2: of two equal instants the first delivered stays."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key != (event.attempt, event.occurred_at):
            super().note_progress(row, event, value)


class ProgressToTheSecond(Sound):
    """PROG-2: instants are compared in whole seconds."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        key = (event.attempt, event.occurred_at.replace(microsecond=0))
        if row.progress_key is None or key >= row.progress_key:
            row.progress, row.progress_key = value, key


class ProgressComparedWithLastDelivered(Sound):
    """PROG-2: late progress is ignored, but what follows is compared with it."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        row.progress_key = (event.attempt, event.occurred_at)


class ProgressGuardedWhileOpenOnly(Sound):
    """PROG-2: once the job has ended, late progress replaces whatever is shown."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.over:
            row.progress_key = None
        super().note_progress(row, event, value)


class ProgressByWallClock(Sound):
    """PROG-2: instants are compared as wall clocks, without their offsets."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        key = (event.attempt, event.occurred_at.replace(tzinfo=UTC))
        if row.progress_key is None or key >= row.progress_key:
            row.progress, row.progress_key = value, key


class ProgressInstantsAsText(Sound):
    """PROG-2: instants are compared as text, in which a whole second sorts after its fractions."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        text = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        key = (event.attempt, text)
        if "progress" not in row.note or key >= row.note["progress"]:
            row.progress, row.note["progress"] = value, key


class ProgressKeyForgottenAtStart(Sound):
    """PROG-2: the next start forgets how new the progress is that it leaves in place."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.ACTIVE:
            row.progress_key = None


class ClearedProgressComesBack(SoundClearing):
    """PROG-2: once cleared for the next attempt, progress of the older one is taken again."""

    def clear_progress(self, row: Row, event: Event) -> None:
        row.progress, row.progress_key = None, None


class HigherNumberWins(Sound):
    """PROG-2: of two numbers the higher one is shown, not the newer one."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if isinstance(value, int) and isinstance(row.progress, int):
            row.progress = max(row.progress, value)
        else:
            super().note_progress(row, event, value)


class AttemptsComparedAsText(Sound):
    """PROG-2: the attempt of the newest progress comes from a hash of texts, where "10" is less than "9"."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        key = (str(event.attempt), event.occurred_at)
        if key >= row.note.get("newest", ("", LONG_AGO)):
            row.progress, row.note["newest"] = value, key


class ProgressKeyRoundedUp(Sound):
    """PROG-2: the instant of the newest progress is stored to the nearest minute, and compared with the exact one."""

    profile = Profile(resolution=timedelta(minutes=1))

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        attempt, at = row.progress_key or (0, LONG_AGO)
        row.progress_key = (attempt, (at + timedelta(seconds=30)).replace(second=0, microsecond=0))


class NewestOfBatchFirst(Batched):
    """PROG-2: what waits is taken from a stack, the progress that came last first."""

    def batch(self) -> list[Event]:
        progress = [event for event in self.waiting if event.kind is EventKind.PROGRESS]
        return [event for event in self.waiting if event.kind is not EventKind.PROGRESS] + progress[::-1]


FAULTY: tuple[type[Sound], ...] = (
    LastDeliveredProgressWins,
    ProgressByAttemptOnly,
    ProgressByInstantOnly,
    ProgressFencedWithinAttemptOnly,
    TiedProgressIgnored,
    ProgressToTheSecond,
    ProgressComparedWithLastDelivered,
    ProgressGuardedWhileOpenOnly,
    ProgressByWallClock,
    ProgressInstantsAsText,
    ProgressKeyForgottenAtStart,
    ClearedProgressComesBack,
    HigherNumberWins,
    AttemptsComparedAsText,
    ProgressKeyRoundedUp,
    NewestOfBatchFirst,
)
