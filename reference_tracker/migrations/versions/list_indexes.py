"""Indexes that serve lists alone: PostgreSQL looked for single rows in the first ones, through all of a tenant's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make both anew, with the tenant in another collation than its column."""
    tenant = sa.text('tenant COLLATE "POSIX"' if op.get_bind().dialect.name == "postgresql" else "tenant")
    for name, columns in (
        ("job_status_newest", ["first_seen_at"]),
        ("job_status_newest_by_status", ["status", "cancelled", "first_seen_at"]),
    ):
        op.drop_index(name, "job_status", if_exists=True)
        op.create_index(name, "job_status", [tenant, *columns])
