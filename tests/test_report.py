"""Reports: the exact text, and the JSON format that others are written against."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_jobstatus import Event, Profile, Snapshot, check
from pytest_jobstatus.engine import seen_once
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.replay import replay
from pytest_jobstatus.report import json as report_json
from pytest_jobstatus.report import table, text
from pytest_jobstatus.rules import RULES, TOTAL, named
from pytest_jobstatus.scenario import as_far_as_known, load_folder, shipped
from pytest_jobstatus.smoke import plain_plan
from pytest_jobstatus.verdict import Report
from tests.faulty_trackers import conv_2, data_1, data_3, iso_1, load_1, prog_2, retry_7, time_5
from tests.golden_files import Golden
from tests.small_trackers import Reopening, Small
from tests.sound_trackers.merging import Row, Sound


class Shifting(Sound):
    """Its end time is whatever came last, and it shows a row to everybody who asks."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if row.over:
            row.ended_at = event.occurred_at

    def read(self, job_id: str) -> Snapshot | None:
        return super().read(job_id) or Snapshot(job_id, "pending")  # type: ignore[arg-type]


class Refusing(Sound):
    """Refuses a start after the end with words that no terminal can print, and cannot be read after a stall."""

    def apply(self, event: Event) -> None:
        super().apply(event)
        if event.kind == "stalled":
            self.rows[event.job_id].note["broken"] = True
        if event.kind == "active" and self.rows[event.job_id].over:
            raise LookupError("too late\x1b[31m\nfor " + "this " * 30)

    def read(self, job_id: str) -> Snapshot | None:
        if job_id in self.rows and "broken" in self.rows[job_id].note:
            raise LookupError("two rows")
        return super().read(job_id)


class Counting(Sound):
    """Every third job of a process is forgotten."""

    def apply(self, event: Event) -> None:
        super().apply(event)
        if len(self.rows) % 3 == 0:
            self.rows[event.job_id].status = None


PRINTED = "TRACK-1 TRACK-2 TRACK-3 TRACK-4 IDEM-2 TERM-1 TERM-2 TIME-1 CONV-1 RETRY-4 ISO-1"
"""Enough to see every kind of line; all rules would be some thousand of them."""


def without_lines(report: Report) -> str:
    """The report without the numbers of lines in our own files."""
    return re.sub(r"(Raised at \S+\.py:)\d+", r"\1…", text.render(report, target="jobs:MyTracker"))


@pytest.mark.parametrize("tracker", [Small, Reopening, Shifting, Refusing, Counting], ids=lambda each: each.__name__)
def test_text(tracker: type, golden: Golden) -> None:
    """The whole report reads as it did, word for word."""
    golden.compare(f"report_{tracker.__name__.lower()}.txt", without_lines(check(tracker, rules=PRINTED)))


ODD = [
    (iso_1.CancelsAllPending, "ISO-1"),
    (data_3.IdsNormalised, "DATA-3"),
    (data_1.TailOfLongTextKept, "DATA-1"),
    (time_5.OffsetInWholeHours, "TIME-5"),
    (prog_2.ProgressByWallClock, "PROG-2"),
    (conv_2.FirstStartDelivered, "CONV-2"),
    (retry_7.ThirdLateEndTaken, "RETRY-7"),
]


@pytest.mark.parametrize(("tracker", "number"), ODD, ids=[number for _, number in ODD])
def test_odd_counterexamples(tracker: type, number: str, golden: Golden) -> None:
    """Other jobs, ids, offsets, values and orders are told so that they can be seen."""
    found = text.findings(check(tracker, rules=[number]), target="jobs:MyTracker")
    golden.compare(f"counterexample_{number}.txt", "\n".join(found[1:]))


def test_a_sleep_is_told() -> None:
    """What slept stands beside the event that it slept on."""
    (line,) = [line for line in text.findings(check(load_1.SleepsBeforeEnd, rules="LOAD-1")) if "← LOAD-1" in line]
    assert line.strip().startswith("apply slept: time.sleep for less than 0.01 s")


def test_rule_list(golden: Golden) -> None:
    """The rule book is listed, what is not yet checked included."""
    golden.compare("rules.txt", "\n".join(text.rule_list()))


