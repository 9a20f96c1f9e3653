"""What is the same JSON, and how values are told."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest

from pytest_jobstatus import JobError
from pytest_jobstatus.rules.effects import same_json
from pytest_jobstatus.rules.saying import lacks, told, told_json
from pytest_jobstatus.rules.saying import named as label_of

SAME: tuple[tuple[object, object], ...] = (
    (5, 5.0),
    (0, -0.0),
    (2**53, 2**53 + 1),
    (2**60, float(2**60)),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    ("", ""),
    (None, None),
    ({"a": 1, "b": [True]}, {"b": [True], "a": 1.0}),
    ([1, (2,)], [1, [2]]),
)
OTHER: tuple[tuple[object, object], ...] = (
    (5, 6),
    (2**53 - 1, 2**53 - 2),
    (2**60, 2**61),
    (10**400, -math.inf),
    (1, True),
    (0, False),
    (0, None),
    ("1", 1),
    ({}, []),
    ({"a": 1}, {"a": 1, "b": None}),
    ({"a": 1}, {"a": 2}),
    ([1], [1, 2]),
    ([1, 2], [2, 1]),
)


@pytest.mark.parametrize(("one", "other"), SAME, ids=repr)
def test_same_json(one: object, other: object) -> None:
    """Numbers are the same by value, as exactly as a double holds them, and objects in any order."""
    assert same_json(one, other)
    assert same_json(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER, ids=repr)
def test_other_json(one: object, other: object) -> None:
    """Nothing else is the same."""
    assert not same_json(one, other)
    assert not same_json(other, one)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("", '""'),
        (7, "7"),
        ({1: JobError("E", "m")}, """{"1": "JobError(type='E', message='m', traceback=None)"}"""),
        (datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2))), "10:00:00"),
    ],
    ids=repr,
)
def test_told(value: object, text: str) -> None:
    """A value is told on one line of at most 60 characters."""
    assert told(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("x" * 60 + "\n", told("x" * 60 + "\n")), ("x" * 61 + "\n", f'"{told("x" * 61)}"'), ("x" * 60, f'"{"x" * 60}"')],
    ids=["a line break in what is told", "one after it", "none"],
)
def test_told_json(value: str, text: str) -> None:
    """A text stands in quotes once, those that `told` gives it or others."""
    assert told_json(value) == text


@pytest.mark.parametrize(
    ("shown", "wrong"),
    [
        ("E: boom, and more", None),
        (JobError("E", "boom"), None),
        (JobError("module.E", "a boom"), None),
        (JobError("OtherE", "boom"), "failed with type E, but the job shows type OtherE"),
        (JobError("E", "bo"), 'failed with "boom", but the job shows "bo"'),
        ("bo", 'failed with "boom", but the job shows "bo"'),
        (None, 'failed with "boom", but the job shows no error'),
    ],
    ids=str,
)
def test_lacks(shown: JobError | str | None, wrong: str | None) -> None:
    """The text must be in it, and the type the same, with or without its module."""
    assert lacks(shown, JobError("E", "boom")) == wrong


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("a-b-1", "a-b-1"),
        ("jöb", "'j\\xf6b'"),
        ("a b", "'a b'"),
        ("-", "'-'"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "61 * 'x'"),
        (f"#{'x' * 19}", f"'#{'x' * 19}'"),
        (f"{'x' * 19}#", f"'{'x' * 19}#'"),
        (f"#{'x' * 20}", "'#' + 20 * 'x'"),
        (f"{'x' * 20}#{'y' * 20}", "20 * 'x' + '#' + 20 * 'y'"),
    ],
)
def test_label(label: str, text: str) -> None:
    """An id that might be misread stands in quotes, and what comes many times in a row in it once."""
    assert label_of(label) == text
