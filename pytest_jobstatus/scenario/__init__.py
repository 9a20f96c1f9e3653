"""Scenario files: one plan as TOML, written by a check and by hand, read by any harness."""

from pytest_jobstatus.scenario.ending import ends_otherwise, mismatch
from pytest_jobstatus.scenario.fitting import applying, as_far_as_known, misfit
from pytest_jobstatus.scenario.folder import called, is_own, load_folder, load_folders, shipped
from pytest_jobstatus.scenario.found import Found, storable, timeless
from pytest_jobstatus.scenario.reading import RESERVED, load, parse
from pytest_jobstatus.scenario.scenario import FORMAT, Expected, Scenario
from pytest_jobstatus.scenario.writing import dump, event_names, short_id

__all__ = [
    "FORMAT",
    "RESERVED",
    "Expected",
    "Found",
    "Scenario",
    "applying",
    "as_far_as_known",
    "called",
    "dump",
    "ends_otherwise",
    "event_names",
    "is_own",
    "load",
    "load_folder",
    "load_folders",
    "misfit",
    "mismatch",
    "parse",
    "shipped",
    "short_id",
    "storable",
    "timeless",
]
