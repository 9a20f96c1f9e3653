"""Alembic runs this file for each migration; `migrate` gives it the connection."""

from __future__ import annotations

from alembic import context

from reference_tracker.schema import METADATA, VERSION_TABLE


def run() -> None:
    """Take the steps that are missing, all or none."""
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
    )
    with context.begin_transaction():
        context.run_migrations()


run()
