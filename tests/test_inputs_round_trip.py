"""A scenario file reads back as the plan that was written: a counterexample is there to be replayed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pytest_jobstatus import EventKind, JobError, Profile
from pytest_jobstatus.clocks import AHEAD, START, TIE
from pytest_jobstatus.delivery import Plan, again_later, in_order, joined
from pytest_jobstatus.events import Mark
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.families import family
from pytest_jobstatus.rules import Plans
from pytest_jobstatus.runs import emit, emitted
from pytest_jobstatus.scenario import Scenario, dump, parse, short_id

A, R, C, F = EventKind.ACTIVE, EventKind.RETRYING, EventKind.COMPLETED, EventKind.FAILED
P, X = EventKind.PROGRESS, EventKind.CANCELLED
RETRIED = (Mark(EventKind.CREATED, 0), Mark(A, 1), Mark(R, 1), Mark(A, 2), Mark(P, 2), Mark(P, 2), Mark(F, 2))
ODD_TEXTS = (
    "",
    " ",
    "quotes \" and ' and \"\"\" and '''",
    "back\\slash \\u0041 \\",
    "lines\nand\r\nreturns\rand\ttabs",
    "NUL \0, DEL \x7f, controls \x01\x1f\x80\x9f",
    "\u2028\u2029\ufeff",
    "emoji \U0001f600, accents äé, combining a\u0308",
    "lone \ud800 surrogates \udfff",
    "= [[events]] # comment",
    "x" * 100_000,
)
STORABLE = [text for text in ODD_TEXTS if "\ud800" not in text]
ODD_PROGRESS: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    0,
    -0.0,
    1e-320,
    2**70,
    True,
    [],
    {},
    {"": {"a": [None, False, math.nan]}},
    *ODD_TEXTS,
    dict.fromkeys(ODD_TEXTS, 1),
)


def read_back(plan: Plan, **about: Any) -> Scenario:
    """The scenario of the plan, written and read again."""
    words = {"id": "TERM-1-0123abcd", "title": "what went wrong"} | about
    return parse(dump(Scenario(rules=("CONV-1",), plan=plan, found=None, **words)), source="written.toml")


def content(plan: Plan) -> dict[str, Any]:
    """All that a plan says, so that NaN equals NaN; the clock's name is told by the instants."""
    events = [
        event.__dict__ | {"progress": json.dumps(event.progress), "context": dict(event.context)}
        for event in plan.events
    ]
    return {"events": events} | {name: getattr(plan, name) for name in ("order", "strays", "reads", "strangers")}


def assert_same(plan: Plan) -> None:
    again = read_back(plan).plan
    assert content(again) == content(plan)
    assert short_id(again) == short_id(plan), "the same plan has the same name"


@pytest.mark.parametrize("progress", ODD_PROGRESS, ids=lambda value: ascii(value)[:30])
def test_any_progress(progress: Any) -> None:
    """Whatever `json.dumps` accepts is told again, NaN and lone surrogates included."""
    event = replace(emit(Mark(P, 1), at=START), progress=progress)
    assert_same(in_order([event]))


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda value: ascii(value)[:30])
@pytest.mark.parametrize("field", ["type", "message", "traceback"])
def test_any_error(field: str, text: str) -> None:
    """Type, text and traceback of an error are told again, whatever characters they have."""
    texts = {"type": "ValueError", "message": "boom", "traceback": None, field: text}
    event = replace(emit(Mark(F, 1), at=START), error=JobError(**texts))  # type: ignore[arg-type]
    assert_same(in_order([event]))


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda value: ascii(value)[:30])
def test_anybody_may_cancel(text: str) -> None:
    """Who cancelled is told again, whatever characters the name has."""
    assert_same(in_order([replace(emit(Mark(X, 1), at=START), cancelled_by=text)]))


@pytest.mark.parametrize("text", [text for text in STORABLE if len(text) < 256 and text], ids=ascii)
def test_any_id_and_context(text: str) -> None:
    """Ids are opaque, and context holds any strings."""
    events = [replace(event, context={text: text, "queue": text}) for event in emitted(RETRIED, job=text)]
    assert_same(replace(in_order(events), strangers=(f"{text}-2",)))


