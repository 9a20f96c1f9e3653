"""Faulty for ISO-2: a tenant sees, or changes, another's job."""

from __future__ import annotations

from tests.faulty_trackers.iso_2 import beside, handles, keys, readers, statements, waiting

FAULTY = (
    *keys.FAULTY,
    *readers.FAULTY,
    *statements.FAULTY,
    *handles.FAULTY,
    *beside.FAULTY,
    *waiting.FAULTY,
)
