"""What is said of each rule and of the whole: the report's data, not its looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pytest_jobstatus.delivery import DIMENSIONS, Plan
from pytest_jobstatus.events import EventKind
from pytest_jobstatus.exercise import Encounter, Exercise, Meeting, Noted, unreached
from pytest_jobstatus.history import History
from pytest_jobstatus.raised import place_of
from pytest_jobstatus.rules import RULES, TOTAL, Level, Rule, Violation


class Verdict(StrEnum):
    """What is said of one rule."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class Overall(StrEnum):
    """What is said of the tracker."""

    CONFORMANT = "conformant"
    VIOLATIONS = "violations"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """The smallest history found that breaks a rule.

    Args:
        rule: the number of the rule that it breaks.
        violation: where and how.
        history: what was delivered and what was seen.
        note: what a reader must know of how it came about, if anything.
        as_seen: whether it is shown as it was first seen, since it could not be made small: it is not kept.
        first_seen: the scenario that led to it, if one did.
        file: the scenario file that it was saved to, if it was.
        again: the id of the counterexample that was seen before and shows the same; None where it was searched for.
        expected: what a scenario expects in the end, by job and field, where something else shows.
    """

    rule: str
    violation: Violation
    history: History = field(repr=False)
    note: str | None = None
    as_seen: bool = False
    first_seen: str | None = None
    file: str | None = None
    again: str | None = None
    expected: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def message(self) -> str:
        """What went wrong, in one sentence."""
        return self.violation.message

    @property
    def plan(self) -> Plan:
        """What was delivered."""
        return self.history.plan

    @property
    def raised_at(self) -> str | None:
        """The line of the user's own that raised what went wrong; None where nothing was raised."""
        step = self.violation.step
        if step == len(self.history.steps):
            return self.history.unreadable_at
        return place_of(self.history.steps[step].raised)


@dataclass
class Coverage:
    """What was tried, each dimension by itself: the largest that occurred, the families that were gone through, and
    which kinds of event met which statuses, on which side.
    """

    histories: int = 0
    events: int = 0
    exercised: int = 0
    largest: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIMENSIONS, 0))
    clocks: dict[str, None] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)
    encounters: set[Noted] = field(default_factory=set)
    kinds: frozenset[EventKind] = frozenset()
    sizes: set[tuple[int, ...]] = field(default_factory=set, repr=False)

    def add(self, plan: Plan, history: History, exercised: int, *, exercise: Exercise) -> None:
        """Count one history.

        Args:
            plan: what the rule asked for.
            history: what was seen.
            exercised: how often the rule's premise came up.
            exercise: what the history reached, which is the same for each rule that judges it.
        """
        self.histories += 1
        self.events += len(history.steps)
        self.exercised += exercised
        self.encounters |= exercise
        self.kinds = history.profile.kinds
        self.clocks.setdefault(plan.clock)
        if plan.sizes not in self.sizes:
            self.sizes.add(plan.sizes)
            for name, size in zip(DIMENSIONS, plan.sizes, strict=True):
                self.largest[name] = max(self.largest[name], size)

    @property
    def meetings(self) -> frozenset[Meeting]:
        """Which kinds of event met which statuses, on which side."""
        return frozenset(Encounter(*each).meeting for each in self.encounters)

    @property
    def unreached(self) -> frozenset[Meeting]:
        """What the profile allows in the states that came up, and did not come up."""
        return unreached(self.meetings, {Encounter(*each).state for each in self.encounters}, kinds=self.kinds)


def merged(parts: Sequence[Coverage]) -> Coverage:
    """Several coverages as one: the sums of what was tried, and the largest of each dimension."""
    return Coverage(
        histories=sum(part.histories for part in parts),
        events=sum(part.events for part in parts),
        exercised=sum(part.exercised for part in parts),
        largest={name: max((part.largest[name] for part in parts), default=0) for name in DIMENSIONS},
        clocks={clock: None for part in parts for clock in part.clocks},
        encounters={each for part in parts for each in part.encounters},
        kinds=frozenset(kind for part in parts for kind in part.kinds),
    )


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """The verdict on one rule.

    Args:
        id: the rule's number.
        level: MUST or SHOULD.
        verdict: pass, fail, inconclusive or not applicable.
        reason: why it is not applicable or inconclusive; None otherwise.
        seconds: how long it took.
        coverage: what was tried.
        counterexample: of a failure.
        known: whether the baseline lists the failure.
    """

    id: str
    level: Level
    verdict: Verdict
    reason: str | None = None
    seconds: float = 0.0
    coverage: Coverage = field(default_factory=Coverage, repr=False)
    counterexample: Counterexample | None = None
    known: bool = False

    @property
    def failed(self) -> bool:
        """Whether this is a violation that the baseline does not list."""
        return self.verdict is Verdict.FAIL and not self.known


