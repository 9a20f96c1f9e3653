"""Folders of scenario files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.scenario.reading import load
from pytest_jobstatus.scenario.scenario import Scenario


def load_folder(folder: Path) -> Iterator[Scenario]:
    """Every scenario file in a folder and those below it, by name.

    Raises:
        Misuse: where the folder does not exist, holds no scenario, or holds a bad one.
    """
    return load_folders([folder])


def load_folders(folders: Sequence[Path]) -> Iterator[Scenario]:
    """Every scenario file in several folders and those below them, each once.

    Raises:
        Misuse: where a folder does not exist, holds no scenario, or holds a bad one, or where two have one id.
    """
    known: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            what = "is a file: allowed is a folder of scenarios" if folder.is_file() else "no such folder of scenarios"
            raise Misuse(f"{folder}: {what}")
        files = sorted(folder.rglob("*.toml"))
        if not files:
            raise Misuse(f"{folder}: holds no scenario (*.toml)")
        for file in files:
            scenario = load(file)
            first = known.setdefault(scenario.id, file)
            if first is file:
                yield scenario
            elif first.resolve() != file.resolve():
                raise Misuse(f"{first}: id = {scenario.id!r}: {file} has that id")


@cache
def shipped() -> Path:
    """Where the scenarios of the project are: inside the wheel, or beside the package in an editable install."""
    package = Path(__file__).parent.parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def is_own(scenario: Scenario) -> bool:
    """Whether it comes from a file that is none of the project's."""
    return bool(scenario.source) and not Path(scenario.source).is_relative_to(shipped())


def called(scenario: Scenario) -> str:
    """How a person finds a scenario again: by id and title, and by its file where it is not one of the project's.

    >>> called(next(load_folder(shipped())))
    'scenario ...: ...'
    """
    return f"scenario {scenario.id}{f' ({scenario.source})' if is_own(scenario) else ''}: {scenario.title}"