@pytest.mark.parametrize("number", [rule.id for rule in RULES])
def test_explanation(number: str, golden: Golden) -> None:
    """A rule explains itself."""
    golden.compare(f"explain_{number}.txt", "\n".join(text.explanation(named(number, source="test"))))


def test_trace(golden: Golden) -> None:
    """A trace tells every apply and every read."""
    factory = Factory.of(Sound)
    golden.compare("trace.txt", "\n".join(table.trace(seen_once(factory, plain_plan(Profile())))))


@pytest.mark.parametrize("tracker", [Sound, Reopening], ids=lambda each: each.__name__)
def test_replays(tracker: type, golden: Golden) -> None:
    """A replayed scenario says what is reproduced, and what is gone."""
    lines = []
    with Factory.of(tracker).open() as handle:
        profile = handle.profile
    told = (each for each in load_folder(shipped()) if each.rules[0] in ("TERM-1", "TRACK-3", "RETRY-5"))
    for scenario in (each for each in told if as_far_as_known(each, profile) is each.plan):
        seen = replay(Factory.of(tracker), scenario)
        lines += [*text.replayed(scenario, seen.history, seen.verdicts, seen.not_applicable), "", ""]
    golden.compare(f"replays_{tracker.__name__.lower()}.txt", "\n".join(lines))


KEYS = ["id", "level", "verdict", "reason", "known", "histories", "events", "exercised", "seconds", "covered"]


def test_json_format() -> None:
    """The JSON report has the promised keys, with plain values, for a tracker that passes and one that fails."""
    for tracker, verdict in ((Small, "conformant"), (Reopening, "violations")):
        values: dict[str, Any] = json.loads(report_json.render(check(tracker)))
        assert values["format"] == "jobstatus-report/1"
        assert values["spec"] == "JSL/1"
        assert values["verdict"] == verdict
        assert values["rules_in_book"] == TOTAL
        assert [rule["id"] for rule in values["rules"]] == [rule.id for rule in RULES]
        for rule in values["rules"]:
            assert list(rule)[: len(KEYS)] == KEYS
            assert ("counterexample" in rule) == (rule["verdict"] == "fail")


def test_json_counterexample() -> None:
    """A counterexample in JSON holds the message, the scenario and the history."""
    values = json.loads(report_json.render(check(Reopening, rules=["TERM-1"])))
    found = values["rules"][0]["counterexample"]
    assert found["field"] == "status"
    assert found["step"] == len(found["history"]) == len(found["scenario"]["delivery"])
    names = [event["name"] for event in found["scenario"]["events"]]
    assert set(found["scenario"]["delivery"]) <= set(names)
    assert found["history"][-1]["shown"]["status"] != found["history"][-2]["shown"]["status"]


VALUES: list[tuple[object, str]] = [
    (None, "none"),
    ("plain", "plain"),
    ("", '""'),
    ("two\nlines", '"two\\nlines"'),
    ("\ud800", '"\\ud800"'),
    ("x" * 70, "x" * 59 + "…"),
    ({"percent": 50}, '{"percent": 50}'),
    (float("nan"), "NaN"),
]


@pytest.mark.parametrize(("given", "shown"), VALUES, ids=[shown for _, shown in VALUES])
def test_values(given: object, shown: str) -> None:
    """A value takes one short line, whatever it holds."""
    assert table.value(given, timedelta()) == shown


def test_other_days_show_their_date() -> None:
    """A time on another day than the plan's is shown with its date, so that arrival times are not taken for it."""
    assert table.clock(datetime(2026, 3, 1, 7, 30, tzinfo=UTC), timedelta()) == "2026-03-01 07:30:00"


def test_coverage_is_told() -> None:
    """What was tried is told for each rule, with the largest of each dimension and every family's bounds."""
    lines = list(text.covered(check(Small, rules=["TRACK-1", "TERM-1"])))
    assert lines[0].startswith("TRACK-1: ")
    assert any("each kind of event after every ended run" in line for line in lines)
    assert "deliveries" in lines[0]
    assert "losses" in lines[0]


def test_lines_fit_a_terminal() -> None:
    """No line of a counterexample is wider than a terminal, what the tracker itself said left out."""
    for tracker in (Reopening, Shifting, Refusing):
        for line in text.findings(check(tracker, effort="quick"), target="jobs:MyTracker"):
            assert len(line) <= 100 or "raised" in line, line
