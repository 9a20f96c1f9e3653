"""The jobstatus command; no logic."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.options import OPTIONS, merged

if TYPE_CHECKING:
    from pytest_jobstatus.factory import Factory
    from pytest_jobstatus.scenario import Scenario

EXIT_CODES = """exit codes: 0 conformant · 1 violation, or stale baseline entry · 2 misuse: something else is broken ·
3 something that applies was never exercised, or nothing applies · 130 interrupted"""

REPLAY_CODES = """exit codes: 1 reproduced, or changed: the rule fails otherwise · 0 gone: it holds ·
3 never exercised, or not applicable · 2 misuse: something else is broken"""


class _Parser(argparse.ArgumentParser):
    """One line for a wrong call, and no option but those that are written out."""

    def __init__(self, **given: Any) -> None:
        super().__init__(allow_abbrev=False, **given)

    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code.

    Args:
        arguments: the words after `jobstatus`; None takes those of the process.

    >>> main(["explain", "TERM-0"])
    2
    """
    sys.path.insert(0, str(Path.cwd()))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a tracker says may be no text at all
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except Misuse as error:
        print(f"jobstatus: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\njobstatus: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone (`jobstatus rules | head`): nothing more can be said.
        sys.stderr.close()
        return 1
    except BaseException as error:
        import pytest

        if not isinstance(error, (pytest.skip.Exception, pytest.fail.Exception)):
            raise
        # A tracker that is used in tests may skip where its database is missing.
        print(f"jobstatus: the tracker gave up: {type(error).__name__}: {error}; it was not judged", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="jobstatus", description="Tells whether a job-status tracker is right.", epilog=EXIT_CODES)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="judge a tracker by the rule book", epilog=EXIT_CODES)
    _add_target(check)
    for option in OPTIONS:
        check.add_argument(f"--{option.name}", metavar=option.metavar, help=option.help, action=option.action)
    check.add_argument("--coverage", action="store_true", help="print what was tried for each rule, with its bounds")
    check.add_argument(
        "--update-baseline",
        action="store_true",
        help="write the violations that are found to the baseline (default: jobstatus-baseline.toml), and remove what"
        " does not fail any more",
    )
    check.set_defaults(run=_check)

    rules = commands.add_parser("rules", help="list the rule book")
    rules.set_defaults(run=_rules)

    explain = commands.add_parser("explain", help="tell all about one rule")
    explain.add_argument("rule", metavar="RULE", help="its number, TERM-1 for instance")
    explain.set_defaults(run=_explain)

    init = commands.add_parser("init", help="write an adapter skeleton to fill in")
    init.add_argument("file", metavar="FILE", nargs="?", default="jobstatus_adapter.py")
    init.set_defaults(run=_init)

    trace = commands.add_parser("trace", help="print every apply and read of one history")
    _add_target(trace)
    trace.add_argument(
        "file",
        metavar="ID|FILE",
        nargs="?",
        help="the id of a counterexample, or its beginning; or a scenario file (default: one plain job)",
    )
    trace.set_defaults(run=_trace, order="trace TARGET [ID|FILE]", scenarios=None)

    replay = commands.add_parser("replay", help="repeat a saved counterexample", epilog=REPLAY_CODES)
    replay.add_argument(
        "file", metavar="ID|FILE", help="the id of a counterexample, or its beginning; or a scenario file"
    )
    _add_target(replay, needed=False)
    replay.add_argument("--program", action="store_true", help="print it as a test to paste; TARGET may be left out")
    replay.add_argument("--scenarios", metavar="DIR", help="a folder in which the id is looked up as well")
    replay.set_defaults(run=_replay, order="replay ID|FILE TARGET")

    validate = commands.add_parser("validate", help="hold an adapter in another language against the protocol")
    validate.add_argument("target", metavar="stdio:COMMAND", help="the adapter; see docs/stdio.md")
    validate.set_defaults(run=_validate)

    migrate = commands.add_parser("migrate", help="make the reference tracker's table, or bring it up to date")
    migrate.add_argument("url", metavar="URL", help="of the database: postgresql+psycopg://… or sqlite:///…")
    migrate.add_argument("--yes", action="store_true", help="change a database that is not on this machine")
    migrate.set_defaults(run=_migrate)

    demo = commands.add_parser("demo", help="see a faulty tracker being caught")
    demo.set_defaults(run=_demo)
    return parser


def _add_target(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs=None if needed else "?",
        help="module:attribute, the current folder being importable; or celery:URL, celery-events:memory,"
        " django-celery-results:URL, rq:URL, reference:URL, 'stdio:COMMAND'",
    )
    parser.add_argument("--yes", action="store_true", help="write rows to a database that is not on this machine")


def _check(options: argparse.Namespace) -> int:
    from pytest_jobstatus.engine import settings
    from pytest_jobstatus.saved import FOLDER
    from pytest_jobstatus.session import baseline_of, run

    given = {option.name: getattr(options, option.name) for option in OPTIONS}
    values = merged(given, Path.cwd())
    json_file = values.pop("json", None)
    baseline = baseline_of(values.pop("baseline", None), update=options.update_baseline)
    chosen = settings(**values, baseline=baseline, memory=Path(FOLDER))
    return run(
        _factory(options), chosen, json_file=json_file, coverage=options.coverage, updates=options.update_baseline
    )


def _rules(_options: argparse.Namespace) -> int:
    from pytest_jobstatus.report.text import rule_list

    print("\n".join(rule_list()))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from pytest_jobstatus.report.text import explanation
    from pytest_jobstatus.rules import named

    print("\n".join(explanation(named(options.rule, source="explain"))))
    return 0


