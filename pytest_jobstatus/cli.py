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

EXIT_CODES = """exit codes: 0 conformant · 1 violation, or stale baseline entry · 2 misuse: something else is broken ·
3 something that applies was never exercised · 130 interrupted"""


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
    trace.add_argument("file", metavar="FILE", nargs="?", help="a scenario file (default: one plain job)")
    trace.set_defaults(run=_trace)

    replay = commands.add_parser("replay", help="repeat a saved counterexample", epilog=EXIT_CODES)
    replay.add_argument("file", metavar="FILE", help="a scenario file, from .jobstatus/ for instance")
    _add_target(replay)
    replay.set_defaults(run=_replay)

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


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="module:attribute, the current folder being importable; or celery:URL, celery-events:memory,"
        " django-celery-results:URL, rq:URL, reference:URL, 'stdio:COMMAND'",
    )
    parser.add_argument("--yes", action="store_true", help="write rows to a database that is not on this machine")


def _check(options: argparse.Namespace) -> int:
    from pytest_jobstatus.engine import settings

    given = {option.name: getattr(options, option.name) for option in OPTIONS}
    values = merged(given, Path.cwd())
    json_file = values.pop("json", None)
    chosen = settings(**values, save=Path(".jobstatus"))
    return _judge(_factory(options), chosen, json_file=json_file, coverage=options.coverage)


def _judge(factory: Factory, chosen: object, *, json_file: str | None = None, coverage: bool = False) -> int:
    """Print each verdict as it is found; where the check ends early, what was found until then."""
    from pytest_jobstatus.engine import Settings, report, results
    from pytest_jobstatus.report import json, text

    assert isinstance(chosen, Settings)  # noqa: S101 - imported late
    print(f"{text.headline(factory.name)}\n", flush=True)
    found = []
    ended: BaseException | None = None
    try:
        for result in results(factory, chosen):
            print(text.result_line(result), flush=True)
            found.append(result)
    except (KeyboardInterrupt, Misuse) as early:
        if not found and isinstance(early, Misuse):
            raise
        ended = early
    whole = report(factory, chosen, found)
    lines = text.findings(whole, target=factory.name)
    if coverage:
        lines += ["", *text.covered(whole)]
    how = "interrupted: " if isinstance(ended, KeyboardInterrupt) else "ended early: " if ended else ""
    print("\n".join([*lines, "", text.tried(whole), f"{how}{whole.summary}"]))
    if json_file is not None:
        Path(json_file).write_text(json.render(whole), encoding="utf-8")
    if isinstance(ended, Misuse):
        raise ended
    return 130 if ended else whole.exit_code


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
    given = load(Path(options.file)).plan if options.file is not None else None
    profile = smoke(factory)
    plan = given or plain_plan(profile)
    check_known(plan, profile, source=options.file or "trace", target=factory.name)
    print("\n".join(trace(seen_once(factory, plan))))
    return 0


def _replay(options: argparse.Namespace) -> int:
    from pytest_jobstatus.engine import replay
    from pytest_jobstatus.report.text import replayed
    from pytest_jobstatus.scenario import load

    if ":" in options.file and not Path(options.file).exists():
        raise Misuse(f"replay {options.file!r}: no such file; the order is: jobstatus replay FILE TARGET")
    scenario = load(Path(options.file))
    seen = replay(_factory(options), scenario)
    print("\n".join(replayed(scenario, seen.history, seen.verdicts, seen.not_applicable)))
    if any(violation is not None for _, violation in seen.verdicts.values()):
        return 1
    return 0 if any(exercised for exercised, _ in seen.verdicts.values()) else 3


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

    print("A home-made tracker on SQLite: SELECT, look, UPDATE (pytest_jobstatus/demo.py).\n")
    _judge(Factory.of(home_made), settings(rules="TRACK-1,TERM-1", save=Path(".jobstatus")))
    print("\nIts plain case works; a job that failed or was cancelled runs again for ever. The check found that.")
    return 0


def _factory(options: argparse.Namespace) -> Factory:
    from pytest_jobstatus.targets import resolve
    from pytest_jobstatus.urls import hidden

    factory = resolve(options.target, yes=options.yes)
    print(f"jobstatus: rows will be written by {hidden(options.target)}", file=sys.stderr)
    return factory


if __name__ == "__main__":
    sys.exit(main())
