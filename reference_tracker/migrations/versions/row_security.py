"""On PostgreSQL: who may see what. SQLite has neither roles nor policies."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
END $$
"""
"""Roles belong to the server, not to the database: another may have made them."""
READS = """
CREATE POLICY job_status_reads ON job_status FOR SELECT TO job_status_reader
USING (tenant = NULLIF(current_setting('jobstatus.tenant', true), ''))
"""
"""Where the setting was made for a transaction that is over it is empty, not missing: then too no row shows."""
STEPS = (
    ROLE.format(role="job_status_writer"),
    ROLE.format(role="job_status_reader"),
    "ALTER TABLE job_status ENABLE ROW LEVEL SECURITY",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON job_status TO job_status_writer",
    "CREATE POLICY job_status_writes ON job_status TO job_status_writer USING (true) WITH CHECK (true)",
    "GRANT SELECT ON job_status TO job_status_reader",
    READS,
)


def upgrade() -> None:
    """Writers see all tenants' rows, readers those of the tenant in the setting `jobstatus.tenant`, else none."""
    if op.get_bind().dialect.name == "postgresql":
        for step in STEPS:
            op.execute(step)
