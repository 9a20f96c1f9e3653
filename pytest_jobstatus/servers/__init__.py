"""Real servers for a test, each a context manager that gives a URL and leaves nothing behind."""

from __future__ import annotations

from pytest_jobstatus.servers.wheels import postgres_from_wheel, valkey_from_wheel

__all__ = ["postgres_from_wheel", "valkey_from_wheel"]
