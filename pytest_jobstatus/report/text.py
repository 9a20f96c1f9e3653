"""The report as text, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from shlex import quote
from textwrap import indent, wrap

from pytest_jobstatus.fixes import WHOLE, fix
from pytest_jobstatus.history import History
from pytest_jobstatus.report.exercise import exercise_table
from pytest_jobstatus.report.table import table
from pytest_jobstatus.rules import PLANNED, RULES, SPEC, Rule, Violation, named
from pytest_jobstatus.scenario import Found, Scenario
from pytest_jobstatus.verdict import Counterexample, Report, RuleResult, Verdict

WIDTH = 100
WORDS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def render(report: Report, *, target: str | None = None) -> str:
    """The whole report.

    Args:
        report: what was found.
        target: how to name the tracker in the command that repeats a failure; None where no command can.
    """
    lines = [
        headline(report.tracker),
        "",
        *(result_line(result) for result in report.rules),
        *findings(report, target=target),
    ]
    return "\n".join([*lines, "", tried(report), report.summary, ""])


def headline(tracker: str) -> str:
    """What is judged by what."""
    return f"{tracker} against {SPEC}"


def result_line(result: RuleResult) -> str:
    """One rule's verdict in one line, without times, so that two runs can be compared."""
    coverage = result.coverage
    if result.counterexample is not None:
        details = result.counterexample.message
    elif result.reason is not None:
        details = result.reason
    else:
        details = f"exercised {_times(coverage.exercised)} in {coverage.histories} histories"
    words = "known" if result.known else WORDS[result.verdict]
    return f"{result.id:<8}  {words:<14}  {details}"


def findings(report: Report, *, target: str | None = None) -> list[str]:
    """Every counterexample, and every stale entry of the baseline."""
    lines: list[str] = []
    for result in report.rules:
        if result.counterexample is not None:
            lines += ["", *counterexample(result.counterexample, target=target, known=result.known)]
    smallest = sorted(
        (len(found.plan.jobs), len(found.plan.order), number)
        for number, result in enumerate(report.failed)
        if (found := result.counterexample) is not None
    )
    if len(smallest) > 1:
        first = report.failed[smallest[0][-1]]
        lines += ["", f"Several rules may fail for one reason. Start with {first.id}: it takes the least to fail."]
    for number, reason in report.stale.items():
        cure = "remove the entry, or let `jobstatus check --update-baseline` do it"
        lines += ["", f"{number} does not fail any more, but the baseline lists it ({reason}): {cure}"]
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def counterexample(found: Counterexample, *, target: str | None = None, known: bool = False) -> list[str]:
    """The smallest history that breaks a rule, and what to do about it."""
    rule = named(found.rule, source="report")
    lines = [*wrap(f"{rule.id}{' (known)' if known else ''}: {rule.text}", WIDTH), ""]
    lines += [f"    {line}" for line in wrap(sentence(found.message), WIDTH - 4)]
    first = f"first seen in {found.first_seen}" if found.first_seen is not None else None
    for note in (found.note, first):
        lines += [f"    {line}" for line in wrap(f"({note})", WIDTH - 4)] if note is not None else []
    lines += ["", *(f"    {line}" for line in table(found.history, violation=found.violation, mark=rule.id)), ""]
    lines += [f"    Raised at {found.raised_at}", ""] if found.raised_at is not None else []
    lines += [f"    {line}" for line in wrap(f"Look here: {rule.look}", WIDTH - 4, break_on_hyphens=False)]
    if found.file is not None and target is not None:
        lines.append(f"    Repeat it: jobstatus replay {quote(found.file)} {quote(target)}")
        lines.append("    As a test to paste: the same with --program")
    elif found.file is not None:
        lines.append(f"    Saved as {found.file}")
        lines.append(f"    As a test to paste: jobstatus replay {quote(found.file)} --program")
    return lines


def sentence(message: str) -> str:
    """A message as a sentence of its own.

    >>> sentence("the job was completed"), sentence("job-1's error is lost")
    ('The job was completed.', "job-1's error is lost.")
    """
    first = message.partition(" ")[0].rstrip(";:,")
    return f"{message[:1].upper() if first.isalpha() else message[:1]}{message[1:]}."


