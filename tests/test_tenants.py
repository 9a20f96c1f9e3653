"""Tenants: each is told and read through a handle of its own, and plans with tenants stay what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import EventKind, Misuse, Profile, Verdict, check
from pytest_jobstatus.cli import main
from pytest_jobstatus.clocks import AGREE
from pytest_jobstatus.delivery import Plan, joined
from pytest_jobstatus.events import Mark
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.families import family
from pytest_jobstatus.explore.observer import seen_by
from pytest_jobstatus.explore.simpler import made_plain
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.rules import Plans
from pytest_jobstatus.runs import emitted
from pytest_jobstatus.scenario import Scenario, dump, parse
from tests.faulty_trackers.iso_2.handles import LastInsertedTenant
from tests.sound_trackers.merging import Sound
from tests.sound_trackers.tenants import Asynchronous, InKey

ENDED = (Mark(EventKind.CREATED, 0), Mark(EventKind.COMPLETED, 1))
APART = Plan(
    events=tuple(event for job in ("acme/a", "globex/a", "globex/b") for event in emitted(ENDED, job=job)),
    order=(0, 2, 4, 1, 3),
    tenancy=True,
)
"""The end of the last job is lost."""


class Noting(InKey):
    """Notes with which tenant it was told of which job."""

    told: list[tuple[str, str, str | None]] = []  # noqa: RUF012 - of all handles together

    def apply(self, event: Any) -> None:
        self.told.append((self.tenant, event.job_id, event.context.get("tenant")))
        super().apply(event)


def test_each_tenant_has_its_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events go to the handle of their tenant, under ids that are shared where the plan's are, and name the tenant."""
    told: list[tuple[str, str, str | None]] = []
    monkeypatch.setattr(Noting, "told", told)
    with Factory.of(Noting).open() as handle:
        history = seen_by(handle, APART)
    shared, other = told[0][1], told[2][1]
    assert shared.startswith("a-")
    assert other.startswith("b-")
    assert told == [
        ("acme", shared, "acme"),
        ("globex", shared, "globex"),
        ("globex", other, "globex"),
        ("acme", shared, "acme"),
        ("globex", shared, "globex"),
    ]
    assert [str(step.after.status) for step in history.steps if step.after] == ["pending"] * 3 + ["completed"] * 2
    assert [history.labels[step.event.job_id] for step in history.steps][:3] == ["acme/a", "globex/a", "globex/b"]


def test_rows_are_forgotten_and_handles_closed() -> None:
    """Each tenant's rows are forgotten once, before any handle is closed, the one asked for again included."""
    tracker = Asynchronous()
    with Factory.of(lambda: tracker).open() as handle:
        seen_by(handle, replace(APART, order=(*APART.order, 5, 0)))
        own = [each.tracker for known in handle.tenants.values() for each in known]
        assert len(tracker.store.rows) == 3
    assert not tracker.store.rows
    assert [each.open for each in (tracker, *own)] == [False] * 4  # type: ignore[attr-defined]


def test_the_one_asked_for_again_is_not_the_last() -> None:
    """Scenarios have two tenants and come first: what makes only the last one's number good is found all the same."""
    (found,) = check(LastInsertedTenant, rules="ISO-2").failed
    assert found.counterexample is not None


class Declares(Sound):
    """Has no tenants, and says so."""

    profile = Profile(unsupported={"tenancy": "one customer"})


@pytest.mark.parametrize(
    ("tracker", "reason"), [(Sound, "the tracker has no method for_tenant"), (Declares, "one customer")]
)
def test_without_tenants_it_does_not_apply(tracker: type[Sound], reason: str) -> None:
    """The reason is the tracker's own, else that the method is missing."""
    result = check(tracker, rules="ISO-2")["ISO-2"]
    assert (result.verdict, result.reason) == (Verdict.NOT_APPLICABLE, f"not supported: tenancy: {reason}")


class Broken(InKey):
    def for_tenant(self, name: str) -> Any:
        return name.nonsense  # type: ignore[attr-defined]


class GivesNothing(InKey):
    def for_tenant(self, name: str) -> Any:
        return None


def test_names_that_are_refused_are_told() -> None:
    """Where no name is taken the rule was not exercised: the reason is the first refusal."""

    class RefusesAll(InKey):
        def for_tenant(self, name: str) -> Any:
            raise LookupError(f"no customer {name}")

    result = check(RefusesAll, rules="ISO-2")["ISO-2"]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reason is not None
    assert result.reason.startswith(
        "never exercised: for_tenant('tenant-1') raised LookupError: no customer tenant-1, "
    )


