"""Scenario files: one plan as TOML, written by a check and by hand, read by any harness."""

from pytest_jobstatus.scenario.folder import load_folder, shipped
from pytest_jobstatus.scenario.found import Found, storable, timeless
from pytest_jobstatus.scenario.reading import RESERVED, load, parse
from pytest_jobstatus.scenario.scenario import FORMAT, Scenario
from pytest_jobstatus.scenario.writing import dump, event_names, short_id

__all__ = [
    "FORMAT",
    "RESERVED",
    "Found",
    "Scenario",
    "dump",
    "event_names",
    "load",
    "load_folder",
    "parse",
    "shipped",
    "short_id",
    "storable",
    "timeless",
]