def _init(options: argparse.Namespace) -> int:
    from pytest_jobstatus.skeleton import skeleton

    file = Path(options.file)
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise Misuse(
            f"init {options.file!r}: allowed is a Python file that can be imported, jobstatus_adapter.py for instance"
        )
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(skeleton(file.stem))
    except FileExistsError:
        raise Misuse(f"init {options.file!r}: the file exists, and nothing is overwritten; name another") from None
    except OSError as error:
        raise Misuse(f"init {options.file!r}: cannot be written: {error}") from None
    print(f"wrote {file}; fill it in, then: jobstatus check {file.stem}:MyTracker")
    return 0


def _trace(options: argparse.Namespace) -> int:
    from pytest_jobstatus.engine import check_known, seen_once
    from pytest_jobstatus.report.table import trace
    from pytest_jobstatus.scenario import load
    from pytest_jobstatus.smoke import plain_plan, smoke

    factory = _factory(options)
    given = load(_file(options)).plan if options.file is not None else None
    profile = smoke(factory)
    plan = given or plain_plan(profile)
    check_known(plan, profile, source=options.file or "trace", target=factory.name)
    print("\n".join(trace(seen_once(factory, plan))))
    return 0


def _replay(options: argparse.Namespace) -> int:
    from pytest_jobstatus.replay import replay
    from pytest_jobstatus.report.text import replayed
    from pytest_jobstatus.scenario import load

    scenario = load(_file(options))
    if options.program:
        return _program(options, scenario)
    if options.target is None:
        raise Misuse("replay: TARGET is missing; only --program can do without; see `jobstatus replay --help`")
    seen = replay(_factory(options), scenario)
    print("\n".join(replayed(scenario, seen.history, seen.verdicts, seen.not_applicable)))
    return seen.exit_code


def _program(options: argparse.Namespace, scenario: Scenario) -> int:
    """Print the program alone, so that it can be redirected into a file."""
    from pytest_jobstatus.replay import replay
    from pytest_jobstatus.report.program import program_of

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as Python reads its files, whatever the terminal has
    rule, target = scenario.rules[0], options.target
    if target is None:
        found_on = scenario.found.tracker if scenario.found is not None else None
        print(program_of(scenario, rule=rule, target=found_on), end="")
        return 0
    seen = replay(_factory(options), scenario)
    rule, violation = seen.broken or (rule, None)
    print(program_of(scenario, rule=rule, target=target, history=seen.history, violation=violation), end="")
    return 0


def _file(options: argparse.Namespace) -> Path:
    """The scenario file that is meant, in one of the folders that counterexamples and scenarios are in."""
    from pytest_jobstatus.baseline import FILE, Baseline
    from pytest_jobstatus.saved import FOLDER, look_up
    from pytest_jobstatus.scenario import shipped

    if ":" in options.file and not Path(options.file).exists():
        raise Misuse(f"{options.file!r}: no such file; the order is: jobstatus {options.order}")
    places = merged({"save": None, "scenarios": options.scenarios, "baseline": None}, Path.cwd())
    known = Baseline(file=Path(places.get("baseline", FILE)))
    own = [Path(places[name]) for name in ("save", "scenarios") if name in places]
    return look_up(options.file, [Path(FOLDER), *own, known.folder, shipped()])


def _validate(options: argparse.Namespace) -> int:
    from pytest_jobstatus.adapters.stdio import validate
    from pytest_jobstatus.urls import hidden

    head, _, command = options.target.partition(":")
    if head != "stdio":
        raise Misuse(f"validate {hidden(options.target)!r}: allowed is stdio:COMMAND")
    print(f"jobstatus: rows will be written by {hidden(options.target)}", file=sys.stderr)
    return 0 if validate(command, tell=print) else 2


def _migrate(options: argparse.Namespace) -> int:
    from pytest_jobstatus.targets import refuse_remote
    from pytest_jobstatus.urls import hidden

    refuse_remote(f"migrate {options.url}", options.url, yes=options.yes, what="it changes a table")
    try:
        from reference_tracker.migrate import migrate

        before, after = migrate(options.url)
    except ImportError as error:
        raise Misuse(f"migrate: {error}; install it: pip install 'pytest-jobstatus[sqlalchemy]'") from error
    except ValueError as error:
        raise Misuse(f"migrate: {error}") from error
    moved = "" if before == after else f", it was at {before}" if before else ", it was not there"
    print(f"{hidden(options.url)}: job_status is at version {after}{moved}")
    return 0


def _demo(_options: argparse.Namespace) -> int:
    from pytest_jobstatus.demo import home_made
    from pytest_jobstatus.engine import settings
    from pytest_jobstatus.factory import Factory
    from pytest_jobstatus.saved import FOLDER
    from pytest_jobstatus.session import run

    print("A home-made tracker on SQLite: SELECT, look, UPDATE (pytest_jobstatus/demo.py).\n")
    run(Factory.of(home_made), settings(rules="TRACK-1,TERM-1", memory=Path(FOLDER)))
    print("\nIts plain case works; a job that is over comes back when an old event arrives late. The check found that.")
    return 0


def _factory(options: argparse.Namespace) -> Factory:
    from pytest_jobstatus.targets import resolve
    from pytest_jobstatus.urls import hidden

    factory = resolve(options.target, yes=options.yes)
    print(f"jobstatus: rows will be written by {hidden(options.target)}", file=sys.stderr)
    return factory


if __name__ == "__main__":
    sys.exit(main())
