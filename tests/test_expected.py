"""What a scenario expects is held against what shows, in a replay and in a check."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pytest_jobstatus import Event, EventKind, JobError, Profile, RuleResult, Snapshot, Status, check
from pytest_jobstatus.engine import results, settings
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.explore.observer import SCENARIO, seen_by
from pytest_jobstatus.explore.search import Search
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.rules import named
from pytest_jobstatus.scenario import as_far_as_known, load, load_folders, mismatch, parse, shipped
from pytest_jobstatus.verdict import Verdict
from tests.faulty_trackers.track_1 import FAULTY, FailureAfterRetryStaysDelayed
from tests.scenario_text import ACTIVE, COMPLETED, CREATED, FAILED, FIRST, HEADER, ONE, SEVERAL, TWO, expecting, written
from tests.sound_trackers.merging import Row, Sound, SoundRefusing


class Lying(Sound):
    """Shows something of its own once the job is over."""

    shown: ClassVar[dict[str, Any]] = {}

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, **self.shown) if row.over else shown


def lying(profile: Profile | None = None, **shown: Any) -> type[Sound]:
    """A tracker with such a profile that shows such values."""
    return type("Told", (Lying,), {"shown": shown, "profile": profile or Profile()})


def unmet(text: str, tracker: type[Sound]) -> str | None:
    """Where a tracker shows something else than the scenario expects: step, field and message."""
    scenario = parse(text, source="late.toml")
    with Factory.of(tracker).open() as handle:
        plan = as_far_as_known(scenario, handle.profile)
        assert plan is not None
        violation = mismatch(scenario, seen_by(handle, plan, family=SCENARIO))
    return f"{violation.step} {violation.field}: {violation.message}" if violation is not None else None


AT_THREE = datetime(2026, 1, 5, 12, 0, 3, tzinfo=UTC)
UNMET: list[tuple[str, dict[str, Any], str]] = [
    ("attempt = 1", {"attempt": 2}, "attempt to end as 1; it shows 2"),
    ("attempt = 1", {"attempt": None}, "attempt to end as 1; it shows none"),
    ('status = "completed"', {"status": Status.ACTIVE}, "status to end as completed; it shows active"),
    ('status = ["active", "failed"]', {"attempt": 1}, "status to end as active or failed; it shows completed"),
    (
        "completed_at = 2026-01-05T13:00:02+01:00",
        {"completed_at": None},
        "completed_at to end as 12:00:02; it shows none",
    ),
    (
        "completed_at = 2026-01-05T12:00:02.000002Z",
        {"attempt": 1},
        "completed_at to end as 12:00:02.000002; it shows 12:00:02",
    ),
    ('completed_at = "none"', {"attempt": 1}, "completed_at to end as none; it shows 12:00:02"),
    (
        'error = "no space"',
        {"error": JobError("OSError", "no room")},
        "error to end as no space; it shows OSError: no room",
    ),
    ('error = "no space"', {"error": "no room"}, "error to end as no space; it shows no room"),
    ('error = "none"', {"error": "no room"}, "error to end as none; it shows no room"),
    ("progress = '{}'", {"progress": []}, "progress to end as {}; it shows []"),
    ("progress = '1'", {"progress": True}, "progress to end as 1; it shows true"),
    ('progress = "none"', {"progress": 0}, "progress to end as nothing; it shows 0"),
    ("cancelled_by = '\"me\"'", {"cancelled_by": "Me"}, "cancelled_by to end as me; it shows Me"),
]
MET: list[tuple[str, dict[str, Any]]] = [
    ("attempt = 1", {}),
    ('status = ["pending", "completed"]', {}),
    ("completed_at = 2026-01-05T13:00:02+01:00", {}),
    ("completed_at = 2026-01-05T12:00:02.000001Z", {}),
    ('failed_at = "none"', {}),
    ('error = "no space"', {"error": JobError("OSError", "there is no space left")}),
    ('error = "no space"', {"error": "OSError: no space"}),
    ('progress = \'{"a": 1, "b": [null]}\'', {"progress": {"b": [None], "a": 1.0}}),
    ("progress = 'null'", {}),
    ("cancelled_by = '\"me\"'", {"cancelled_by": "me"}),
]


@pytest.mark.parametrize(("line", "shown", "told"), UNMET, ids=lambda each: None)
def test_what_shows_is_held_against_what_is_expected(line: str, shown: dict[str, Any], told: str) -> None:
    """The message names the scenario, the field, what was expected and what shows."""
    text = expecting("[expected]", line)
    assert unmet(text, lying(**shown)) == f"2 {line.partition(' ')[0]}: the scenario expects {told}"


@pytest.mark.parametrize(("line", "shown"), MET, ids=lambda each: None)
def test_what_shows_as_expected_is_no_violation(line: str, shown: dict[str, Any]) -> None:
    """Times within a resolution, errors that contain the text, and JSON in any order of keys are as expected."""
    assert unmet(expecting("[expected]", line), lying(**shown)) is None


@pytest.mark.parametrize(
    ("line", "profile"),
    [
        ("attempt = 1", {"unsupported": {"attempt": "no column"}}),
        ("completed_at = 2026-01-05T12:00:02Z", {"unsupported": {"completed_at": "no column"}}),
        ("completed_at = 2026-01-05T12:00:02Z", {"unsupported": {"event_time": "own clock"}}),
        ("completed_at = 2026-01-05T12:00:02Z", {"resolution": timedelta(seconds=1)}),
        ("attempt = 1", {"unsupported": {"created": "never told"}}),
    ],
)
def test_what_the_tracker_does_not_have_is_not_expected(line: str, profile: dict[str, Any]) -> None:
    """Nor are instants that it shows in its own way, nor anything where it was not told all."""
    wrong: dict[str, Any] = {"attempt": 9, "completed_at": AT_THREE}
    assert unmet(expecting("[expected]", line), lying(Profile(**profile), **wrong)) is None
    assert unmet(expecting("[expected]", line), lying(**wrong)) is not None


def test_delayed_is_pending_where_there_is_no_such_status() -> None:
    """As in the rules, a tracker that declares `delayed` missing shows pending for it."""
    retrying = FAILED | {"kind": '"retrying"'}
    header = FIRST | {"delivery": '["created", "active", "failed"]'}
    text = written(header, CREATED, ACTIVE, retrying, tables='[expected]\nstatus = "delayed"')
    assert unmet(text, NoRetryStatus) is None
    undeclared = type("Undeclared", (NoRetryStatus,), {"profile": Profile()})
    assert unmet(text, undeclared) == "2 status: the scenario expects status to end as delayed; it shows pending"


class NoRetryStatus(Sound):
    """Shows a job that waits for its retry as pending, and declares it."""

    profile = Profile(unsupported={"delayed": "no such status"})

    def shows(self, row: Row, event: Event) -> Status:
        return Status.PENDING if event.kind is EventKind.RETRYING else super().shows(row, event)


class LateRefusing(SoundRefusing):
    """Refuses what is behind, as it declares, and shows an attempt too many."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=9)


