"""Row-level security on PostgreSQL: the database itself keeps a reader to one tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from pytest_jobstatus import Snapshot, Status, check
from reference_tracker.adapter import Adapter
from reference_tracker.migrate import migrate
from reference_tracker.tracker import JobStatusTracker
from tests.test_migrate import url_of

ROLES = "CREATE ROLE {name} LOGIN IN ROLE job_status_{kind}"


@pytest.fixture
def engines(engine: Engine) -> Iterator[dict[str, Engine]]:
    """Of a writer and a reader, on a migrated PostgreSQL."""
    migrate(url_of(engine))
    made = {}
    for kind in ("writer", "reader"):
        name = f"{kind}_{engine.url.database}"
        with engine.begin() as connection:
            connection.execute(text(ROLES.format(name=name, kind=kind)))
        made[kind] = create_engine(engine.url.set(username=name))
    yield made
    for each in made.values():
        each.dispose()


ONLY_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@ONLY_POSTGRESQL
def test_the_database_keeps_readers_apart(engines: dict[str, Engine]) -> None:
    """Even a query without a tenant shows a reader its own rows only, and none before it has said whose they are."""
    for tenant in ("", "acme", "globex"):
        JobStatusTracker(engines["writer"], tenant=tenant).mark_job_active("a")
    reader = JobStatusTracker(engines["reader"], tenant="acme", row_security=True)
    assert reader.get_job_status("a") is not None
    assert [row.tenant for row in reader.list_jobs()] == ["acme"]
    assert JobStatusTracker(engines["reader"], tenant="acme").get_job_status("a") is None
    with engines["reader"].begin() as connection:
        everything = text("SELECT tenant FROM job_status")
        assert connection.execute(everything).all() == []
        connection.execute(text("SELECT set_config('jobstatus.tenant', 'globex', true)"))
        assert connection.execute(everything).scalars().all() == ["globex"]


@ONLY_POSTGRESQL
def test_a_reader_cannot_write(engines: dict[str, Engine]) -> None:
    """What its role may not do raises, and the connection is usable afterwards."""
    reader = JobStatusTracker(engines["reader"], tenant="acme", row_security=True)
    with pytest.raises(Exception, match="permission denied for table job_status"):
        reader.mark_job_active("a")
    assert reader.get_job_status("a") is None


class Secured(Adapter):
    """Written through the writer's role and read through the reader's."""

    def __init__(self, tracker: JobStatusTracker, reader: JobStatusTracker) -> None:
        super().__init__(tracker)
        self.reader = Adapter(reader)

    def read(self, job_id: str) -> Snapshot | None:
        return self.reader.read(job_id)

    def for_tenant(self, name: str) -> Secured:
        return Secured(self.tracker.for_tenant(name), self.reader.tracker.for_tenant(name))


@ONLY_POSTGRESQL
def test_with_roles_it_is_conformant(engines: dict[str, Engine]) -> None:
    """The tracker passes ISO-2, and the other rules, where the policies are at work."""

    def secured() -> Secured:
        return Secured(
            JobStatusTracker(engines["writer"], tenant="none"),
            JobStatusTracker(engines["reader"], tenant="none", row_security=True),
        )

    report = check(secured, rules="ISO TRACK TERM CONV-1", effort="quick")
    assert report.ok, str(report)
    assert report["ISO-2"].coverage.exercised


class SettingStays(Secured):
    """Sets the tenant for the session, once for each handle, on connections that all handles share."""

    def __init__(self, tracker: JobStatusTracker, engine: Engine, tenant: str = "") -> None:
        Adapter.__init__(self, tracker)
        self.engine = engine
        self.told = False
        self.tenant = tenant

    def for_tenant(self, name: str) -> SettingStays:
        return SettingStays(self.tracker.for_tenant(name), self.engine, name)

    def read(self, job_id: str) -> Snapshot | None:
        with self.engine.begin() as connection:
            if not self.told:
                connection.execute(
                    text("SELECT set_config('jobstatus.tenant', :tenant, false)"), {"tenant": self.tenant}
                )
                self.told = True
            found = connection.execute(text("SELECT status FROM job_status WHERE job_id = :id"), {"id": job_id})
            status = found.scalar_one_or_none()
            return None if status is None else Snapshot(job_id, Status(status))


class SeesAll(SettingStays):
    """Reads as the table's owner, for whom no policy holds, and trusts in the policy."""


@ONLY_POSTGRESQL
@pytest.mark.parametrize(("faulty", "role"), [(SettingStays, "reader"), (SeesAll, "owner")])
def test_policies_used_wrongly_are_found(
    faulty: type[SettingStays], role: str, engine: Engine, engines: dict[str, Engine]
) -> None:
    """Where the statement leaves the tenant to the policy, ISO-2 finds what makes the policy fail."""
    engines["owner"] = engine
    report = check(lambda: faulty(JobStatusTracker(engines["writer"]), engines[role]), rules="ISO-2", effort="quick")
    assert report.failed, str(report)


@pytest.mark.parametrize(
    ("tenant", "said"), [("acme", "on postgresql, the engine is for sqlite"), ("", "with a tenant")]
)
def test_row_security_needs_postgresql_and_a_tenant(tenant: str, said: str) -> None:
    """SQLite has none, and to a policy that has been told nothing there is no tenant."""
    with pytest.raises(ValueError, match=f"row_security=True: allowed {said}"):
        JobStatusTracker(create_engine("sqlite://"), tenant=tenant, row_security=True)
