"""One check on the command line: each verdict as it is found, how far it is in between, the baseline afterwards."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from pytest_jobstatus.baseline import FILE, Baseline, changes, check_name, load_baseline, told, update
from pytest_jobstatus.engine import Settings, report, results
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.progress import Progress
from pytest_jobstatus.report import json, text
from pytest_jobstatus.saved import shown
from pytest_jobstatus.verdict import RuleResult, Verdict


def baseline_of(file: str | None, *, update: bool) -> Baseline | None:
    """The baseline that a check is held against. One that nobody names is not taken, since it hides violations; that it
    is there is said.

    Args:
        file: where it is; None where nobody says.
        update: whether it is to be written afterwards, so that it need not exist, nor be named.
    """
    if file is None and not update:
        if Path(FILE).is_file():
            print(f"jobstatus: {FILE} is there and not used; to use it: --baseline {FILE}", file=sys.stderr)
        return None
    path = Path(file or FILE)
    if update and not path.absolute().parent.is_dir():
        raise Misuse(f"baseline {str(path)!r}: allowed is a file in a folder that exists")
    check_name(path)
    return Baseline(file=path) if update and not path.exists() else load_baseline(path)


def run(
    factory: Factory, chosen: Settings, *, json_file: str | None = None, coverage: bool = False, updates: bool = False
) -> int:
    """Print each verdict as it is found; where the check ends early, what was found until then.

    Args:
        factory: makes the tracker.
        chosen: what a user asks for.
        json_file: where the report is written as JSON.
        coverage: whether to print what was tried.
        updates: whether the baseline is written afterwards.

    Returns:
        The exit code.
    """
    print(f"{text.headline(factory.name)}\n", flush=True)
    found, ended = _judged(factory, chosen)
    lines: list[str] = []
    if updates and ended is not None:
        lines = ["", "the baseline was left as it was: the check has not come to its end"]
    elif updates:
        try:
            found, chosen, lines = _updated(factory, chosen, found)
        except Misuse as error:  # what was found is told all the same
            ended = error
    whole = report(factory, chosen, found)
    lines = [*text.findings(whole, target=factory.name), *lines]
    if coverage:
        lines += ["", *text.covered(whole)]
    early = "interrupted: " if isinstance(ended, KeyboardInterrupt) else "ended early: "
    how = early if ended is not None and len(found) < len(chosen.rules) else ""
    print("\n".join([*lines, "", text.tried(whole), f"{how}{whole.summary}"]))
    if json_file is not None:
        Path(json_file).write_text(json.render(whole), encoding="utf-8")
    if isinstance(ended, Misuse):
        raise ended
    return 130 if ended else whole.exit_code


def _judged(factory: Factory, chosen: Settings) -> tuple[list[RuleResult], BaseException | None]:
    """The verdicts, printed one by one, and what ended the check early."""
    found: list[RuleResult] = []
    progress = Progress(sys.stderr)
    try:
        for result in results(factory, replace(chosen, watch=progress)):
            progress.clear()
            print(text.result_line(result), flush=True)
            found.append(result)
            progress.failed += result.failed
    except (KeyboardInterrupt, Misuse) as early:
        if not found and isinstance(early, Misuse):
            raise
        return found, early
    finally:
        progress.clear()
    return found, None


def _updated(
    factory: Factory, chosen: Settings, found: list[RuleResult]
) -> tuple[list[RuleResult], Settings, list[str]]:
    """The results against the baseline as it was written, and what there is to say of that."""
    before = chosen.baseline
    assert before is not None  # noqa: S101 - there is one where one is to be written
    made = changes(before, {result.id: result for result in found}, tracker=factory.name)
    after = update(before, made, tracker=factory.name) if made.failing or made.removed else before
    lines = ["", *told(before, made)]
    if after.entries:
        lines.append(f"    to use it: --baseline {shown(after.file)}, or baseline in [tool.jobstatus]")
    now = [replace(result, known=result.verdict is Verdict.FAIL) for result in found]
    return now, replace(chosen, baseline=after), lines
