"""The names by which the plugin finds what `conformance` made and what its items tell."""

from __future__ import annotations

MARK = "_jobstatus"
"""The attribute of a test function that `conformance` made."""

PROPERTY = "jobstatus"
"""The user property by which an item tells its verdict, also from a worker of pytest-xdist."""

SERVER = "jobstatus_server"
"""The user property by which an item tells which server its fixtures took."""
