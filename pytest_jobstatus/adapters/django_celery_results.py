"""django-celery-results under test: Celery's result backend that keeps results in a Django model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pytest_jobstatus.adapters.celery import ResultBackend
from pytest_jobstatus.events import Event
from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.raised import said
from pytest_jobstatus.tracker import Profile

NAME = "django-celery-results"
APP = "django_celery_results"
ALLOWED = "allowed are sqlite:///jobs.db and postgresql://me@localhost/jobs, for instance"
SETTINGS: dict[str, Any] = {"INSTALLED_APPS": [APP], "USE_TZ": True, "TIME_ZONE": "UTC", "LOGGING_CONFIG": None}
ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "postgresql+psycopg": "postgresql"}
"""Django's name for the engine of a URL's scheme."""

NOT_SENT = "sending a task stores nothing: an unknown task and a waiting one both read as PENDING"


class TaskResults(ResultBackend):
    """The backend `django-db` with Celery's default settings, told what the database backend is told.

    Args:
        backend: `app.backend` of a Celery app.
        database: Django's settings of the database to write to.
    """

    profile = Profile(
        started="latest",
        unsupported={
            "created": NOT_SENT,
            "created_at": "date_created is when the row was made, by whatever came first; " + NOT_SENT,
            "stalled": "a lost worker leaves the row as it is until the task runs again or fails with WorkerLostError",
            "attempt": "the model has no column for it",
            "updated_at": "date_done is set by every store, and is the end time as well",
            "event_time": "all times are those of the store, date_started by the database's clock",
            "cancelled_by": "a revoked task tells why (revoked, terminated, expired), not who",
        },
    )

    def __init__(self, backend: Any, database: dict[str, Any]) -> None:
        """Keep both."""
        super().__init__(backend)
        self.database = database

    def apply(self, event: Event) -> Any:
        """Make the call that a worker makes."""
        _connect(self.database)
        return super().apply(event)

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """What a new `AsyncResult` shows, and the row's date_started, which only the model shows."""
        from django_celery_results.models import TaskResult

        _connect(self.database)
        shown = super().read(job_id)
        if shown is None:
            return None
        started = TaskResult.objects.values_list("date_started", flat=True).get(task_id=job_id)
        return {**shown, "started_at": started}

    def forget(self, job_ids: list[str]) -> None:
        """Remove the rows that a check made."""
        _connect(self.database)
        super().forget(job_ids)


def factory(url: str) -> Callable[[], Iterator[TaskResults]]:
    """The factory of the target `django-celery-results:URL`; its tables are made where they are missing.

    Django forces that there is one set of settings and one registry of apps in a process, for good: what is set here
    stays set, and a process whose Django was set up by somebody else is refused. Models are written to the database
    called "default", so that each call points that name at the tracker's own.

    Args:
        url: "sqlite:///jobs.db" or "postgresql://me@localhost/jobs".

    Raises:
        Misuse: where it is no database, or one that cannot be used; where Django is set up already; or where
            django-celery-results is not installed.

    >>> factory("redis://localhost")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: django-celery-results:redis://localhost: allowed are sqlite:///jobs.db and ...
    """
    parts = _parts(url)
    target = _shown(parts)
    database = _database(parts, target)
    _set_up(target)
    _migrate(target, database)

    def task_results() -> Iterator[TaskResults]:
        from celery import Celery
        from django.db import connections

        with Celery("jobstatus", set_as_current=False) as app:
            app.config_from_object({"result_backend": "django-db"})  # which keeps out settings of the environment
            try:
                yield TaskResults(app.backend, database)
            finally:
                connections.close_all()  # a tracker that is still in use connects anew

    return task_results


def _database(parts: SplitResult, target: str) -> dict[str, Any]:
    """Django's settings of the database that a URL names."""
    if parts.scheme not in ENGINES:
        raise Misuse(f"{target}: {ALLOWED}")
    engine = ENGINES[parts.scheme]
    name = unquote(parts.path.removeprefix("/"))
    if not name or name == ":memory:" or (engine == "sqlite3" and parts.netloc):
        raise Misuse(f"{target}: it names no {'file' if engine == 'sqlite3' else 'database'}; {ALLOWED}")
    database: dict[str, Any] = {"ENGINE": f"django.db.backends.{engine}", "NAME": name}
    if engine == "sqlite3":
        # No rule judges a power cut; without this most of a check is spent waiting for the disk.
        return database | {"OPTIONS": {"init_command": "PRAGMA synchronous = OFF"}}
    options = dict(parse_qsl(parts.query))
    try:
        server = {
            "HOST": options.pop("host", unquote(parts.hostname or "")),
            "PORT": options.pop("port", str(parts.port or "")),
            "USER": options.pop("user", unquote(parts.username or "")),
            "PASSWORD": options.pop("password", unquote(parts.password or "")),
        }
    except ValueError as error:
        raise Misuse(f"{target}: {error}; {ALLOWED}") from None
    return database | server | {"OPTIONS": options}


def _set_up(target: str) -> None:
    """Configure Django for this process, once."""
    try:
        import django
        import django_celery_results  # noqa: F401 - Django would import it by name
        from django.conf import settings
    except ImportError as error:
        raise Misuse(f"{target}: {error}; install it: pip install 'pytest-jobstatus[django]'") from error
    if settings.configured and settings.INSTALLED_APPS is SETTINGS["INSTALLED_APPS"]:
        return
    if settings.configured or "DJANGO_SETTINGS_MODULE" in os.environ:
        raise Misuse(
            f"{target}: Django is set up for something else here, and takes one set of settings for each process;"
            " allowed is a process of its own, without DJANGO_SETTINGS_MODULE"
        )
    settings.configure(DATABASES={"default": {}}, **SETTINGS)
    django.setup()


def _migrate(target: str, database: dict[str, Any]) -> None:
    """Open the database and make the tables."""
    from django.core.management import call_command
    from django.db import connections

    connections.configure_settings({"default": database})  # fills in what is left out
    try:
        _connect(database)
        call_command("migrate", APP, verbosity=0)
    except Exception as error:
        why = " ".join(said(error).split())
        raise Misuse(f"{target}: {why}; allowed is a database that can be opened and written") from error
    finally:
        connections.close_all()


def _connect(database: dict[str, Any]) -> None:
    """Point Django's default database at this one."""
    from django.db import connections

    if connections.settings["default"] is not database:
        connections.close_all()
        connections.settings["default"] = database
        connections["default"] = connections.create_connection("default")


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Misuse(f"{NAME}:{url.partition('://')[0]}://…: no URL: {error}; {ALLOWED}") from None


def _shown(parts: SplitResult) -> str:
    """The target without user, password and options."""
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{NAME}:{scheme}{parts.netloc.rpartition('@')[2]}{parts.path}"