def test_nothing_is_expected_where_an_event_was_refused() -> None:
    """A refused event counts as not delivered, so that the scenario was not told as it stands."""
    late = FIRST | {"delivery": '["created", "completed", "active"]'}
    in_order = FIRST | {"delivery": '["created", "active", "completed"]'}
    events, tables = (CREATED, ACTIVE, COMPLETED), "[expected]\nattempt = 1"
    assert unmet(written(late, *events, tables=tables), LateRefusing) is None
    assert unmet(written(in_order, *events, tables=tables), LateRefusing) is not None


class Forgetful(Sound):
    """Forgets the first job when another one ends."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.over and len(self.rows) > 1:
            del self.rows[next(iter(self.rows))]


@pytest.mark.parametrize("batch", [0, 2])
def test_a_job_is_looked_at_after_the_last_delivery_of_all(batch: int) -> None:
    """What another job's event did to it shows in the end; in a batch all are read together."""
    header = SEVERAL | {"batch": str(batch)}
    told = unmet(
        written(header, ONE, TWO, tables="[expected.job-one]\nattempt = 1\n[expected.job-two]\nattempt = 1"), Forgetful
    )
    field, step = ("attempt", 0) if batch else ("others job-one", 1)
    assert told == f"{step} {field}: the scenario expects attempt of job-one to end as 1; it reads as nothing"


CHECKED = FIRST | {"rules": '["RETRY-2", "IDEM-1", "TIME-7"]'}
EXPECTING = "[expected]\nattempt = 1"


def verdicts(tracker: type[Sound], header: dict[str, str] = CHECKED) -> dict[str, tuple[int, str | None]]:
    """By rule, what a replay says of the plain job."""
    scenario = parse(written(header, CREATED, ACTIVE, COMPLETED, tables=EXPECTING), source="late.toml")
    seen = replay(Factory.of(tracker), scenario)
    return {number: (count, found.message if found else None) for number, (count, found) in seen.verdicts.items()}


def test_the_first_rule_that_applies_tells_of_it() -> None:
    """One rule fails, so that one thing that is wrong is told once; what it expects counts as exercised."""
    told = "the scenario expects attempt to end as 1; it shows 2"
    found = verdicts(lying(attempt=2))
    assert found["RETRY-2"] == (2, told)
    assert (found["IDEM-1"], found["TIME-7"][1]) == ((0, None), None)
    once = Profile(unsupported=dict.fromkeys(("retrying", "stalled"), "one attempt"))
    assert verdicts(lying(once, attempt=2)) == {"IDEM-1": (1, told), "TIME-7": (2, None)}


def test_a_rule_that_is_broken_tells_of_that() -> None:
    """What is expected is looked at where the rule's own check holds."""
    header = FIRST | {"rules": '["TRACK-1"]'}
    assert verdicts(lying(status=Status.ACTIVE, attempt=2), header)["TRACK-1"][1] == (
        "completed 1 was delivered in order and must show completed; it shows active"
    )


