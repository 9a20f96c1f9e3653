"""The engine: trackers of every make, failures of every kind, and what is cleaned up."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import Event, Misuse, Profile, Verdict, check, engine
from pytest_jobstatus.explore.effort import EFFORTS
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.smoke import smoke
from pytest_jobstatus.verdict import Overall
from tests.small_trackers import LACKING, Reopening, Small
from tests.sound_trackers.merging import SoundWaiting


class Noting(Small):
    """Notes what the kit does with it, in a class of its own for each test."""

    log: list[str]

    def forget(self, job_ids: list[str]) -> None:
        self.log.append(f"forget {len(job_ids)} of {len(self.rows)}")

    def close(self) -> None:
        self.log.append("close")


class Async:
    """Loop-bound: its lock belongs to the loop that made it."""

    profile = Small.profile

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.inner = Small()

    async def apply(self, event: Event) -> None:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is self.loop
        self.inner.apply(event)

    async def read(self, job_id: str) -> Any:
        assert asyncio.get_running_loop() is self.loop
        return self.inner.read(job_id)


def made() -> Small:
    return Small()


def generated() -> Iterator[Small]:
    yield Small()


async def awaited() -> Async:
    return Async()


async def generated_async() -> AsyncIterator[Async]:
    yield Async()


class RunsItsOwnLoop(Small):
    """A plain tracker that runs a loop of its own inside."""

    def apply(self, event: Event) -> None:
        asyncio.run(asyncio.sleep(0))
        super().apply(event)


FACTORIES = [Small, made, generated, Async, awaited, generated_async, RunsItsOwnLoop]


@pytest.mark.parametrize(
    "factory",
    FACTORIES,
    ids=lambda each: each.__name__,
)
def test_factories(factory: object) -> None:
    """Whatever makes the tracker, plain or async, it is judged."""
    report = check(factory, rules=["TRACK-1", "CONV-1"], effort="quick")
    assert report.verdict is Overall.CONFORMANT, str(report)


def test_generators_clean_up() -> None:
    """What a generator does after its yield is done for every tracker that it made."""
    made: list[str] = []

    def factory() -> Iterator[Small]:
        made.append("made")
        yield Small()
        made.append("cleaned")

    check(factory, rules=["TRACK-1"], effort="quick")
    assert made == ["made", "cleaned"] * 2, "one for the smoke check, one for the rule"


def test_one_tracker_per_rule_then_forgotten_and_closed() -> None:
    """Each rule has a tracker of its own, whose rows are forgotten and which is closed."""
    log: list[str] = []
    tracker = type("Logged", (Noting,), {"log": log})
    report = check(tracker, rules=["TRACK-1", "TRACK-2"], effort="quick")
    assert report.ok
    assert [line.split()[0] for line in log] == ["forget", "close"] * 3
    told, jobs = log[2].removeprefix("forget ").split(" of ")
    assert int(told) == int(jobs) >= report["TRACK-1"].coverage.histories


def test_settle_comes_before_each_read() -> None:
    """A write-behind tracker is read after it has settled."""
    assert check(SoundWaiting, effort="quick").ok


def test_running_loop_is_refused() -> None:
    """Inside a running loop nothing can be judged, and the message says what to do."""

    async def inside() -> None:
        check(Small)

    with pytest.raises(Misuse, match="to_thread"):
        asyncio.run(inside())


def test_slow_tracker_is_inconclusive() -> None:
    """A rule that runs out of time is inconclusive, with how far it came, and the report incomplete."""
    chosen = replace(engine.settings(rules="CONV-1"), effort=replace(EFFORTS["quick"], seconds=0.0))
    factory = Factory.of(Small)
    report = engine.report(factory, chosen, list(engine.results(factory, chosen)))
    assert report["CONV-1"].verdict is Verdict.INCONCLUSIVE
    assert "ran out of time" in str(report["CONV-1"].reason)
    assert (report.verdict, report.exit_code) == (Overall.INCOMPLETE, 3)


def test_what_took_the_time_is_told() -> None:
    """Where the tracker raised until time ran out, on a lock of its own for instance, the reason says so."""

    class Locked(Small):
        def apply(self, event: Event) -> None:
            if self.rows:
                raise TimeoutError("database is locked")
            super().apply(event)

    chosen = replace(engine.settings(rules="TERM-1"), effort=replace(EFFORTS["quick"], seconds=0.0))
    (result,) = engine.results(Factory.of(Locked), chosen)
    raised = "TimeoutError: database is locked"
    assert result.reason == f"ran out of time (0 s), where apply raised {raised}, after 1 histories"


def test_what_raises_at_everything_is_broken() -> None:
    """A table that is missing is no verdict on the tracker."""

    class NoTable(Small):
        def apply(self, event: Event) -> None:
            raise OSError("no such table: jobs")

    said = (
        "NoTable: apply raised OSError: no such table: jobs at the first event of a plain job, and raised at all others"
    )
    with pytest.raises(Misuse, match=said):
        check(NoTable, rules="TERM-1")


def test_never_exercised_is_inconclusive() -> None:
    """A rule whose premise never comes up is not passed."""
    silent = type("Silent", (Small,), {"read": lambda self, job_id: None})
    chosen = replace(engine.settings(rules=["TERM-1"]), scenarios=())  # which expect it to show something
    (result,) = engine.results(Factory.of(silent), chosen)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "never exercised" in str(result.reason)
    report = check(silent, rules=["TIME-1"])
    assert report["TIME-1"].verdict is Verdict.NOT_APPLICABLE
    assert "kept small" in str(report["TIME-1"].reason)


def test_missing_kinds_are_never_delivered() -> None:
    """A kind that the profile lists as missing is not delivered in any rule."""
    seen: set[str] = set()
    lacking = ("created", "active", "retrying", "stalled", "cancelled", "progress")

    class Ends(Small):
        profile = Profile(unsupported=dict.fromkeys((*LACKING, *lacking), "ends only"))

        def apply(self, event: Event) -> Any:
            seen.add(str(event.kind))
            return NotImplemented if event.kind in lacking else super().apply(event)

    report = check(Ends)
    assert seen == {"completed", "failed"}
    assert report.ok, str(report)
    assert str(report["TERM-3"].reason).startswith("not supported: created, active, ")


def test_unrepeatable_failure_says_so() -> None:
    """A failure that no fresh tracker repeats is reported as seen, with the histories before it in mind."""
    moods = iter([False] * 40 + [True] + [False] * 1_000_000)

    class Moody(Small):
        def read(self, job_id: str) -> Any:
            return None if next(moods) else super().read(job_id)

    found = check(Moody, rules=["TRACK-1"])["TRACK-1"].counterexample
    assert found is not None
    assert found.note is not None
    assert found.note.startswith("seen once: a fresh tracker did not repeat it")


def test_what_repeats_is_shown_before_what_was_seen_once() -> None:
    """After a failure that no fresh tracker repeats the search goes on, to one that it does."""
    moods = iter([False] * 40 + [True] + [False] * 1_000_000)

    class Moody(Small):
        def apply(self, event: Event) -> Any:
            return None if event.attempt > 2 else super().apply(event)

        def read(self, job_id: str) -> Any:
            return None if next(moods) else super().read(job_id)

    found = check(Moody, rules=["TRACK-1"])["TRACK-1"].counterexample
    assert found is not None
    assert (found.as_seen, found.note) == (False, None)
    assert {event.attempt for event in found.plan.events} >= {3}


def test_a_tracker_that_raised_is_let_go() -> None:
    """What a tracker raised does not keep it, whose open connection would lock out the next one on the same file."""
    made: list[weakref.ref[Any]] = []

    class Locking(Small):
        def __init__(self) -> None:
            assert not any(each() for each in made), "the one before is still there"
            super().__init__()
            made.append(weakref.ref(self))

        def apply(self, event: Event) -> None:
            if event.attempt > 1:
                try:
                    self.rows[f"no row of {event.job_id}"]
                except KeyError:
                    raise OSError("database is locked") from ValueError("a cause that nobody raised")
            super().apply(event)

    assert check(Locking, rules=["TRACK-3"], effort="quick").failed
    assert len(made) > 2, "the failure was made small on trackers of its own"


@pytest.mark.parametrize("tracker", [Small, dict], ids=["a tracker", "none"])
def test_the_garbage_collector_is_left_as_it_was(tracker: type) -> None:
    """What is kept from it during a check comes back at the end, also where nothing could be judged."""
    before = gc.get_freeze_count(), gc.get_threshold()
    with suppress(Misuse):
        check(tracker, rules=["TRACK-2"], effort="quick")
    assert (gc.get_freeze_count(), gc.get_threshold()) == before


@pytest.mark.parametrize("young", [0, 700, 1_000_000])
def test_the_garbage_collector_comes_no_oftener_than_it_was_told(young: int) -> None:
    """During a check it comes more rarely, and not at all where somebody has turned it off."""
    during = []

    class Asking(Small):
        def __init__(self) -> None:
            super().__init__()
            during.append(gc.get_threshold()[0])

    _, *older = before = gc.get_threshold()
    gc.set_threshold(young, *older)
    try:
        check(Asking, rules=["TRACK-2"], effort="quick")
    finally:
        gc.set_threshold(*before)
    assert set(during) == {young and max(young, engine.YOUNG)}


def test_what_others_froze_stays_frozen() -> None:
    """A check inside a process that froze its objects does not thaw them."""
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        check(Small, rules=["TRACK-2"], effort="quick")
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()


def test_failure_that_needs_earlier_jobs_shows_them() -> None:
    """A failure that comes only after other jobs is shown with as few of them as it takes."""

    class Tired(Small):
        def apply(self, event: Event) -> Any:
            super().apply(event)
            if len(self.rows) > 7:
                self.rows[event.job_id] = ((0, 0), "pending", 0)

    found = check(Tired, rules=["TRACK-1"])["TRACK-1"].counterexample
    assert found is not None
    assert len(found.plan.jobs) == 8
    assert found.note == "needs 8 jobs: one alone does not show it"
    assert str(found.first_seen).startswith("scenario ")


BASELINE = '[TERM-1]\nreason = "known since spring"\n'


def test_baseline(tmp_path: Path) -> None:
    """A listed violation does not count, and one that is gone is stale, which fails by itself."""
    file = tmp_path / "baseline.toml"
    file.write_text(BASELINE, encoding="utf-8")
    known = check(Reopening, rules=["TERM-1"], baseline=file)
    assert (known["TERM-1"].verdict, known["TERM-1"].known, known.failed) == (Verdict.FAIL, True, ())
    assert (known.verdict, known.exit_code) == (Overall.CONFORMANT, 0)
    stale = check(Small, rules=["TERM-1"], baseline=file)
    assert (stale.stale, stale.ok, stale.exit_code) == ({"TERM-1": "known since spring"}, False, 1)


BAD_BASELINES = {
    "[TERM-1": "cannot be read",
    '[TERM-0]\nreason = "x"': "there is no rule 'TERM-0'",
    "[TERM-1]": "a table with a reason",
    '[TERM-1]\nreason = ""': "a table with a reason",
    '[TERM-1]\nreason = "x"\nowner = "me"': "unknown key 'owner'",
}


@pytest.mark.parametrize(("content", "message"), BAD_BASELINES.items(), ids=BAD_BASELINES.values())
def test_bad_baseline(content: str, message: str, tmp_path: Path) -> None:
    """A bad baseline is refused before anything is judged."""
    file = tmp_path / "baseline.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Misuse, match=message):
        check(Small, baseline=file)


def test_waivers() -> None:
    """A SHOULD rule may be waived with a reason, a MUST rule cannot."""
    with pytest.raises(Misuse, match=r"waived=\{'TERM-1': …\}.*only SHOULD rules"):
        smoke(Factory.of(type("Waiving", (Small,), {"profile": Profile(waived={"TERM-1": "no time"})})))
    profile = Profile(unsupported=Small.profile.unsupported, waived={"CONV-2": "by design"})
    assert smoke(Factory.of(type("Waiving", (Small,), {"profile": profile}))).waived == {"CONV-2": "by design"}


def test_counterexamples_are_saved_once(tmp_path: Path) -> None:
    """A counterexample is written as a scenario file to the folder that was named, and nothing else is."""
    first = check(Reopening, rules=["TERM-1"], save=tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_text(kept.read_text(encoding="utf-8") + "# my note\n", encoding="utf-8")
    check(Reopening, rules=["TERM-1"], save=tmp_path / "kept")
    assert kept.read_text(encoding="utf-8").endswith("# my note\n"), "nothing is overwritten"
    assert str(first["TERM-1"].counterexample and first["TERM-1"].counterexample.file).endswith(kept.name)


def test_nothing_is_left_behind() -> None:
    """Without a folder to save in, a check writes no file at all."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        check(Reopening, effort="quick")
        assert not list(Path(folder).iterdir())


def test_report_can_be_asked() -> None:
    """A report answers by rule number, and says what was judged where a number was not."""
    report = check(Small, rules="TRACK-1")
    assert report["TRACK-1"].verdict == "pass"
    assert str(report).startswith("tests.small_trackers:Small: conformant: 1 of")
    with pytest.raises(KeyError, match="TERM-1 was not judged; judged were TRACK-1"):
        report["TERM-1"]


def test_a_report_is_shown_in_a_few_lines() -> None:
    """Who prints a report, or has an assertion print it, gets what is wrong and no histories."""
    shown = repr(check(Reopening, rules="TERM-1"))
    assert "made it" in shown
    assert len(shown) < 1000