def verdict_of(
    rule: Rule, coverage: Coverage, found: Counterexample | None, *, cut: str | None
) -> tuple[Verdict, str | None]:
    """The verdict, and its reason where it is inconclusive.

    Args:
        rule: what was judged.
        coverage: what was tried.
        found: the violation, if there is one.
        cut: why the search ended early, if it did.
    """
    if found is not None:
        return Verdict.FAIL, None
    if cut is not None:
        return Verdict.INCONCLUSIVE, f"{cut} after {coverage.histories} histories"
    if coverage.exercised == 0:
        return Verdict.INCONCLUSIVE, f"never exercised in {coverage.histories} histories; needed is: {rule.exercised}"
    return Verdict.PASS, None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found.

    Args:
        tracker: the target's name.
        rules: one result per rule, in number order.
        stale: rules that the baseline lists and that do not fail any more, with the reason it gives.
        unfinished: how many rules were asked for and came to no verdict, after Ctrl-C for instance.

    >>> Report(tracker="x", rules=()).verdict
    <Overall.INCOMPLETE: 'incomplete'>
    """

    tracker: str
    rules: tuple[RuleResult, ...]
    stale: Mapping[str, str] = field(default_factory=dict)
    unfinished: int = 0

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        """The violations that the baseline does not list."""
        return tuple(result for result in self.rules if result.failed)

    @property
    def verdict(self) -> Overall:
        """What is said of the tracker: violations before incomplete before conformant."""
        counts = Counter(result.verdict for result in self.rules)
        return overall(counts, unknown=bool(self.failed), unfinished=self.unfinished)

    @property
    def ok(self) -> bool:
        """Whether the tracker is conformant and the baseline is not stale."""
        return self.verdict is Overall.CONFORMANT and not self.stale

    @property
    def exit_code(self) -> int:
        """0 conformant, 1 violations or a stale baseline entry, 3 something that applies was never exercised."""
        if self.failed or self.stale:
            return 1
        return 0 if self.ok else 3

    def __getitem__(self, number: str) -> RuleResult:
        """The result of the rule with that number.

        Raises:
            KeyError: where the rule was not judged.
        """
        for result in self.rules:
            if result.id == number:
                return result
        raise KeyError(f"{number} was not judged; judged were {', '.join(result.id for result in self.rules)}")

    @property
    def coverage(self) -> Coverage:
        """What was tried for all rules together."""
        return merged([result.coverage for result in self.rules])

    @property
    def summary(self) -> str:
        """The verdict with how much was judged, in one line."""
        counts = Counter(result.verdict for result in self.rules)
        known = sum(result.known for result in self.rules)
        return summary(self.verdict, counts, stale=len(self.stale), unfinished=self.unfinished, known=known)

    def __str__(self) -> str:
        """The summary, and the message of each violation."""
        lines = [f"{self.tracker}: {self.summary}"]
        lines += [f"{each.id}: {each.counterexample.message}" for each in self.failed if each.counterexample]
        return "\n".join(lines)


def overall(counts: Mapping[Verdict, int], *, unknown: bool, unfinished: int = 0) -> Overall:
    """What is said of the tracker: violations before incomplete before conformant.

    Args:
        counts: how many rules have which verdict.
        unknown: whether one of the failures is not in the baseline.
        unfinished: how many rules came to no verdict.

    >>> overall({Verdict.PASS: 12}, unknown=False)
    <Overall.CONFORMANT: 'conformant'>
    """
    if unknown:
        return Overall.VIOLATIONS
    judged = counts.get(Verdict.PASS, 0) + counts.get(Verdict.FAIL, 0)
    left = counts.get(Verdict.INCONCLUSIVE, 0) + unfinished
    return Overall.CONFORMANT if judged and not left else Overall.INCOMPLETE


def summary(
    verdict: Overall, counts: Mapping[Verdict, int], *, stale: int = 0, unfinished: int = 0, known: int = 0
) -> str:
    """The verdict with how much was judged, in one line.

    >>> summary(Overall.CONFORMANT, {Verdict.PASS: 11, Verdict.NOT_APPLICABLE: 35})
    'conformant: 11 of 59 rules judged, 35 not applicable, 13 not yet checked'
    >>> summary(Overall.CONFORMANT, {Verdict.PASS: 46}, stale=1).partition(":")[0]
    'conformant, and the baseline is out of date'
    """
    judged = counts.get(Verdict.PASS, 0) + counts.get(Verdict.FAIL, 0)
    parts = [f"{judged} of {TOTAL} rules judged"]
    if counts.get(Verdict.FAIL, 0) > known:
        parts.append(f"{counts[Verdict.FAIL] - known} failed")
    if known:
        parts.append(f"{known} known to fail")
    for name, words in (
        (Verdict.INCONCLUSIVE, "inconclusive"),
        (Verdict.NOT_APPLICABLE, "not applicable"),
    ):
        if counts.get(name, 0):
            parts.append(f"{counts[name]} {words}")
    if unfinished:
        parts.append(f"{unfinished} without a verdict")
    left = len(RULES) - sum(counts.values()) - unfinished
    if left > 0:
        parts.append(f"{left} not selected")
    parts.append(f"{TOTAL - len(RULES)} not yet checked")
    if stale:
        parts.append(f"{stale} stale baseline {'entry' if stale == 1 else 'entries'}")
    return f"{_words(verdict, known=known, stale=stale)}: " + ", ".join(parts)


def _words(verdict: Overall, *, known: int, stale: int) -> str:
    """The verdict in words that say whether all is well; the exit code does, too."""
    words = f"{verdict} but for what is known" if verdict is Overall.CONFORMANT and known else str(verdict)
    return f"{words}, and the baseline is out of date" if stale and verdict is not Overall.VIOLATIONS else words