def checked(tracker: type[Sound], folder: Path, **chosen: Any) -> RuleResult:
    """What a check by one rule says, with a folder of the user's own."""
    (result,) = check(tracker, rules=["IDEM-1"], effort="quick", scenarios=folder, **chosen).rules
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one scenario, which expects something under IDEM-1."""
    own = tmp_path / "own"
    own.mkdir()
    text = written(FIRST | {"rules": '["IDEM-1"]'}, CREATED, ACTIVE, COMPLETED, tables=EXPECTING)
    (own / "plain.toml").write_text(text, encoding="utf-8")
    return own


def test_a_check_tells_which_scenario_expects_it(folder: Path, tmp_path: Path) -> None:
    """The counterexample is the scenario as a whole, and its note says where that is; replayed, it fails again."""
    found = checked(lying(attempt=2), folder, save=tmp_path / "saved")
    assert (found.verdict, found.counterexample is not None) == (Verdict.FAIL, True)
    assert found.counterexample is not None
    assert found.counterexample.message == "the scenario expects attempt to end as 1; it shows 2"
    told = f"scenario late ({folder / 'plain.toml'}): A late start; if it expects the wrong thing, mend it there"
    assert found.counterexample.note == told
    assert found.counterexample.plan.order == (0, 1, 2)
    (saved,) = (tmp_path / "saved").glob("IDEM-1-*.toml")
    again = replay(Factory.of(lying(attempt=2)), load(saved))
    assert again.verdicts["IDEM-1"][1] is not None
    assert replay(Factory.of(Sound), load(saved)).verdicts["IDEM-1"] == (1, None)


def test_who_mends_the_scenario_is_not_held_to_what_it_said(folder: Path, tmp_path: Path) -> None:
    """A wrong expectation is remembered as long as the scenario has it, and neither after it was mended nor without."""
    memory = tmp_path / ".jobstatus"

    def judged(*scenarios: Path) -> RuleResult:
        chosen = settings(rules=["IDEM-1"], effort="quick", scenarios=scenarios, memory=memory)
        return next(results(Factory.of(Sound), chosen))

    file = folder / "plain.toml"
    right = file.read_text(encoding="utf-8")
    file.write_text("attempt = 2".join(right.rsplit("attempt = 1", maxsplit=1)), encoding="utf-8")
    first, again = judged(folder).counterexample, judged(folder).counterexample
    assert first is not None
    assert again is not None
    assert (first.again, again.again) == (None, Path(str(first.file)).stem)
    assert judged().verdict is Verdict.PASS
    file.write_text(right, encoding="utf-8")
    assert judged(folder).verdict is Verdict.PASS


def test_a_sound_tracker_passes_it(folder: Path) -> None:
    """A scenario that is met counts among what was covered, and fails nobody."""
    found = checked(Sound, folder)
    assert (found.verdict, found.counterexample) == (Verdict.PASS, None)
    scenarios = sum("IDEM-1" in scenario.rules for scenario in load_folders([shipped(), folder]))
    assert found.coverage.complete[0] == f"{scenarios} scenarios"


class Flickering(Lying):
    """Shows an attempt too many for the first job of all only, which a fresh tracker shows again; then never."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        Flickering.made += 1
        self.first = Flickering.made == 2  # the first is the smoke test's

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, attempt=9) if row.over and self.first else shown


def test_what_is_seen_once_is_told_as_such() -> None:
    """A mismatch that a fresh tracker does not show is shown as it was first seen."""
    scenario = parse(expecting("[expected]", "attempt = 1"), source="late.toml")
    rule = named("IDEM-1", source="test")
    about = replace(scenario, rules=("IDEM-1",))
    search = Search(rule=rule, effort=EFFORTS["quick"], seed=0, scenarios=(about,))
    Flickering.made = 1
    alone = Profile(unsupported={"concurrency": "one process", "tenancy": "one customer"})
    found = search.first_failure(Factory.of(Flickering), alone)
    assert found is not None
    assert (found.note or "").endswith("mend it there; seen once: a fresh tracker did not repeat it")


def test_a_smaller_counterexample_names_the_scenario_that_led_to_it(folder: Path) -> None:
    """Made small, it may look like another; the file that failed is still named."""
    text = written(HEADER | {"id": '"mine"', "rules": '["LOAD-1"]'}, ACTIVE, COMPLETED)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    found = check(LateStartSleeps, rules=["LOAD-1"], effort="quick", scenarios=folder)["LOAD-1"].counterexample
    assert found is not None
    assert str(found.first_seen).startswith("scenario ")


class LateStartSleeps(Sound):
    """Sleeps before a late start."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind is EventKind.ACTIVE:
            time.sleep(0.001)
        super().merge(row, event, value)


def test_odd_values_are_not_blamed_for_what_plain_ones_show_too() -> None:
    """A rule about odd values does not tell of a job that ends otherwise with plain ones as well."""
    assert FailureAfterRetryStaysDelayed in FAULTY
    assert check(FailureAfterRetryStaysDelayed, rules=["DATA-1"], effort="quick").ok
