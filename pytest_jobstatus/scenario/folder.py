"""Folders of scenario files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.scenario.reading import load
from pytest_jobstatus.scenario.scenario import Scenario


def load_folder(folder: Path) -> Iterator[Scenario]:
    """Every scenario file in a folder and those below it, by name.

    Raises:
        Misuse: where the folder does not exist, holds no scenario, or holds a bad one.
    """
    if not folder.is_dir():
        raise Misuse(f"{folder}: no such folder of scenarios")
    files = sorted(folder.rglob("*.toml"))
    if not files:
        raise Misuse(f"{folder}: holds no scenario (*.toml)")
    ids: dict[str, Path] = {}
    for file in files:
        scenario = load(file)
        if scenario.id in ids:
            raise Misuse(f"{file}: id = {scenario.id!r}: {ids[scenario.id]} has that id")
        ids[scenario.id] = file
        yield scenario


def shipped() -> Path:
    """Where the scenarios of the project are: inside the wheel, or beside the package in an editable install."""
    package = Path(__file__).parent.parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"
