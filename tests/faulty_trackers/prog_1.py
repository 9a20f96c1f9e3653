"""Faulty for PROG-1: progress does not read back as the value given."""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pytest_jobstatus import Event
from tests.sound_trackers.merging import Row, Sound


def converted(value: Any, leaf: Callable[[Any], Any], key: Callable[[str], str] = str) -> Any:
    """The value with every leaf and every key converted."""
    if isinstance(value, dict):
        return {key(name): converted(each, leaf, key) for name, each in value.items()}
    if isinstance(value, list):
        return [converted(each, leaf, key) for each in value]
    return leaf(value)


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Converting(Sound):
    """Sound as it stands; the faulty ones below change what is stored."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        with suppress(RecursionError):  # too deep is for DATA-2
            value = self.stored(value)
        super().note_progress(row, event, value)

    def stored(self, value: Any) -> Any:
        return value


class ProgressAsText(Converting):
    """PROG-1: progress is stored as JSON text and read back as such."""

    def stored(self, value: Any) -> Any:
        return json.dumps(value)


class ProgressTextReparsed(Converting):
    """PROG-1: a text that happens to be JSON is parsed once too often."""

    def stored(self, value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value


class FalsyProgressAsNone(Converting):
    """PROG-1: zero, false and everything empty read as nothing."""

    def stored(self, value: Any) -> Any:
        return value or None


class NestedBooleansAsIntegers(Converting):
    """PROG-1: true and false inside a list or object read as 1 and 0."""

    def stored(self, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        return converted(value, lambda each: int(each) if isinstance(each, bool) else each)


class EmptyListsAsObjects(Converting):
    """PROG-1: an empty list reads as an empty object, as Lua's tables do."""

    def stored(self, value: Any) -> Any:
        if value == []:
            return {}
        if isinstance(value, dict):
            return {name: self.stored(each) for name, each in value.items()}
        return [self.stored(each) for each in value] if isinstance(value, list) else value


class NullFieldsDropped(Converting):
    """PROG-1: fields that are null are left out."""

    def stored(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.stored(each) for name, each in value.items() if each is not None}
        return [self.stored(each) for each in value] if isinstance(value, list) else value


class FloatsToFifteenDigits(Converting):
    """PROG-1: doubles are written with fifteen digits, which is two too few."""

    def stored(self, value: Any) -> Any:
        return converted(value, lambda each: float(f"{each:.15g}") if isinstance(each, float) else each)


class IntegersClampedTo32Bits(Converting):
    """PROG-1: integers stop at what 32 bits hold."""

    def stored(self, value: Any) -> Any:
        return converted(value, lambda each: max(-(2**31), min(each, 2**31 - 1)) if is_integer(each) else each)


class NumbersClampedToPercent(Converting):
    """PROG-1: a bare integer is forced between 0 and 100."""

    def stored(self, value: Any) -> Any:
        return max(0, min(value, 100)) if is_integer(value) else value


class AstralCharactersLost(Converting):
    """PROG-1: characters of four bytes read as question marks, in keys and texts."""

    def stored(self, value: Any) -> Any:
        return converted(value, lambda each: self.narrow(each) if isinstance(each, str) else each, self.narrow)

    def narrow(self, text: str) -> str:
        return "".join("?" if ord(each) > 0xFFFF else each for each in text)


class KeysNormalised(Converting):
    """PROG-1: the keys of objects are brought into Unicode's composed form."""

    def stored(self, value: Any) -> Any:
        return converted(value, lambda each: each, lambda name: unicodedata.normalize("NFC", name))


class DottedKeysNested(Converting):
    """PROG-1: a key with a dot is taken for a path into a nested object."""

    def stored(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        for name, each in value.items():
            outer, dot, inner = name.partition(".")
            found[outer if dot else name] = {inner: each} if dot else each
        return found


class LongStringsCut(Converting):
    """PROG-1: texts end after 255 characters."""

    def stored(self, value: Any) -> Any:
        return converted(value, lambda each: each[:255] if isinstance(each, str) else each)


class DeepNestingTrimmed(Converting):
    """PROG-1: what lies five levels deep is replaced by a placeholder, as loggers do."""

    def stored(self, value: Any, levels: int = 5) -> Any:
        if isinstance(value, dict | list) and not levels:
            return "[Object]"
        if isinstance(value, dict):
            return {name: self.stored(each, levels - 1) for name, each in value.items()}
        return [self.stored(each, levels - 1) for each in value] if isinstance(value, list) else value


class FieldsOfHashAsText(Converting):
    """PROG-1: the fields of an object are kept in a hash, whose values are all text."""

    def stored(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: each if isinstance(each, str) else json.dumps(each) for name, each in value.items()}


class FloatsInObjectsSingle(Sound):
    """PROG-1: numbers inside objects go through a column of single precision."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if isinstance(value, dict):
            value = {name: single(each) if isinstance(each, float) else each for name, each in value.items()}
        super().note_progress(row, event, value)


def single(number: float) -> float:
    (rounded,) = struct.unpack("f", struct.pack("f", number))
    return float(rounded)


class KeysInSnakeCase(Sound):
    """PROG-1: the parser of requests turns camelCase into snake_case, in progress too."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if isinstance(value, dict):
            value = {re.sub("(?<=[a-z])([A-Z])", r"_\1", name).lower(): each for name, each in value.items()}
        super().note_progress(row, event, value)


class EscapedNulScrubbed(Sound):
    """PROG-1: NUL is taken out of the JSON text, and with it a text that only speaks of it."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, json.loads(json.dumps(value).replace("\\u0000", "")))


class HundredthsCutOff(Sound):
    """PROG-1: percentages are stored as fractions, and cut off when they are read."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        percentage = type(value) is int and 0 <= value <= 100
        super().note_progress(row, event, int(value / 100 * 100) if percentage else value)


class FloatsInListsRounded(Sound):
    """PROG-1: numbers in lists are rounded to two places, for a chart."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if isinstance(value, list):
            value = [round(each, 2) if isinstance(each, float) else each for each in value]
        super().note_progress(row, event, value)


FAULTY: tuple[type[Sound], ...] = (
    ProgressAsText,
    ProgressTextReparsed,
    FalsyProgressAsNone,
    NestedBooleansAsIntegers,
    EmptyListsAsObjects,
    NullFieldsDropped,
    FloatsToFifteenDigits,
    IntegersClampedTo32Bits,
    NumbersClampedToPercent,
    AstralCharactersLost,
    KeysNormalised,
    DottedKeysNested,
    LongStringsCut,
    DeepNestingTrimmed,
    FieldsOfHashAsText,
    FloatsInObjectsSingle,
    KeysInSnakeCase,
    EscapedNulScrubbed,
    HundredthsCutOff,
    FloatsInListsRounded,
)