@pytest.mark.parametrize(
    ("tracker", "said"),
    [
        (Broken, r"Broken.for_tenant\('tenant-1'\) raised AttributeError: .*; that is no verdict on the tracker"),
        (GivesNothing, r"GivesNothing.for_tenant\('tenant-1'\) made None, which has no method 'apply'"),
    ],
)
def test_a_broken_method_is_misuse(tracker: type[InKey], said: str) -> None:
    """What `for_tenant` does wrong is no verdict."""
    with pytest.raises(Misuse, match=said):
        check(tracker, rules="ISO-2")


class LosesCompletions(InKey):
    def apply(self, event: Any) -> None:
        if event.kind != "completed":
            super().apply(event)


def test_it_needs_company() -> None:
    """What a tracker does wrong with any job is for other rules to tell of."""
    report = check(LosesCompletions, rules="ISO-2 TRACK-1")
    assert (report["ISO-2"].verdict, report["TRACK-1"].verdict) == (Verdict.PASS, Verdict.FAIL)


def test_names_are_made_plain_within_tenants() -> None:
    """Tenants keep their names, and what shares an id still does, also behind another history."""
    assert made_plain(APART, AGREE).jobs == ("acme/job-1", "globex/job-1", "globex/job-2")
    both = joined([APART, APART])
    assert both.tenancy
    assert len(set(both.jobs)) == 6
    assert both.jobs[3].partition("/")[2] == both.jobs[4].partition("/")[2]


def test_it_reads_back() -> None:
    """A scenario file keeps the tenants."""
    written = dump(Scenario(id="x", title="x", rules=("ISO-2",), plan=APART))
    assert "\ntenancy = true\n" in written
    plan = parse(written, source="x.toml").plan
    assert (plan.jobs, plan.order, plan.tenancy) == (APART.jobs, APART.order, True)


@pytest.mark.parametrize("bad", ["a", "/a", "acme/"])
def test_a_job_without_tenant_is_refused(bad: str) -> None:
    """With tenancy each job's name has both parts."""
    text = dump(Scenario(id="x", title="x", rules=("ISO-2",), plan=APART)).replace('"acme/a"', f'"{bad}"')
    with pytest.raises(Misuse, match=rf"x.toml: job '{bad}': with tenancy allowed is a tenant, a slash and an id"):
        parse(text, source="x.toml")


@pytest.mark.parametrize(("lacking", "alike"), [((), True), (("opaque_ids",), False)])
def test_names_that_look_alike_need_opaque_ids(lacking: tuple[str, ...], *, alike: bool) -> None:
    """Ids that begin with digits or a dash are told to trackers only that take any."""
    profile = Profile(unsupported=dict.fromkeys(lacking, "no"))
    plans = [*family(Plans.TENANTS, EFFORTS["default"], profile, seed=0).plans]
    assert all(plan.tenancy and len(plan.jobs) > 1 for plan in plans)
    assert any("#" in job for plan in plans for job in plan.jobs) is alike


def test_a_tracker_without_tenants_is_not_told_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that needs tenants is left out of a check, and misuse where it is asked for by name."""
    monkeypatch.chdir(tmp_path)
    scenario = Scenario(id="x", title="x", rules=("ISO-2", "TRACK-1"), plan=APART)
    (tmp_path / "x.toml").write_text(dump(scenario), encoding="utf-8")
    report = check(Sound, rules="ISO-2 TRACK-1", scenarios=tmp_path, effort="quick")
    assert report["TRACK-1"].verdict is Verdict.PASS
    with pytest.raises(Misuse, match=r"^x: needs tenancy, which .*:Sound lacks: the tracker has no method for_tenant$"):
        replay(Factory.of(Sound), scenario)
    target = "tests.sound_trackers.merging:Sound"
    assert main(["trace", target, "x.toml"]) == main(["replay", "x.toml", target]) == 2


class Cached(InKey):
    """Gives each tenant the same handle again, and all share a connection that can be closed once."""

    def __init__(self) -> None:
        super().__init__()
        self.handles: dict[str, Any] = {}
        self.closed = False

    def for_tenant(self, name: str) -> Any:
        if name not in self.handles:
            self.handles[name] = super().for_tenant(name)
        return self.handles[name]

    def close(self) -> None:
        assert not self.closed
        self.closed = True


def test_an_object_is_closed_once() -> None:
    """Whoever gives the same handle when asked again need not expect to be closed twice."""
    assert check(Cached, rules="ISO-2", effort="quick").ok


def test_plans_without_tenants_are_not_joined_with_others() -> None:
    """A control is told without tenants; what came before a failure is what had some."""
    alone = Plan(events=emitted(ENDED), order=(0, 1))
    assert joined([alone, APART]).jobs == joined([APART]).jobs
    assert joined([APART, alone]).jobs == ("job-1",)
