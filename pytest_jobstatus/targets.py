"""Targets as a user names them: "my_app.jobs:MyTracker", or the short name of a ready-made adapter with its URL."""

from __future__ import annotations

import ipaddress
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pytest_jobstatus.factory import Factory
from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.raised import said
from pytest_jobstatus.urls import hidden

ADAPTERS = {
    "celery:URL": "pytest_jobstatus.adapters.celery",
    "celery-events:memory": "pytest_jobstatus.adapters.celery_events",
    "django-celery-results:URL": "pytest_jobstatus.adapters.django_celery_results",
    "rq:URL": "pytest_jobstatus.adapters.rq",
    "reference:URL": "reference_tracker.adapter",
    "stdio:COMMAND": "pytest_jobstatus.adapters.stdio",
}
"""Short names with what follows them, and the modules whose `factory(…)` makes the adapter's factory of that."""


COMMAND = "stdio"
"""Of the short names the one that no URL follows, so that what it writes to is not known here."""
EXTRA = "sqlalchemy"
"""What the adapter needs that cannot be imported without: the reference tracker's."""
MOST_LISTED = 20
"""How many names an error lists."""


def resolve(target: str, *, yes: bool = False) -> Factory:
    """The factory that a target names.

    Args:
        target: "module:attribute", "path/file.py:attribute", or a short name and what follows it:
            "celery:db+sqlite:///jobs.db", "stdio:node tracker.mjs".
        yes: whether rows may be written to a database that is not on this machine.

    Raises:
        Misuse: where there is no such module, attribute or adapter, or where `yes` is needed.

    >>> resolve("collections:OrderedDict").name
    'collections:OrderedDict'
    >>> resolve("collections")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: target 'collections': allowed are module:attribute, celery:URL, ...
    """
    head, colon, rest = target.partition(":")
    if not head or not colon or not rest:
        raise Misuse(f"target {hidden(target)!r}: allowed are module:attribute, {', '.join(ADAPTERS)}")
    modules = {form.partition(":")[0]: module for form, module in ADAPTERS.items()}
    if head in modules:
        if head != COMMAND:
            refuse_remote(target, rest, yes=yes)
        try:
            adapter = import_module(modules[head])
        except ModuleNotFoundError as error:
            raise Misuse(f"{hidden(target)}: {error}; install it: pip install 'pytest-jobstatus[{EXTRA}]'") from error
        return Factory.of(adapter.factory(rest), name=hidden(target))
    if head.endswith(".py"):
        file = Path(head)
        sys.path.insert(0, str(file.parent.absolute()))
        return Factory.of(_attribute(target, file.stem, rest), name=target)
    return Factory.of(_attribute(target, head, rest), name=target)


class Imported(NamedTuple):
    """How a program gets at a target.

    Args:
        lines: what it says to import it.
        name: what it calls the factory afterwards.
    """

    lines: tuple[str, ...]
    name: str


def imported(target: str) -> Imported | None:
    """How a program gets at a target; None where no name leads to it, as to a fixture or a lambda.

    Args:
        target: as `resolve` takes it, or as a report names a tracker.

    >>> imported("my_app.jobs:Jobs.Tracker")
    Imported(lines=('from my_app.jobs import Jobs',), name='Jobs.Tracker')
    >>> imported("rq:redis://localhost/1").name
    'factory("redis://localhost/1")'
    """
    head, _, rest = target.partition(":")
    modules = {form.partition(":")[0]: module for form, module in ADAPTERS.items()}
    if head in modules:
        quoted = json.dumps(hidden(rest), ensure_ascii=False)
        return Imported((f"from {modules[head]} import factory",), f"factory({quoted})")
    file = Path(head)
    module = file.stem if file.suffix == ".py" else head
    if not all(part.isidentifier() for part in (*module.split("."), *rest.split("."))):
        return None
    line = f"from {module} import {rest.partition('.')[0]}"
    if file.suffix != ".py" or file.parent == Path():
        return Imported((line,), rest)
    return Imported(("import sys", "", f"sys.path.insert(0, {json.dumps(str(file.parent))})", line), rest)


def _attribute(target: str, module: str, attribute: str) -> Any:
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise Misuse(
                f"target {target!r}: there is no module {error.name!r}; is the folder right, is it installed?"
            ) from None
        raise Misuse(f"target {target!r}: importing {module} raised {said(error)}") from error
    except (Exception, SystemExit) as error:  # a module may end in sys.exit(main())
        raise Misuse(f"target {target!r}: importing {module} raised {said(error)}") from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            names = _names(found)
            raise Misuse(
                f"target {target!r}: {module} has no {name!r};"
                f" it has {listed(names[:MOST_LISTED], given=name) or 'nothing'}"
            )
        found = getattr(found, name)
    return found


def _names(found: Any) -> list[str]:
    """What may be a tracker or make one: what can be called and was not imported from elsewhere; else all names."""
    own = {name: value for name, value in vars(found).items() if not name.startswith("_")}
    here = [
        name
        for name, value in own.items()
        if callable(value) and getattr(value, "__module__", None) == getattr(found, "__name__", None)
    ]
    return here or list(own)


def refuse_remote(target: str, url: str, *, yes: bool, what: str = "the check writes rows") -> None:
    """Refuse a database that is not on this machine, unless it is meant.

    Args:
        target: what was asked for, for the message.
        url: of the database.
        yes: whether it is meant.
        what: would be done to it.

    Raises:
        Misuse: naming the host.
    """
    try:
        parts = urlsplit(url)
        hosts = [parts.hostname, *(host for name, host in parse_qsl(parts.query) if name.startswith("host"))]
    except ValueError as error:
        raise Misuse(f"{hidden(target)}: no URL: {error}") from None
    for host in hosts:
        if not yes and not _is_here(host):
            raise Misuse(f"{hidden(target)}: {what}, and {host} is not this machine: say --yes if you mean it")


def _is_here(host: str | None) -> bool:
    if host in (None, "", "localhost") or str(host).startswith("/"):  # a folder holds a socket
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