def replayed(
    scenario: Scenario,
    history: History,
    verdicts: Mapping[str, tuple[int, Violation | None]],
    not_applicable: Mapping[str, str],
) -> list[str]:
    """What a scenario shows now, and what its rules say of it.

    Args:
        scenario: what was carried out.
        history: what was seen.
        verdicts: by rule, how often its premise came up and the violation, if there is one.
        not_applicable: by rule, why it does not apply.
    """
    broken = next(((number, violation) for number, (_, violation) in verdicts.items() if violation is not None), None)
    mark, violation = broken if broken is not None else ("", None)
    lines = [f"{scenario.id}: {scenario.title}", "", *table(history, violation=violation, mark=mark), ""]
    times = history.profile.supports("event_time")
    for number, (exercised, violation) in verdicts.items():
        lines += _outcome(scenario.found, number, exercised, violation, times=times)
    return lines + [f"{number}: not applicable: {reason}" for number, reason in not_applicable.items()]


def _outcome(
    found: Found | None, number: str, exercised: int, violation: Violation | None, *, times: bool
) -> Iterator[str]:
    """What one rule says of a scenario now, against what was found when it was saved."""
    if violation is None:
        yield f"{number}: {'gone: it holds' if exercised else 'never exercised'}"
        return
    step, field, message = violation.step + 1, violation.field, violation.message
    if found is None or found.rule != number or found.is_like(step=step, field=field, message=message, times=times):
        yield f"{number}: reproduced: {message}"
        return
    yield f"{number}: changed: {message} (delivery {step}, {field})"
    yield f"    it was: {found.message} (delivery {found.step}, {found.field}; {found.tracker})"


def tried(report: Report) -> str:
    """How far the check went, each dimension by itself: the largest that occurred in one history of any rule."""
    whole = report.coverage
    largest = ", ".join(f"{size} {name}" for name, size in whole.largest.items())
    told = (
        f"judged: {whole.histories} histories with {whole.events} deliveries, counted by each rule that judged them;"
        f" at most {largest} in one;"
        f" clocks: {', '.join(whole.clocks) or 'none'}; {len(whole.meetings)} kinds of meetings of a job and an event,"
        f" {f'{len(whole.unreached)} not reached' if whole.unreached else 'all reached'}"
    )
    return "\n".join(wrap(told, WIDTH, subsequent_indent="    "))


def covered(report: Report) -> Iterator[str]:
    """What was tried for each rule, with its bounds."""
    for result in report.rules:
        if result.coverage.histories:
            largest = ", ".join(f"{name} {size}" for name, size in result.coverage.largest.items())
            tried = f"{result.coverage.histories} histories, {result.coverage.events} events"
            yield f"{result.id}: {tried}; largest: {largest}"
            yield from (f"    {title}" for title in result.coverage.complete)
    yield ""
    yield from exercise_table(report.coverage)


def rule_list() -> list[str]:
    """The rule book: what is checked, and what is not yet."""
    lines = [f"{SPEC}: {len(RULES)} rules are checked", ""]
    for each in RULES:
        lines += _entry(each.id, each.level, each.text)
    lines += ["", f"{len(PLANNED)} rules are not yet checked", ""]
    for planned in PLANNED:
        lines += _entry(planned.id, planned.level, planned.text)
    return lines


def _entry(number: str, level: str, text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=f"{number:<8} {level:<7} ", subsequent_indent=" " * 17)


def explanation(rule: Rule) -> list[str]:
    """All that is known of a rule."""
    cure = fix(rule.id)
    sections = [
        ("", rule.text),
        ("Intent: ", rule.intent),
        ("Not checked if: ", rule.not_checked_if),
        ("Exercised: ", rule.exercised),
        ("If it fails: ", rule.look),
        ("Fix: ", cure.title),
    ]
    lines = [f"{rule.id} ({rule.level}, {SPEC})"]
    for title, text in sections:
        lines += ["", *wrap(f"{title}{text}", WIDTH, break_on_hyphens=False)]
    if rule.incidents:
        lines += ["", "Seen in the field:"]
        lines += ["    https://github.com/" + incident.replace("#", "/issues/") for incident in rule.incidents]
    for database, lines_of_it in (("PostgreSQL", cure.postgresql), ("SQLite", cure.sqlite)):
        lines += ["", f"On {database}:", *indent(lines_of_it, "    ").splitlines()]
    if rule.id != WHOLE:
        lines += ["", f"The whole statement, which these lines are taken from: jobstatus explain {WHOLE}"]
    return lines
