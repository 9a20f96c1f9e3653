"""Faulty for PROG-4: something of the old progress survives the new one."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event
from tests.sound_trackers.merging import Row, Sound


class Merging(Sound):
    """Sound as it stands; the faulty ones below change what becomes of old and new."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        key = (event.attempt, event.occurred_at)
        if row.progress_key is not None and key >= row.progress_key:
            value = self.merged(row.progress, value)
        super().note_progress(row, event, value)

    def merged(self, old: Any, new: Any) -> Any:
        return new


class ObjectsMerged(Merging):
    """PROG-4: the fields of a new object are added to the old ones."""

    def merged(self, old: Any, new: Any) -> Any:
        return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


class ObjectsMergedInPlace(Merging):
    """PROG-4: the fields of a new object are written into the old one, which readers may still hold."""

    def merged(self, old: Any, new: Any) -> Any:
        if not isinstance(old, dict) or not isinstance(new, dict):
            return new
        old.update(new)
        return old


class NestedObjectsMerged(Merging):
    """PROG-4: nested objects keep the fields that the new ones lack."""

    def merged(self, old: Any, new: Any) -> Any:
        if not isinstance(old, dict) or not isinstance(new, dict):
            return new
        both = {name for name in new if isinstance(new[name], dict) and isinstance(old.get(name), dict)}
        return {name: {**old[name], **each} if name in both else each for name, each in new.items()}


class NullFieldsKeepOldValues(Merging):
    """PROG-4: a field that is null keeps its old value."""

    def merged(self, old: Any, new: Any) -> Any:
        if not isinstance(old, dict) or not isinstance(new, dict):
            return new
        return {name: old.get(name) if each is None else each for name, each in new.items()}


class NullKeepsOldProgress(Merging):
    """PROG-4: progress of null leaves the old value."""

    def merged(self, old: Any, new: Any) -> Any:
        return old if new is None else new


class EmptyKeepsOldProgress(Merging):
    """PROG-4: an empty object, list or text leaves the old value."""

    def merged(self, old: Any, new: Any) -> Any:
        return old if new in ({}, [], "") else new


class EqualKeepsOldProgress(Merging):
    """PROG-4: what Python holds equal is not written, so that true does not replace 1."""

    def merged(self, old: Any, new: Any) -> Any:
        return old if new == old else new


class ListsAppended(Merging):
    """PROG-4: a new list is appended to the old one."""

    def merged(self, old: Any, new: Any) -> Any:
        return old + new if isinstance(old, list) and isinstance(new, list) else new


class LongerListKeepsTail(Merging):
    """PROG-4: a list is written item by item, and the tail of a longer old one stays."""

    def merged(self, old: Any, new: Any) -> Any:
        return new + old[len(new) :] if isinstance(old, list) and isinstance(new, list) else new


class NumberWrittenIntoObject(Merging):
    """PROG-4: a bare number after an object becomes one of its fields."""

    def merged(self, old: Any, new: Any) -> Any:
        return {**old, "percent": new} if isinstance(old, dict) and isinstance(new, int | float) else new


class FieldsOfOlderAttemptKept(Sound):
    """PROG-4: the next attempt's first object keeps the fields of the older attempt's last."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        older = row.progress_key is not None and row.progress_key[0] < event.attempt
        if older and isinstance(row.progress, dict) and isinstance(value, dict):
            value = {**row.progress, **value}
        super().note_progress(row, event, value)


class UnchangedForAnyJob(Sound):
    """PROG-4: the last value written is kept once for all jobs: what another has just told is not written."""

    written: Any = None

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if value != self.written or row.progress_key is None:
            super().note_progress(row, event, value)
        self.written = value


FAULTY: tuple[type[Sound], ...] = (
    ObjectsMerged,
    ObjectsMergedInPlace,
    NestedObjectsMerged,
    NullFieldsKeepOldValues,
    NullKeepsOldProgress,
    EmptyKeepsOldProgress,
    EqualKeepsOldProgress,
    ListsAppended,
    LongerListKeepsTail,
    NumberWrittenIntoObject,
    FieldsOfOlderAttemptKept,
    UnchangedForAnyJob,
)