@pytest.mark.parametrize("text", [text for text in STORABLE if text], ids=lambda value: ascii(value)[:30])
@pytest.mark.parametrize("key", ["title", "story", "link", "id"])
def test_any_words_about_it(key: str, text: str) -> None:
    """Title, story and link are for people of any language; a title may quote what the tracker raised."""
    assert getattr(read_back(in_order(emitted(RETRIED)), **{key: text}), key) == text


def test_a_title_with_lone_surrogates_can_be_read_again() -> None:
    """What TOML cannot hold is lost from a title; the plan is not."""
    plan = in_order(emitted(RETRIED))
    again = read_back(plan, title="it raised ValueError: no \ud800 left")
    assert again.title.startswith("it raised ValueError: no ")
    assert content(again.plan) == content(plan)


def test_several_jobs() -> None:
    """Events of several jobs keep their jobs, though they share kinds, attempts and names."""
    plans = [in_order(emitted(RETRIED)), in_order(emitted(RETRIED[:2])), in_order(emitted(RETRIED, clock=TIE))]
    together = joined(plans)
    assert len(together.jobs) == 3
    assert_same(replace(together, order=tuple(reversed(together.order))))
    names = ("a", "a active 1", "a active 1 #2", "active 1")
    alike = joined([in_order(emitted(RETRIED))] * len(names))
    renamed = dict(zip(alike.jobs, names, strict=True))
    events = tuple(event.moved(job_id=renamed[event.job_id], by=timedelta()) for event in alike.events)
    assert_same(replace(alike, events=events))


def test_repeats_and_losses() -> None:
    """Each delivery is told again, and what was never delivered stays so."""
    events = emitted(RETRIED)
    assert_same(Plan(events=events, order=(6, 6, 1, 6, 4, 5, 4)))
    assert_same(Plan(events=events, order=again_later((6, 0, 3, 1, 2))))


def test_strays_strangers_and_reads() -> None:
    """What no run contains, who was never heard of, and how often was read are told again."""
    stray = emit(Mark(C, 1), at=START + timedelta(seconds=9))
    late = emit(Mark(A, 3), at=START + timedelta(seconds=10))
    plan = Plan(
        events=(*emitted(RETRIED), stray, late, late),
        order=(7, 0, 6, 8, 9, 1),
        strays=frozenset({7, 8, 9}),
        reads=3,
        strangers=("job-2", "job-3"),
    )
    assert_same(plan)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=45)), ZoneInfo("Asia/Tokyo")], ids=str)
def test_instants_with_any_offset(zone: Any) -> None:
    """Instants are told again to the microsecond, whatever offset they are written with."""
    events = [
        replace(
            event,
            occurred_at=(event.occurred_at + timedelta(microseconds=123_456)).astimezone(zone),
            retry_at=None if event.retry_at is None else event.retry_at.astimezone(zone),
        )
        for event in emitted(RETRIED, clock=AHEAD)
    ]
    assert_same(in_order(events))


@pytest.mark.parametrize("name", Plans, ids=str)
def test_every_family_of_plans(name: Plans) -> None:
    """Whatever plan breaks a rule can be written and read: here every thirteenth of each family."""
    plans = list(islice(family(name, EFFORTS["quick"], Profile(), seed=1).plans, 0, 4_000, 13))
    assert plans
    for plan in plans:
        assert_same(plan)


def test_plans_that_last_for_days_keep_their_distances() -> None:
    """A tracker that stores whole hours is told of events hours apart; a plan of days moves by whole days at most."""
    profile = Profile(resolution=timedelta(hours=1))
    for plan in islice(family(Plans.MACHINE, EFFORTS["quick"], profile, seed=1).plans, 20):
        again = read_back(plan).plan
        moved = again.events[0].occurred_at - plan.events[0].occurred_at
        assert moved % timedelta(days=1) == timedelta()
        back = tuple(event.moved(job_id=event.job_id, by=-moved) for event in again.events)
        assert content(replace(again, events=back)) == content(plan)
